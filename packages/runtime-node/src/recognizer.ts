/** createRecognizer: a model by name, path or bytes, made ready to predict images in Node. */

import { availableParallelism } from 'node:os';
import {
  type AnyPrediction,
  type Contract,
  calibrationIn,
  DenaryError,
  type Device,
  type Isolation,
  judgementBy,
  LONGEST_TIMEOUT,
  type LoadedModel,
  openModel,
  type Prediction,
  problem,
  Recognizer,
  type RecognizerEvents,
  type RecognizerSettings,
  type Session,
  SessionPool,
} from '@denary/core';
import { clock, idleClock } from './clock.js';
import { decoderOf } from './decoder.js';
import { type DeviceChoice, openSession } from './devices.js';
import { type ImageLimits, type ImageSource, limitsOf } from './image-source.js';
import { openWorker } from './isolation/open.js';
import { readModel } from './model-files.js';

export interface RecognizerOptions extends RecognizerSettings, RecognizerEvents {
  /** A shipped model's name, a model's folder, an .onnx file, or a model's bytes; default `cnn`. */
  readonly model?: string | Uint8Array;
  /**
   * Of a model by name or folder: `int8` is the one in eight bits, `model.int8.onnx`. On CPUs with dot products of bytes (VNNI, AMX)
   * it is some two times as fast; GPUs gain nothing by it.
   */
  readonly variant?: string | undefined;
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
  /**
   * Encoded images that are decoded, and held decoded, at one time, whoever asks; the others wait. Those of less than a megapixel
   * count by their pixels. Default 4, as many as Node has threads for that (UV_THREADPOOL_SIZE). Times `limits.pixels`, times 4
   * bytes, it bounds the memory of decoded images.
   */
  readonly maxDecodes?: number;
  /** Threads for one run; the cores, shared out among the workers, where left out. */
  readonly threads?: number;
  /**
   * Milliseconds that a run may take before its worker is held to be stuck, above 0 and up to 2^31-1; default 60,000. A process
   * is then killed and replaced, and its calls are tried once more; a thread can't be ended inside a run, and is only told of.
   */
  readonly runTimeout?: number;
  /** Raised, it kills worker processes, whatever they are doing, and their calls reject with `worker-lost`: for an end that can't wait. */
  readonly kill?: AbortSignal;
  /** A worker died, how is said; another one takes its place. */
  readonly onWorkerLost?: (how: string) => void;
  /** A worker thread is stuck in a run (see `runTimeout`), or has come out of it. */
  readonly onWorkerStuck?: (stuck: boolean) => void;
}

const RUN_TIMEOUT = 60_000;

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
    variant,
    device,
    isolation = 'thread',
    workers = 1,
    threads,
    limits,
    runTimeout = RUN_TIMEOUT,
    kill,
    maxDecodes = 4,
    onWorkerLost,
    onWorkerStuck,
    ...settings
  } = options;
  const most = limitsOf(limits);
  if (variant !== undefined && typeof model !== 'string') throw badVariant();
  if (!(runTimeout > 0 && runTimeout <= LONGEST_TIMEOUT)) throw badRunTimeout(runTimeout);
  if (!Number.isInteger(workers) || workers < 1) throw badWorkers(workers);
  if (!Number.isInteger(maxDecodes) || maxDecodes < 1) throw badDecodes(maxDecodes);
  const { bytes, who } =
    typeof model === 'string'
      ? await readModel(model, variant).then(({ bytes, path }) => ({ bytes, who: path }))
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
      decode: decoderOf(most, maxDecodes),
      maxDecodes,
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
  const { device = 'auto', isolation = 'thread', workers = 1, threads, onWorkerLost } = options;
  if (isolation === 'none') {
    return (await openSession(model, device, contract, threads ? { threads } : {})).session;
  }
  const share = workers === 1 ? undefined : Math.max(1, Math.floor(availableParallelism() / workers));
  const each = threads ?? share;
  const request = { model, options: { spinMicroseconds, ...(each ? { threads: each } : {}) } };
  const { runTimeout: patience = RUN_TIMEOUT, kill, onWorkerStuck: onStuck } = options;
  const openOne = (chosen = device as Device) =>
    openWorker(
      isolation,
      { ...request, auto: { device: chosen as DeviceChoice, contract } },
      { patience, kill, onStuck },
    );
  return SessionPool.open({ size: workers, open: openOne, clock: idleClock, onLost: onWorkerLost });
}

function badVariant(): DenaryError {
  const remedy = "Give the variant's own bytes, without saying which it is.";
  return problem('bad-argument', 'createRecognizer', 'a model by name or path', 'bytes, and a variant', remedy);
}

function badWorkers(workers: number): DenaryError {
  const [expected, remedy] = ['a number of workers of at least 1', "Leave it out for 1, or say isolation: 'none'."];
  return new DenaryError({ code: 'bad-argument', who: 'createRecognizer', expected, received: `${workers}`, remedy });
}

function badRunTimeout(runTimeout: number): DenaryError {
  const expected = `a runTimeout above 0 and up to ${LONGEST_TIMEOUT} ms`;
  return problem('bad-argument', 'createRecognizer', expected, `${runTimeout}`, 'Leave it out for a minute.');
}

function badDecodes(maxDecodes: number): DenaryError {
  const expected = 'a maxDecodes of at least 1';
  return problem('bad-argument', 'createRecognizer', expected, `${maxDecodes}`, 'Leave it out for the default.');
}
