/**
 * The file that a worker, or the page, loads for denary's own kernels. It is a whole by itself, loaded by its address, so that
 * who does not need it does not load it.
 */

import type { Session } from '@denary/core';
import type { OpenRequest } from '../this-thread.js';
import { openWorker } from '../web-worker.js';
import { kernelSession } from './session.js';

export { versions } from '../build-facts.js';

/** A session of the model's bytes; its helpers are workers like the recognizer's, which are asked for the same. */
export function openKernels(model: Uint8Array, request: OpenRequest, threads: number): Promise<Session> {
  const { options, kernels } = request;
  const alone: OpenRequest = { ...request, model, device: 'wasm', options: { ...options, threads: 1 } };
  return kernelSession(model, { threads, openHelper: () => openWorker(kernels!.worker, alone) });
}
