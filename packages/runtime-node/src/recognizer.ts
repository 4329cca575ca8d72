/** createRecognizer: a model by name, path or bytes, made ready to predict images in Node. */

import { availableParallelism } from 'node:os';
import {
  type AnyPrediction,
  type Contract,
  calibrationIn,
  type Decode,
  DenaryError,
  type Device,
  type Image,
  type Isolation,
  judgementBy,
  type LoadedModel,
  openModel,
  type Prediction,
  Recognizer,
  type RecognizerEvents,
  type RecognizerSettings,
  type Session,
  SessionPool,
} from '@denary/core';
import { clock, idleClock } from './clock.js';
import { type DeviceChoice, openSession } from './devices.js';
import { decodeImage, withinLimit } from './image-file.js';
import {
  type DecodeOptions,
  type ImageLimits,
  type ImageSource,
  isRaw,
  isStream,
  limitsOf,
  type RawPixels,
  readImage,
  toImage,
} from './image-source.js';
import { openWorker } from './isolation/open.js';
import { readModel } from './model-files.js';

export interface RecognizerOptions extends RecognizerSettings, RecognizerEvents {
  /** A shipped model's name, a model's folder, an .onnx file, or a model's bytes; default `cnn`. */
  readonly model?: string | Uint8Array;
  /** Default `auto`: the fastest device that works here. */
  readonly device?: DeviceChoice;
  /**
   * Where the model runs. `thread`, the default, leaves the calling thread free. `process` also outlives a crash in ONNX
   * Runtime or a driver. `none` is for scripts: a run of the model then blocks the calling thread.
   */
  readonly isolation?: Isolation;
  /** Worker threads or processes with the model; default 1, which uses all cores by itself. */
  readonly workers?: number;
  /** Of images, checked before they are decoded. */
  readonly limits?: ImageLimits;
  /** Threads for one run; the cores, shared out among the workers, where left out. */
  readonly threads?: number;
  /** A worker died, how is said; another one takes its place. */
  readonly onWorkerLost?: (how: string) => void;
}

/**
 * Loads a model. One that reads several digits at once gives text: `createRecognizer<TextPrediction>(...)`.
 * Throws DenaryError: `not-found`, `bad-model` for a file that is no digit model, `not-finite` for broken weights,
 * `device-unavailable` for a named device that does not work, `worker-lost` for a worker that does not start.
 */
export async function createRecognizer<P extends AnyPrediction = Prediction>(
  options: RecognizerOptions = {},
): Promise<Recognizer<ImageSource, P>> {
  const {
    model = 'cnn',
    device,
    isolation = 'thread',
    workers = 1,
    threads,
    limits,
    onWorkerLost,
    ...settings
  } = options;
  const most = limitsOf(limits);
  if (!Number.isInteger(workers) || workers < 1) throw badWorkers(workers);
  const { bytes, who } =
    typeof model === 'string'
      ? await readModel(model).then(({ bytes, path }) => ({ bytes, who: path }))
      : { bytes: model, who: 'createRecognizer' };
  const loaded = await load(bytes, who, options);
  try {
    return new Recognizer<ImageSource, P>({
      ...settings,
      ...loaded,
      reopen: (next) => load(next, 'swap', options),
      clock,
      model: typeof model === 'string' ? model : undefined,
      isolation,
      sharedMemory: isolation === 'thread',
      workers: isolation === 'none' ? 1 : workers,
      threads,
      decode: decodeBy(most),
    });
  } catch (error) {
    await loaded.session.close();
    throw error;
  }
}

async function load(bytes: Uint8Array, who: string, options: RecognizerOptions): Promise<LoadedModel> {
  const { model, contract } = openModel(bytes, who);
  const judgement = await judgementBy(calibrationIn(model, who), options.reject, who);
  return { session: await open(bytes, contract, options), contract, judgement };
}

/** Long enough for the next part of a run; an idle worker, or the caller's thread, wants the core for itself. */
const spinMicroseconds = 200;

async function open(model: Uint8Array, contract: Contract, options: RecognizerOptions): Promise<Session> {
  const { device = 'auto', isolation = 'thread', workers = 1, threads } = options;
  if (isolation === 'none') {
    return (await openSession(model, device, contract, threads ? { threads } : {})).session;
  }
  const share = workers === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / workers));
  const each = threads ?? share;
  const request = { model, options: { spinMicroseconds, ...(each ? { threads: each } : {}) } };
  const openOne = (chosen?: Device) =>
    openWorker(isolation, { ...request, auto: { device: (chosen as DeviceChoice | undefined) ?? device, contract } });
  return SessionPool.open({ size: workers, open: openOne, clock: idleClock, onLost: options.onWorkerLost });
}

/** Raw pixels at once: they need no waiting for. Whether their sizes fit is checked where they are prepared. */
function decodeBy(limits: Required<ImageLimits>): Decode<ImageSource> {
  return (source, turn, call) => {
    if (isRaw(source)) return withinLimit(toImage(source), 'predict', limits.pixels);
    const controller = new AbortController();
    const listener = { ended: (error: unknown) => controller.abort(error) };
    call.add(listener);
    return decodeInTurn(source, turn, { limits, signal: controller.signal }).finally(() => call.remove(listener));
  };
}

async function decodeInTurn(
  source: Exclude<ImageSource, RawPixels>,
  turn: () => Promise<void>,
  options: DecodeOptions & { readonly limits: Required<ImageLimits> },
): Promise<Image> {
  const { limits, signal } = options;
  // A stream comes as slowly as its sender likes: no other image waits for it.
  const given = isStream(source) ? await readImage(source, 'decodeImage', limits.bytes, signal) : source;
  await turn();
  return decodeImage(given, undefined, options);
}

function badWorkers(workers: number): DenaryError {
  const [expected, remedy] = ['a number of workers of at least 1', "Leave it out for 1, or say isolation: 'none'."];
  return new DenaryError({ code: 'bad-argument', who: 'createRecognizer', expected, received: `${workers}`, remedy });
}
