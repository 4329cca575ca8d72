/**
 * The file that a worker, or the page, loads for denary's own kernels. It is a whole by itself, loaded by its address, so that
 * who does not need it does not load it.
 */

import type { DenaryError, Session } from '@denary/core';
import { versions } from '../build-facts.js';
import { mixedVersions } from '../script-problem.js';
import type { OpenRequest } from '../this-thread.js';
import { openWorker } from '../web-worker.js';
import { kernelSession } from './session.js';

/**
 * A session of the model's bytes, or nothing for a model that the kernels do not run, where they need not. Its helpers are workers
 * like the recognizer's, which are asked for the same.
 */
export async function openKernels(
  model: Uint8Array,
  request: OpenRequest,
  threads: number,
): Promise<Session | undefined> {
  const { options, kernels } = request;
  if (request.versions.denary !== versions.denary) {
    throw mixedVersions(kernels!.file.url, request.versions.denary, versions.denary);
  }
  const alone: OpenRequest = { ...request, model, device: 'wasm', options: { ...options, threads: 1 } };
  try {
    return await kernelSession(model, { threads, openHelper: () => openWorker(kernels!.worker, alone) });
  } catch (error) {
    if (kernels!.required || (error as DenaryError).code !== 'unsupported-operator') throw error;
    return undefined;
  }
}
