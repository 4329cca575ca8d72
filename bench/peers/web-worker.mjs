/**
 * The part of a browser that jax-js wants for its threads: it starts Workers from the URL of a Blob, one for each of
 * `navigator.hardwareConcurrency`. Without them it has one thread in Node; with them a step of mlp takes as long as in Chromium.
 */
import { resolveObjectURL } from 'node:buffer';
import { Worker as Thread } from 'node:worker_threads';

const asInBrowser = `
  const { parentPort } = require('node:worker_threads');
  globalThis.self = globalThis;
  globalThis.postMessage = (message) => parentPort.postMessage(message);
  parentPort.on('message', (data) => self.onmessage({ data }));
`;

class Worker {
  onmessage = null;
  onerror = null;
  #thread;

  constructor(url) {
    this.#thread = resolveObjectURL(url)
      .text()
      .then((source) => {
        const thread = new Thread(asInBrowser + source, { eval: true });
        thread.on('message', (data) => this.onmessage?.({ data }));
        thread.on('error', (error) => this.onerror?.(error));
        return thread;
      });
  }

  async postMessage(message) {
    (await this.#thread).postMessage(message);
  }
}

export function provideWorkers(threads) {
  Object.defineProperty(globalThis, 'Worker', { value: Worker, configurable: true });
  Object.defineProperty(globalThis, 'navigator', { value: { hardwareConcurrency: threads }, configurable: true });
}
