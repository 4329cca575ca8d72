/** Time in Node. */

import type { Clock } from '@denary/core';

export const clock: Clock = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    setImmediate(callback);
  },
};

/** For what a process need not stay alive for. */
export const idleClock: Pick<Clock, 'after'> = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};
