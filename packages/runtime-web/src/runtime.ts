/** ONNX Runtime in a page, a worker or Node: its JavaScript, and the WebAssembly that is handed to it. */

import { type DenaryError, deviceUnavailable, messageOf, problem } from '@denary/core';
import { versions } from './build-facts.js';
import type { Downloads } from './download.js';
import type { RemoteFile, RuntimeFiles, WebDevice } from './files.js';
import { mixedVersions, whyNoScript } from './script-problem.js';

export type Ort = typeof import('onnxruntime-web');

export interface Runtime {
  readonly ort: Ort;
  readonly device: WebDevice;
  /** Of one run; undefined where ONNX Runtime chose. */
  readonly threads: number | undefined;
  readonly notes: readonly string[];
  /** Whether it has made a session. */
  started: boolean;
}

/** Node's build of onnxruntime-web has threads there, but bundlers must not see it: it is three times the size. */
const nodeEntry = 'onnxruntime-web';
const inNode = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

const importUrl = (url: string): Promise<unknown> =>
  import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ url);

/** What a script exports that bundlers are not to see. Throws `not-found` and the like where it does not load. */
export async function importScript(file: RemoteFile, url = file.url): Promise<unknown> {
  try {
    return await importUrl(url);
  } catch (cause) {
    throw await whyNoScript(file, cause);
  }
}

/** Loads ONNX Runtime. `threads` are those of all its sessions. Throws as downloads do. */
export async function loadRuntime(
  device: WebDevice,
  files: RuntimeFiles,
  downloads: Downloads,
  threads?: number,
): Promise<Runtime> {
  if (inNode) return loadInNode(device, threads);
  const [ort, wasmBinary] = await Promise.all([importRuntime(files.mjs), downloads.get(files.wasm)]);
  const { web } = ort.env.versions;
  if (web !== versions.ort) throw mixedVersions(files.mjs.url, versions.ort, `${web}`);
  const chosen = threadsHere(threads);
  Object.assign(ort.env.wasm, { wasmBinary, numThreads: chosen.threads });
  return { ort, device, ...chosen, started: false };
}

/** It finds its own files there, and has threads. */
async function loadInNode(device: WebDevice, threads?: number): Promise<Runtime> {
  const ort = (await importUrl(device === 'wasm' ? nodeEntry : `${nodeEntry}/webgpu`)) as Ort;
  if (threads) ort.env.wasm.numThreads ??= threads;
  return { ort, device, threads: ort.env.wasm.numThreads, notes: [], started: false };
}

/** One that failed to start would be given again for the same address. */
let loads = 0;

const importRuntime = async (mjs: RemoteFile): Promise<Ort> =>
  (await importScript(mjs, loads++ === 0 ? mjs.url : `${mjs.url}#${loads}`)) as Ort;

/** ONNX Runtime's own choice, made here so that it can be told. */
export function threadsHere(wanted: number | undefined): { threads: number; notes: string[] } {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  if (globalThis.crossOriginIsolated) return { threads: wanted ?? Math.min(4, Math.ceil(cores / 2)), notes: [] };
  if (wanted === 1 || cores === 1) return { threads: 1, notes: [] };
  const note =
    'One thread, as the page is not cross-origin isolated: send it with the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless).';
  return { threads: 1, notes: [note] };
}

/** The error for an ONNX Runtime that does not start. */
export function notStarted(device: WebDevice, cause: unknown): DenaryError {
  const message = messageOf(cause);
  if (isOutOfMemory(cause)) return outOfMemory('createSession', message, cause);
  const remedy = /CSP|Content Security|unsafe-eval/.test(message)
    ? "Allow WebAssembly: Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'."
    : "Use device 'wasm', or @denary/runtime-node for Node's devices.";
  return deviceUnavailable(`a working ${device}`, message, remedy, cause);
}

export const isOutOfMemory = (error: unknown): boolean =>
  /out of memory|could not allocate memory|bad_alloc|Cannot enlarge memory|memory allocation/i.test(messageOf(error));

export const outOfMemory = (who: string, received: string, cause: unknown): DenaryError =>
  problem(
    'out-of-memory',
    who,
    'memory for the model',
    received,
    'Close recognizers and pages that are not needed, or use a smaller model, batchSize or number of threads.',
    cause,
  );
