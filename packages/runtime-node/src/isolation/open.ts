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
  workerLost,
} from '@denary/core';
import type { DeviceChoice, Probe } from '../devices.js';
import type { NodeSessionOptions } from '../session.js';
import { startProcess } from './process.js';
import { startThread } from './thread.js';
import { watched } from './watched.js';

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

/** What becomes of a worker that hangs. */
export interface WorkerCare {
  /** Milliseconds without an answer after which a worker is stuck; unlimited where left out. A process is then killed. */
  readonly patience?: number;
  /** Told of a thread, which can't be: it is stuck, or it is not any more. */
  readonly onStuck?: ((stuck: boolean) => void) | undefined;
  /** Kills processes, whatever they are doing, and lets no further ones start. */
  readonly kill?: AbortSignal | undefined;
}

const start: Record<Worker, (care: WorkerCare) => WorkerPort> = {
  thread({ patience, onStuck = () => {} }) {
    const port = startThread();
    return patience === undefined ? port : watched(port, { patience, onStuck });
  },
  process({ patience, kill }) {
    const port = startProcess({ signal: kill });
    if (patience === undefined) return port;
    const why = `it was killed, having answered nothing for ${patience / 1000} s (runTimeout)`;
    return watched(port, { patience, onStuck: (stuck) => stuck && port.kill(why) });
  },
};

/** One after the other: loading ONNX Runtime in several threads at once has crashed some of its versions. */
const inTurn = turns();

export const openWorker = (worker: Worker, request: WorkerRequest, care: WorkerCare = {}): Promise<WorkerSession> =>
  inTurn(async () => {
    if (care.kill?.aborted) throw workerLost('none is started any more');
    return openRemote<WorkerExtra>(start[worker](care), request);
  });

/**
 * A factory of sessions that each have a worker thread or process of their own: training, say, off the calling thread.
 * Where the worker dies, the session's state dies with it, and its calls reject with `worker-lost`.
 */
export const isolatedSessions = (worker: Worker): SessionFactory =>
  Object.assign((model: Uint8Array, options = {}) => openWorker(worker, { model, options }), {
    sideBySide: worker === 'thread' ? availableParallelism() : 1,
  });
