/** Models on this thread, be it the page's or a worker's: ONNX Runtime, downloads and sessions. */

import { decodeMetadata, requireFiniteWeights, type Session, type SessionOptions } from '@denary/core';
import { type Versions, versions } from './build-facts.js';
import { fastestSession } from './devices.js';
import { Downloads, type OnProgress } from './download.js';
import type { RemoteFile, RuntimeFiles, WebDevice } from './files.js';
import { importScript, loadRuntime, type Runtime, threadsHere } from './runtime.js';
import { mixedVersions } from './script-problem.js';
import { sessionIn } from './session.js';

/** Denary's own kernels. */
export interface KernelFiles {
  readonly file: RemoteFile;
  /** That of those who help. */
  readonly worker: RemoteFile;
  /** Whether a model that they do not run is an error. */
  readonly required: boolean;
}

/** What is to be opened; all of it can be sent to a worker. */
export interface OpenRequest {
  /** Bytes, or where they are to be fetched. */
  readonly model: Uint8Array | RemoteFile;
  /** `auto` is for models of digits. */
  readonly device: WebDevice | 'auto';
  readonly options: Omit<SessionOptions, 'device'>;
  readonly runtimes: Readonly<Record<WebDevice, RuntimeFiles>>;
  /** Tried first for `wasm`. */
  readonly kernels?: KernelFiles | undefined;
  /** The name of the cache; nothing is kept without. */
  readonly cache: string | undefined;
  /** The asker's own, which must be the same. */
  readonly versions: Versions;
}

/** What runs a model. */
export type EngineName = 'denary' | 'onnxruntime';

/** What is told of the model besides the session. */
export interface Facts {
  readonly engine: EngineName;
  /** The model file's `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly threads: number | undefined;
  readonly notes: readonly string[];
}

export interface Opened {
  readonly session: Session;
  readonly extra: Facts;
}

/** One for each device and thread; those that did not load are loaded again. */
const runtimes = new Map<WebDevice, Promise<Runtime>>();

/** Throws as `createRecognizer` and `createSession` do. */
export async function open(request: OpenRequest, onProgress?: OnProgress): Promise<Opened> {
  const { device, options, cache } = request;
  if (request.versions.denary !== versions.denary)
    throw mixedVersions(location.href, request.versions.denary, versions.denary);
  const downloads = new Downloads(cache, onProgress);
  const load = (device: WebDevice) => runtimeFor(device, request.runtimes[device], downloads, options.threads);
  const first = device === 'auto' ? 'wasm' : device;
  const kernelFiles = first === 'wasm' ? request.kernels : undefined;
  const [model, kernels] = await Promise.all([
    bytesOf(request.model, downloads),
    // By its address: this file would be twice as large with it.
    kernelFiles && (importScript(kernelFiles.file) as Promise<typeof import('./kernels/asset.js')>),
    kernelFiles || load(first),
  ]);
  const metadata = decodeMetadata(model, nameOf(request.model));
  let { threads, notes } = threadsHere(options.threads) as Pick<Runtime, 'threads' | 'notes'>;
  let byKernels: Session | undefined;
  const sessionOn = async (device: WebDevice) => {
    if (device === 'wasm') byKernels = await kernels?.openKernels(model, request, threads!);
    if (byKernels && device === 'wasm') return byKernels;
    const runtime = await load(device);
    if (device === first) ({ threads, notes } = runtime);
    return sessionIn(runtime, model, options).catch((error) => {
      // ONNX Runtime that has failed to start never does.
      if (!runtime.started) runtimes.delete(device);
      throw error;
    });
  };
  const chosen = device === 'auto' ? await fastestSession(sessionOn) : { session: await sessionOn(device), notes: [] };
  const { session } = chosen;
  const engine = session === byKernels ? 'denary' : 'onnxruntime';
  return { session, extra: { engine, metadata, threads, notes: [...notes, ...chosen.notes, ...downloads.notes] } };
}

export async function runtimeVersions(files: RuntimeFiles): Promise<Record<string, string>> {
  const { versions } = (await runtimeFor('wasm', files, new Downloads(undefined))).ort.env;
  return { 'onnxruntime-web': versions.web ?? versions.common };
}

function runtimeFor(device: WebDevice, files: RuntimeFiles, downloads: Downloads, threads?: number): Promise<Runtime> {
  let runtime = runtimes.get(device);
  if (!runtime) {
    runtime = loadRuntime(device, files, downloads, threads);
    runtimes.set(device, runtime);
    runtime.catch(() => runtimes.delete(device));
  }
  return runtime;
}

/** A file with a known digest was checked when the digest was taken. */
async function bytesOf(model: OpenRequest['model'], downloads: Downloads): Promise<Uint8Array> {
  const bytes = model instanceof Uint8Array ? model : await downloads.get(model);
  if (model instanceof Uint8Array || !model.sha256) requireFiniteWeights(bytes, nameOf(model));
  return bytes;
}

const nameOf = (model: OpenRequest['model']) => (model instanceof Uint8Array ? 'createRecognizer' : model.url);
