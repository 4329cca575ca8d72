/** A child process as a worker's port. A crash in ONNX Runtime or a driver takes it along, and nothing else. */

import { type ChildProcess, fork } from 'node:child_process';
import { messageOf, type WorkerPort } from '@denary/core';
import { workerFile } from './entry.js';

/** Milliseconds that a child whose session was closed has for its end. */
const PATIENCE = 5_000;

export function startProcess(): WorkerPort {
  const child = fork(workerFile, [], {
    // Structured clones: typed arrays go as bytes. 100 kB take 0.1 ms there and back, a pipe of our own no less.
    serialization: 'advanced',
    execArgv: [],
    // What native code prints must not get into the caller's output.
    stdio: ['ignore', 2, 2, 'ipc'],
  });
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(messageOf(error));
    });
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on('disconnect', () => endSoon(child));
  });
  return {
    // An error means that the child is going: its calls are settled when it is gone.
    post: (message) => void child.send(message, () => {}),
    listen: (listener) => child.on('message', listener),
    hold: (awaited) => {
      const what = awaited ? 'ref' : 'unref';
      child[what]();
      child.channel?.[what]();
    },
    gone,
  };
}

/** It does not hear us any more: it ends by itself, or is ended. */
function endSoon(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  child.once('exit', () => clearTimeout(timer));
}
