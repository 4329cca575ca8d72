/** A Web Worker as a worker's port, and a session in it. */

import { type DenaryError, openRemote, type RemoteSession, type WorkerPort } from '@denary/core';
import type { OnProgress } from './download.js';
import type { RemoteFile } from './files.js';
import { whyNoScript } from './script-problem.js';
import type { Facts, OpenRequest } from './this-thread.js';

export type WorkerSession = RemoteSession<Facts>;

/** Starts a worker and has it open a session. Throws what that throws; for a worker that does not start, the reason. */
export async function openWorker(
  file: RemoteFile,
  request: OpenRequest,
  onProgress?: OnProgress,
): Promise<WorkerSession> {
  const started = startWorker(file, onProgress);
  try {
    return await openRemote<Facts>(started.port, request);
  } catch (error) {
    if ((error as DenaryError).code === 'worker-lost' && !started.spoke()) throw await whyNoScript(file, error);
    throw error;
  }
}

let count = 0;

function startWorker({ url }: RemoteFile, onProgress: OnProgress | undefined) {
  const name = `denary-${Date.now()}-${++count}-${Math.random()}`;
  const worker = new Worker(url, { type: 'module', name });
  let [spoke, locked, awaited] = [false, false, false];
  let listener: (message: unknown) => void = () => {};
  let end: (how: string) => void = () => {};
  const gone = new Promise<string>((resolve) => {
    end = (how) => {
      worker.terminate();
      resolve(how);
    };
  });
  worker.onerror = (event) => {
    event.preventDefault();
    end(event.message || 'an error without a message');
  };
  worker.onmessageerror = () => end('a message that can not be read');
  worker.onmessage = ({ data }) => {
    spoke = true;
    if ('progress' in data) onProgress?.(data.progress);
    else if ('locked' in data) {
      locked = true;
      watch(awaited);
    } else if ('ended' in data) end('closed');
    else listener(data);
  };
  const watch = watchOver(name, () => end('it was terminated'));
  const port: WorkerPort = {
    post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
    listen: (given) => {
      listener = given;
    },
    hold: (wanted) => {
      awaited = wanted;
      if (locked) watch(awaited);
    },
    gone,
  };
  return { port, spoke: () => spoke };
}

/** Milliseconds for which it is watched on when nothing is awaited: the next call often comes soon, and locks cost more than a message. */
const LINGER = 1000;

/** Watches, while it is told to, for the end of a worker that holds the lock of that name. */
function watchOver(name: string, ended: () => void): (wanted: boolean) => void {
  let watching: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    watching?.abort();
    watching = undefined;
  };
  return (wanted) => {
    clearTimeout(timer);
    if (!wanted) timer = setTimeout(stop, LINGER);
    if (!wanted || watching || !globalThis.navigator.locks) return;
    watching = new AbortController();
    navigator.locks.request(name, { signal: watching.signal }, () => ended()).catch(() => {});
  };
}
