/** What opens a tuner: downloads, and sessions for it. */

import {
  type DenaryError,
  decodeReplay,
  decodeSafetensors,
  type Samples,
  Tuner,
  trainables,
  trainingFileOf,
} from '@denary/core';
import { cacheName } from './build-facts.js';
import { clock } from './clock.js';
import { createSession } from './create-session.js';
import { sha256 } from './digest.js';
import { Downloads } from './download.js';
import { absolute, type RemoteFile } from './files.js';
import { decodeImage, type ImageSource } from './image-source.js';
import { isolatedSessions } from './isolated-sessions.js';
import { modelOf } from './recognizer.js';
import type { TunerOptions } from './tuner.js';
import { tuningFile } from './tuning-files.js';

/** What a run without a budget may take, in seconds. */
const SECONDS = 15;

/** The files of a model that it is tuned with, by their names in its folder. */
type TuningFiles = Readonly<Record<string, Uint8Array>>;

export async function openTuner(options: TunerOptions): Promise<Tuner<ImageSource>> {
  const { training, replay, device = 'wasm', isolation = 'thread', cache = true, onProgress, files } = options;
  const { strategy, preprocess, seed, threads } = options;
  const downloads = new Downloads(cache ? cacheName : undefined, onProgress);
  const bytesAt = (address: string | URL) => downloads.get(remote(absolute(address)));
  const bytesOf = async (source: string | URL | Uint8Array) =>
    source instanceof Uint8Array ? source : bytesAt(source);

  const model = modelOf(options);
  const [bytes, beside] = await Promise.all([
    model instanceof Uint8Array ? model : downloads.get(model),
    filesBeside(model, options, downloads),
  ]);
  const coreSet = async (): Promise<Samples | undefined> => {
    if (replay === false) return undefined;
    if (typeof replay === 'object' && 'images' in replay) return replay;
    const file = replay ? await bytesOf(replay) : beside['replay.bin'];
    return file && decodeReplay(file, 'createTuner: the core set');
  };
  const load = { ...options, cache, files };
  return new Tuner<ImageSource>({
    ...{ model: bytes, device, clock, seconds: SECONDS, decode: decodeImage },
    digest: async (content) => (await sha256(content)) ?? 'unknown',
    ...(strategy && { strategy }),
    ...(preprocess && { preprocess }),
    ...(seed !== undefined && { seed }),
    ...(threads && { threads }),
    training:
      training === undefined
        ? trainables.map(trainingFileOf).flatMap((name) => (name in beside ? { name, bytes: beside[name]! } : []))
        : [{ name: nameOf(training), bytes: await bytesOf(training) }],
    replay: await coreSet(),
    createSession:
      isolation === 'thread' ? isolatedSessions(load) : (file, more) => createSession(file, { ...load, ...more }),
  });
}

/** Those of a shipped model come in one file; those of another are looked for in its folder. */
async function filesBeside(
  model: Uint8Array | RemoteFile,
  options: TunerOptions,
  downloads: Downloads,
): Promise<TuningFiles> {
  const { training, replay, base = options.model ?? 'cnn-pool4' } = options;
  const packed = typeof base === 'string' ? tuningFile(base, options) : undefined;
  if (packed) {
    const { tensors } = decodeSafetensors(await downloads.get(packed), packed.url);
    return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Uint8Array]));
  }
  if (model instanceof Uint8Array) return {};
  const graphs = training === undefined ? trainables.map(trainingFileOf) : [];
  const names = [...graphs, ...(replay === undefined ? ['replay.bin'] : [])];
  const found = await Promise.all(names.map((name) => findIn(model.url, name, downloads)));
  return Object.fromEntries(names.flatMap((name, i) => (found[i] ? [[name, found[i]]] : [])));
}

const findIn = (url: string, name: string, downloads: Downloads): Promise<Uint8Array | undefined> =>
  downloads.get(remote(new URL(name, url).href)).catch((error: DenaryError) => {
    if (error.code === 'not-found') return undefined;
    throw error;
  });

const remote = (url: string): RemoteFile => ({ name: new URL(url).pathname.split('/').at(-1)!, url });

const nameOf = (source: string | URL | Uint8Array): string | undefined =>
  source instanceof Uint8Array ? undefined : remote(absolute(source)).name;
