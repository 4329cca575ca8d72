/** A worker thread as a worker's port. It is never terminated: it ends when its session was closed. */

import { Worker } from 'node:worker_threads';
import { messageOf, type WorkerPort } from '@denary/core';
import { workerFile } from './entry.js';
import { createGate, guardExit } from './gate.js';

export function startThread(): WorkerPort {
  const gate = createGate();
  const unguard = guardExit(gate);
  // Flags for the caller's own file, --input-type for one, would be wrong for this one.
  const worker = new Worker(workerFile, { name: 'denary', workerData: { gate }, execArgv: [] });
  const gone = new Promise<string>((resolve) => {
    let how: string | undefined;
    worker.on('error', (error) => {
      how = messageOf(error);
    });
    worker.on('exit', (code) => {
      unguard();
      resolve(how ?? `exit code ${code}`);
    });
  });
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    listen: (listener) => worker.on('message', listener),
    hold: (awaited) => (awaited ? worker.ref() : worker.unref()),
    gone,
  };
}
