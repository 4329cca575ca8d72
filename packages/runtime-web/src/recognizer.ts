/** createRecognizer: a model by name, address or bytes, made ready to predict images in a page. */

import {
  type AnyPrediction,
  calibrationIn,
  contractOf,
  judgementBy,
  type LoadedModel,
  type Prediction,
  problem,
  Recognizer,
  type RecognizerEvents,
  type RecognizerSettings,
  type Session,
  SessionPool,
} from '@denary/core';
import { clock } from './clock.js';
import { type LoadOptions, sessionRequest, thisThread } from './create-session.js';
import { absolute, fileNamed, modelNames, type Places, type RemoteFile, shippedModel } from './files.js';
import { decodeImage, type ImageSource } from './image-source.js';
import type { EngineName, Facts, OpenRequest } from './this-thread.js';
import { openWorker } from './web-worker.js';

export interface RecognizerOptions extends RecognizerSettings, RecognizerEvents, LoadOptions {
  /** A shipped model's name, the address of an .onnx file, or a model's bytes; default `cnn-pool4`. */
  readonly model?: string | URL | Uint8Array | ArrayBuffer;
  /** Of the model's file, in hexadecimal: it is then checked, and taken from the cache without asking the server. */
  readonly sha256?: string;
  /** Default `auto`: WebAssembly, or WebGPU where there is a GPU on which the model was measured to run faster. */
  readonly device?: 'auto' | 'wasm' | 'webgpu';
  /**
   * What runs the model on WebAssembly: `denary`, its own kernels for chains of convolutions, pools and dense layers, or
   * `onnxruntime`, for any model. Default `auto`: the kernels where they know the model, and no `wasmPaths` are given.
   */
  readonly engine?: 'auto' | EngineName;
  /** Where the model runs: in a Web Worker, the default, or in the page, which a run then blocks. */
  readonly isolation?: 'thread' | 'none';
  /** Threads for one run; by default half the cores, at most 4, and one where the page is not cross-origin isolated. */
  readonly threads?: number;
  /** The worker died, how is said; another one takes its place. */
  readonly onWorkerLost?: (how: string) => void;
}

/**
 * Loads a model. One that reads several digits at once gives text: `createRecognizer<TextPrediction>(...)`.
 * Throws DenaryError: `not-found` for a file that is not there, `download-failed` for one that does not arrive whole,
 * `bad-model` for a file that is no digit model, `device-unavailable`, `out-of-memory`, `worker-lost` for a worker that the
 * browser refuses.
 */
export async function createRecognizer<P extends AnyPrediction = Prediction>(
  options: RecognizerOptions = {},
): Promise<Recognizer<ImageSource, P>> {
  const { isolation = 'thread', onRun, preprocess, batchSize, maxQueue, maxDelay, reject } = options;
  const request = requestOf(options);
  const who = request.model instanceof Uint8Array ? 'createRecognizer' : request.model.url;
  const { loaded, about } = await load(request, who, options);
  try {
    return new Recognizer<ImageSource, P>({
      ...{ preprocess, batchSize, maxQueue, maxDelay, reject, onRun },
      ...about,
      ...loaded,
      reopen: async (model) => (await load({ ...request, model }, 'swap', options)).loaded,
      clock,
      model: nameOf(options),
      isolation,
      decode: decodeImage,
    });
  } catch (error) {
    await loaded.session.close();
    throw error;
  }
}

async function load(request: OpenRequest, who: string, options: RecognizerOptions) {
  const { session, facts } = await (options.isolation === 'none' ? openHere : openThere)(request, options);
  try {
    const { metadata, engine, ...about } = facts;
    const contract = contractOf({ graph: session }, who);
    const judgement = await judgementBy(calibrationIn({ metadata }, who), options.reject, who);
    const loaded: LoadedModel = { session, contract, judgement, engine };
    return { loaded, about };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function requestOf(options: RecognizerOptions): OpenRequest {
  const { device = 'auto', threads, engine = 'auto', wasmPaths } = options;
  const request = sessionRequest(modelOf(options), { device: device === 'auto' ? 'wasm' : device, threads }, options);
  // Who says where ONNX Runtime lies wants it.
  if (engine === 'onnxruntime' || (engine === 'auto' && wasmPaths !== undefined)) return { ...request, device };
  const [file, worker] = [fileNamed('kernels.js', options), fileNamed('worker.js', options)];
  return { ...request, device, kernels: { file, worker, required: engine === 'denary' } };
}

const DEFAULT_MODEL = 'cnn-pool4';

const nameOf = ({ model = DEFAULT_MODEL }: RecognizerOptions) =>
  typeof model === 'string' || model instanceof URL ? String(model) : undefined;

/** A model's bytes, or where they are to be had. Throws `not-found` for a name that is none. */
export function modelOf({
  model = DEFAULT_MODEL,
  sha256,
  ...places
}: Pick<RecognizerOptions, 'model' | 'sha256'> & Places): Uint8Array | RemoteFile {
  // Copies: they are loaded again where a worker dies.
  if (model instanceof Uint8Array) return new Uint8Array(model);
  if (model instanceof ArrayBuffer) return new Uint8Array(model.slice(0));
  if (typeof model === 'string' && /^[\w-]+$/.test(model)) {
    const shipped = shippedModel(model, places);
    if (shipped) return shipped;
    const expected = `a shipped model (${modelNames.join(', ')}), the address of an .onnx file, or bytes`;
    throw problem('not-found', 'createRecognizer', expected, `"${model}"`, 'Check the name.');
  }
  const url = absolute(model);
  return { name: new URL(url).pathname.split('/').at(-1)!, url, sha256 };
}

interface OpenedModel {
  readonly session: Session;
  readonly facts: Facts;
}

async function openHere(request: OpenRequest, { onProgress }: RecognizerOptions): Promise<OpenedModel> {
  const { open } = await thisThread();
  const { session, extra } = await open(request, onProgress);
  return { session, facts: extra };
}

async function openThere(request: OpenRequest, options: RecognizerOptions): Promise<OpenedModel> {
  const file = fileNamed('worker.js', options);
  let facts: Facts | undefined;
  const open = async () => {
    const opened = await openWorker(file, request, options.onProgress);
    facts ??= opened.extra;
    return opened;
  };
  const session = await SessionPool.open({ size: 1, open, clock, onLost: options.onWorkerLost });
  return { session, facts: facts! };
}
