/** Time in a browser. */

import type { Clock } from '@denary/core';

/** A message's turn comes after what is due already, and sooner than a timer's, which browsers hold back. */
let channel: MessageChannel | undefined;
const waiting: (() => void)[] = [];

function postTurn(): void {
  channel ??= new MessageChannel();
  channel.port1.onmessage ??= () => waiting.shift()?.();
  channel.port2.postMessage(null);
}

export const clock: Clock = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    waiting.push(callback);
    postTurn();
  },
};
