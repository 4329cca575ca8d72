/** createTuner: a model that learns from corrections, in Node. */

import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  type Device,
  decodeReplay,
  type Isolation,
  problem,
  type Samples,
  type TrainingFile,
  Tuner,
  type TunerSettings,
  trainables,
  trainingFileOf,
} from '@denary/core';
import { clock } from './clock.js';
import { sha256 } from './digest.js';
import { decodeImage } from './image-file.js';
import { type ImageLimits, type ImageSource, isRaw, limitsOf, toImage } from './image-source.js';
import { isolatedSessions } from './isolation/open.js';
import { isFile, readModel } from './model-files.js';
import { createSession } from './session.js';

export interface TunerOptions extends TunerSettings {
  /** A shipped model's name, a model's folder, an .onnx file, or a model's bytes; default `cnn`. */
  readonly model?: string | Uint8Array;
  /**
   * A training graph, by its path or bytes, in place of those beside the model (`training.onnx`, `training.head.onnx`, ...). Its
   * name or else the graph itself tells what it trains: `auto` takes the strategy for that, another one must train the same.
   * Needed where the model is bytes, unless `base` tells what they came from.
   */
  readonly training?: string | Uint8Array;
  /** The core set, by its path or bytes; default the `replay.bin` beside the model, where there is one. `false` for none. */
  readonly replay?: string | Uint8Array | Samples | false;
  /** The shipped model or folder that a model given by its bytes was tuned from: its training graphs and core set serve. */
  readonly base?: string;
  /** Default `cpu`. Another one needs a training graph that was made for it. */
  readonly device?: Exclude<Device, 'wasm'>;
  /** As of a recognizer, default `thread`: training takes seconds, in which the calling thread stays free. */
  readonly isolation?: Isolation;
  /** Of images, checked before they are decoded. */
  readonly limits?: ImageLimits;
}

/** What a run without a budget may take, in seconds. */
const SECONDS = 5;

/**
 * Opens a model for tuning; the images that it takes are those of a recognizer. Throws DenaryError: `not-found` for a model
 * or training graph that is not there, that of the strategy included, `bad-model`, `bad-data` for a core set of another model,
 * `bad-argument`.
 */
export async function createTuner(options: TunerOptions = {}): Promise<Tuner<ImageSource>> {
  const { model = 'cnn', base, training, replay, device = 'cpu', isolation = 'thread', limits, ...settings } = options;
  limitsOf(limits);
  const found = typeof model === 'string' ? await readModel(model) : undefined;
  const bytes = found?.bytes ?? (model as Uint8Array);
  const beside = base === undefined ? found : await readModel(base);
  const folder = beside && dirname(beside.path);
  return new Tuner<ImageSource>({
    ...settings,
    model: bytes,
    training: training === undefined ? await trainingIn(folder) : [await fileOf(training)],
    replay: replay === false ? undefined : await coreSet(replay, folder),
    createSession: isolation === 'none' ? createSession : isolatedSessions(isolation),
    device,
    decode: (source) => (isRaw(source) && !limits ? toImage(source) : decodeImage(source, undefined, { limits })),
    clock,
    digest: async (content) => sha256(content),
    seconds: SECONDS,
  });
}

async function trainingIn(folder: string | undefined): Promise<TrainingFile[]> {
  if (folder === undefined) return [];
  const paths = trainables.map((trainable) => join(folder, trainingFileOf(trainable)));
  const there = await Promise.all(paths.map(isFile));
  return Promise.all(paths.filter((_, i) => there[i]).map(fileOf));
}

const fileOf = async (source: string | Uint8Array): Promise<TrainingFile> => ({
  name: typeof source === 'string' ? basename(source) : undefined,
  bytes: await bytesOf(source),
});

async function coreSet(replay: TunerOptions['replay'], folder: string | undefined): Promise<Samples | undefined> {
  if (typeof replay === 'object' && 'images' in replay) return replay;
  if (replay) return decodeReplay(await bytesOf(replay), typeof replay === 'string' ? replay : 'createTuner');
  const path = folder && join(folder, 'replay.bin');
  return path && (await isFile(path)) ? decodeReplay(await readFile(path), path) : undefined;
}

async function bytesOf(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source !== 'string') return source;
  if (await isFile(source)) return readFile(source);
  throw problem('not-found', 'createTuner', 'a file', `"${source}"`, 'Check the path.');
}
