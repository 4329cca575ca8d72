/** A child process as a worker's port. A crash in ONNX Runtime or a driver takes it along, and nothing else. */

import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { messageOf, type WorkerPort } from '@denary/core';
import { workerFile } from './entry.js';

/** Milliseconds that a child whose session was closed has for its end. */
const PATIENCE = 5_000;

export interface ProcessOptions {
  /** Kills the process, whatever it is doing. */
  readonly signal?: AbortSignal | undefined;
  /** Takes what native code prints, in place of the caller's stderr. */
  readonly onOutput?: (text: string) => void;
}

export interface ProcessPort extends WorkerPort {
  /** Kills it, whatever it is doing, also where it is stopped; `gone` then says why. */
  kill(why: string): void;
}

const running = new Set<ChildProcess>();

export function startProcess({ signal, onOutput }: ProcessOptions = {}): ProcessPort {
  const output = onOutput ? 'pipe' : 2;
  const child = fork(workerFile, [], {
    ...(signal && { signal, killSignal: 'SIGKILL' as const }),
    // Structured clones: typed arrays go as bytes. 100 kB take 0.1 ms there and back, a pipe of our own no less.
    serialization: 'advanced',
    execArgv: [],
    // What native code prints must not get into the caller's output.
    stdio: ['ignore', output, output, 'ipc'],
  });
  running.add(child);
  let killed: string | undefined;
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => onOutput?.(text));
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(messageOf(error));
    });
    // Not at its exit: what it printed last may still be in the pipe.
    child.on('close', (code, signal) => resolve(killed ?? signal ?? `exit code ${code}`));
    child.on('disconnect', () => endSoon(child));
  });
  void gone.then(() => running.delete(child));
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
    kill: (why) => {
      killed ??= why;
      child.kill('SIGKILL');
    },
  };
}

/**
 * Resident memory of the worker processes of this one, in bytes; undefined but on Linux, which alone tells it of others. Pages
 * that processes share, code above all, count in each of them.
 */
export function workerMemory(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  let sum = 0;
  for (const { pid } of running) sum += residentMemory(pid);
  return sum;
}

function residentMemory(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    // It has just ended.
    return 0;
  }
}

/** It does not hear us any more: it ends by itself, or is ended. */
function endSoon(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  child.once('exit', () => clearTimeout(timer));
}
