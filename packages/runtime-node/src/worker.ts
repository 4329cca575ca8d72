/** The file that runs in a worker thread or child process: a session, served to the process that started it. */

import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { openReplica, type Port, serveSession } from '@denary/core';
import { openSession } from './devices.js';
import { type Gate, pass } from './isolation/gate.js';
import type { WorkerExtra, WorkerRequest } from './isolation/open.js';
import { createSession } from './session.js';

async function open({ model, options, auto }: WorkerRequest) {
  if (auto) {
    const { session, probes } = await openSession(model, auto.device, auto.contract, options);
    return { session, extra: { probes } };
  }
  const { replica } = options;
  const session = replica
    ? await openReplica(createSession, model, { ...options, replica })
    : await createSession(model, options);
  return { session, extra: { probes: [] } };
}

function serveThread(port: NonNullable<typeof parentPort>): void {
  const { gate } = workerData as { gate: Gate };
  const line: Port = {
    post: (message, transfer) => port.postMessage(message, transfer),
    listen: (listener) => port.on('message', listener),
  };
  serveSession<WorkerRequest, WorkerExtra>(line, {
    open,
    guard: (work) => pass(gate, work),
    end: () => port.close(),
  });
}

function serveProcess(): void {
  // Ctrl-C and a service manager's signals go to the whole group; what they mean is for the one that started it to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.on('disconnect', () => process.exit());
  const line: Port = {
    post: (message) => void process.send?.(message, undefined, undefined, () => {}),
    listen: (listener) => process.on('message', listener),
  };
  serveSession<WorkerRequest, WorkerExtra>(line, { open, end: () => process.disconnect() });
}

if (isMainThread) serveProcess();
else serveThread(parentPort!);
