/** Sessions in worker threads or child processes: what is asked of a worker, what it answers, and how it is started. */

import { availableParallelism } from 'node:os';
import {
  type Contract,
  type Isolation,
  openRemote,
  type RemoteSession,
  type SessionFactory,
  turns,
  type WorkerPort,
} from '@denary/core';
import type { DeviceChoice, Probe } from '../devices.js';
import type { NodeSessionOptions } from '../session.js';
import { startProcess } from './process.js';
import { startThread } from './thread.js';

/** What a worker opens: a session for a digit model, on the fastest device if so wished, or any session. */
export interface WorkerRequest {
  readonly model: Uint8Array;
  readonly options: NodeSessionOptions;
  readonly auto?: { readonly device: DeviceChoice; readonly contract: Contract };
}

export interface WorkerExtra {
  readonly probes: readonly Probe[];
}

export type WorkerSession = RemoteSession<WorkerExtra>;
export type Worker = Exclude<Isolation, 'none'>;

const start: Record<Worker, () => WorkerPort> = { thread: startThread, process: startProcess };

/** One after the other: loading ONNX Runtime in several threads at once has crashed some of its versions. */
const inTurn = turns();

export const openWorker = (worker: Worker, request: WorkerRequest): Promise<WorkerSession> =>
  inTurn(() => openRemote<WorkerExtra>(start[worker](), request));

/**
 * A factory of sessions that each have a worker thread or process of their own: training, say, off the calling thread.
 * Where the worker dies, the session's state dies with it, and its calls reject with `worker-lost`.
 */
export const isolatedSessions = (worker: Worker): SessionFactory =>
  Object.assign((model: Uint8Array, options = {}) => openWorker(worker, { model, options }), {
    sideBySide: worker === 'thread' ? availableParallelism() : 1,
  });
