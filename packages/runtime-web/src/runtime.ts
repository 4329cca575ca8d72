/** ONNX Runtime in a page, a worker or Node: its JavaScript, and the WebAssembly that is handed to it. */

import { type DenaryError, deviceUnavailable, messageOf, problem } from '@denary/core';
import type { Downloads } from './download.js';
import type { RemoteFile, RuntimeFiles, WebDevice } from './files.js';

export type Ort = typeof import('onnxruntime-web');

export interface Runtime {
  readonly ort: Ort;
  readonly device: WebDevice;
  /** Of one run; undefined where ONNX Runtime chose. */
  readonly threads: number | undefined;
  readonly notes: readonly string[];
}

/** Node's build of onnxruntime-web has threads there, but bundlers must not see it: it is three times the size. */
const nodeEntry = 'onnxruntime-web';
export const inNode =
  (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

const importUrl = (url: string): Promise<Ort> => import(/* @vite-ignore */ /* webpackIgnore: true */ url);

/** Loads ONNX Runtime. `threads` are those of all sessions, fixed with the first. Throws as downloads do, `out-of-memory`. */
export async function loadRuntime(
  device: WebDevice,
  files: RuntimeFiles,
  downloads: Downloads,
  threads?: number,
): Promise<Runtime> {
  const [ort, wasmBinary] = await Promise.all([importRuntime(files.mjs), downloads.get(files.wasm)]);
  const chosen = threadsHere(threads);
  const { wasm } = ort.env;
  Object.assign(wasm, { wasmBinary, numThreads: wasm.numThreads ?? chosen.threads });
  return { ort, device, ...chosen };
}

export async function loadInNode(device: WebDevice, threads?: number): Promise<Runtime> {
  const ort: Ort = await importUrl(nodeEntry);
  if (threads) ort.env.wasm.numThreads ??= threads;
  return { ort, device, threads, notes: [] };
}

async function importRuntime(mjs: RemoteFile): Promise<Ort> {
  try {
    return await importUrl(mjs.url);
  } catch (cause) {
    throw await whyNoScript(mjs, cause);
  }
}

/** ONNX Runtime's own choice, made here so that it can be told. */
function threadsHere(wanted: number | undefined): { threads: number; notes: string[] } {
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1;
  if (globalThis.crossOriginIsolated) return { threads: wanted ?? Math.min(4, Math.ceil(cores / 2)), notes: [] };
  if (wanted === 1 || cores === 1) return { threads: 1, notes: [] };
  const note =
    'One thread, as the page is not cross-origin isolated: send it with the headers ' +
    'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp (or credentialless).';
  return { threads: 1, notes: [note] };
}

/** Why a script did not load, which neither a worker nor import() tells: its address is fetched to see. */
export async function whyNoScript({ name, url }: RemoteFile, cause: unknown): Promise<DenaryError> {
  const expected = `the script ${name}`;
  const where = 'Put it there, or say where it lies (files).';
  try {
    const response = await fetch(url);
    const type = response.headers.get('content-type') ?? 'none';
    if (!response.ok) return problem('not-found', url, expected, `status ${response.status}`, where, cause);
    if (type.includes('text/html'))
      return problem('not-found', url, expected, `a page (content-type ${type})`, where, cause);
    if (!/(java|ecma)script/.test(type)) {
      const remedy = 'Have the server send .js and .mjs files as text/javascript.';
      return problem('download-failed', url, expected, `content-type ${type}`, remedy, cause);
    }
  } catch {
    const remedy = 'Check that the address can be reached from the page, and open the page once with a network.';
    return problem('download-failed', url, expected, `no answer (${messageOf(cause)})`, remedy, cause);
  }
  const remedy =
    "Allow scripts and workers of the page's own origin (Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'; " +
    "worker-src 'self'); where that is not possible, say isolation: 'none'.";
  return problem('worker-lost', url, expected, `a browser that refuses it (${messageOf(cause)})`, remedy, cause);
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
