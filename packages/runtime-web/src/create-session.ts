/** createSession: a session in the page or in Node, for whoever trains or runs a model of their own there. */

import { deviceUnavailable, type Session, type SessionOptions } from '@denary/core';
import { cacheName, versions } from './build-facts.js';
import type { OnProgress } from './download.js';
import { type Places, runtimeFiles, type WebDevice } from './files.js';
import type { OpenRequest } from './this-thread.js';

/** How the files of ONNX Runtime come. */
export interface LoadOptions extends Places {
  /** Whether files are kept in the browser's cache; default true. */
  readonly cache?: boolean | undefined;
  /** Told of what has been loaded of each file. */
  readonly onProgress?: OnProgress | undefined;
}

export interface WebSessionOptions extends SessionOptions, LoadOptions {}

/** Loaded only where the model runs in the page: a worker has it all. */
export const thisThread = () => import('./this-thread.js');

/**
 * A session on `wasm` (the default) or `webgpu`, on the calling thread. All WASM sessions share one pool of threads, made for
 * the first of them: its `threads` count, those of later sessions do not. Left out, they are half the cores, at most 4; a page
 * that is not cross-origin isolated has one. Throws `bad-model` or `device-unavailable`, `unsupported-operator` where the
 * model needs a fallback that is not allowed, `not-found` and `download-failed` for ONNX Runtime's files, `out-of-memory`.
 */
export async function createSession(model: Uint8Array, options: WebSessionOptions = {}): Promise<Session> {
  const request = sessionRequest(model, options, options);
  const { open } = await thisThread();
  return (await open(request, options.onProgress)).session;
}

/** What opens a session here or in a worker. Throws `device-unavailable` for devices of Node. */
export function sessionRequest(
  model: OpenRequest['model'],
  { device = 'wasm', threads, fallback, state }: SessionOptions,
  load: LoadOptions,
): OpenRequest {
  return {
    model,
    device: webDevice(device),
    options: { ...(threads && { threads }), ...(fallback !== undefined && { fallback }), ...(state && { state }) },
    runtimes: { wasm: runtimeFiles('wasm', load), webgpu: runtimeFiles('webgpu', load) },
    cache: load.cache === false ? undefined : cacheName,
    versions,
  };
}

/** The versions of what runs the models. */
export async function runtimeVersions(): Promise<Record<string, string>> {
  return (await thisThread()).runtimeVersions(runtimeFiles('wasm', {}));
}

export function webDevice(device: string): WebDevice {
  if (device === 'wasm' || device === 'webgpu') return device;
  const remedy = "Use device 'wasm', or @denary/runtime-node for Node's devices.";
  throw deviceUnavailable('wasm or webgpu', device, remedy);
}
