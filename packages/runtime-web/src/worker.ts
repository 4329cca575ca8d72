/**
 * The file that runs in a Web Worker: a session, served to the page that started it. It is a whole by itself, as bundlers
 * copy it as it is.
 */

import { type Port, serveSession } from '@denary/core';
import { type Facts, type OpenRequest, open } from './this-thread.js';

/** A dedicated worker's global: the DOM's types are the page's. */
interface WorkerScope {
  readonly name: string;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
  close(): void;
}
const scope = globalThis as unknown as WorkerScope;

const port: Port = {
  post: (message, transfer) => scope.postMessage(message, transfer),
  listen: (listener) => {
    scope.onmessage = ({ data }) => listener(data);
  },
};

serveSession<OpenRequest, Facts>(port, {
  open: (request) => open(request, (progress) => scope.postMessage({ progress })),
  end: () => scope.postMessage({ ended: true }),
});

// Who asks for the same lock gets it when this worker is no more, however it ended: there is no event for that.
const hold = () => {
  scope.postMessage({ locked: true });
  return new Promise(() => {});
};
globalThis.navigator.locks?.request(scope.name, hold).catch(() => {});
