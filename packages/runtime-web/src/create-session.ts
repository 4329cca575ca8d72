/** createSession: a session in the page or in Node, for whoever trains or runs a model of their own there. */

import { deviceUnavailable, type Session, type SessionOptions } from '@denary/core';
import { Downloads, type OnProgress } from './download.js';
import { type Places, runtimeFiles, type WebDevice } from './files.js';
import { inNode, loadInNode, loadRuntime, type Runtime } from './runtime.js';
import { sessionIn } from './session.js';

/** How the files of ONNX Runtime come. */
export interface LoadOptions extends Places {
  /** Whether files are kept in the browser's cache; default true. */
  readonly cache?: boolean | undefined;
  /** Told of what has been loaded of each file. */
  readonly onProgress?: OnProgress | undefined;
}

export interface WebSessionOptions extends SessionOptions, LoadOptions {}

/** One for each device; those that did not load are tried again. */
const loaded = new Map<WebDevice, Promise<Runtime>>();

/**
 * A session on `wasm` (the default) or `webgpu`, on the calling thread. All WASM sessions share one pool of threads, made for
 * the first of them: its `threads` count, those of later sessions do not. Left out, they are half the cores, at most 4; a page
 * that is not cross-origin isolated has one. Throws `bad-model` or `device-unavailable`, `unsupported-operator` where the
 * model needs a fallback that is not allowed, `not-found` and `download-failed` for ONNX Runtime's files, `out-of-memory`.
 */
export async function createSession(model: Uint8Array, options: WebSessionOptions = {}): Promise<Session> {
  const device = webDevice(options.device ?? 'wasm');
  return sessionIn(await runtimeHere(device, options), model, options);
}

/** ONNX Runtime on this thread. */
export function runtimeHere(device: WebDevice, { threads, cache = true, onProgress, ...places }: WebSessionOptions) {
  let runtime = loaded.get(device);
  if (!runtime) {
    runtime = inNode
      ? loadInNode(device, threads)
      : loadRuntime(device, runtimeFiles(device, places), new Downloads(cache, onProgress), threads);
    loaded.set(device, runtime);
    runtime.catch(() => loaded.delete(device));
  }
  return runtime;
}

/** The versions of what runs the models. */
export async function runtimeVersions(): Promise<Record<string, string>> {
  const { versions } = (await runtimeHere('wasm', {})).ort.env;
  return { 'onnxruntime-web': versions.web ?? versions.common };
}

/** Throws `device-unavailable` for devices of Node. */
export function webDevice(device: string): WebDevice {
  if (device === 'wasm' || device === 'webgpu') return device;
  const remedy = "Use device 'wasm', or @denary/runtime-node for Node's devices.";
  throw deviceUnavailable('wasm or webgpu', device, remedy);
}
