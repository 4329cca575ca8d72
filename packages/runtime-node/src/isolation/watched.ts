/**
 * A worker's port that notices when its worker is stuck: an answer, or its end, is awaited of it, and for too long nothing has
 * come. A driver may hang, or somebody may have stopped the process; neither ends it.
 */

import type { Clock, WorkerPort } from '@denary/core';
import { idleClock } from '../clock.js';

export interface WatchOptions {
  /** Milliseconds without an answer after which a worker is stuck; noticed a quarter of that later, at most. */
  readonly patience: number;
  /** Told that it is stuck, and that it is not any more: it answered after all, or is gone. */
  readonly onStuck: (stuck: boolean) => void;
  readonly clock?: Pick<Clock, 'after'>;
}

/** Time is counted in looks at the worker: hours in which the machine slept, or this process was stopped, too, are one of them. */
const LOOKS = 4;

/** Milliseconds that the first answer may take at the least: a model is opened, and devices are tried with it. */
const OPENING = 120_000;

export function watched<P extends WorkerPort>(port: P, { patience, onStuck, clock = idleClock }: WatchOptions): P {
  let [awaited, looking, spoke, stuck] = [false, false, false, false];
  const period = patience / LOOKS;
  /** Looks since something came. */
  let quiet = 0;
  const tell = (is: boolean) => {
    if (stuck === is) return;
    stuck = is;
    onStuck(is);
  };
  // A timer for each run would cost more; this one stops itself when there is nothing to wait for.
  const begin = () => {
    if (looking) return;
    looking = true;
    clock.after(period, look);
  };
  const look = () => {
    looking = false;
    if (!awaited) return;
    if (++quiet * period > (spoke ? patience : Math.max(patience, OPENING))) tell(true);
    begin();
  };
  void port.gone.then(() => {
    awaited = false;
    tell(false);
  });
  return {
    ...port,
    listen: (listener) =>
      port.listen((message) => {
        spoke = true;
        quiet = 0;
        tell(false);
        listener(message);
      }),
    hold: (wanted) => {
      if (wanted && !awaited) {
        quiet = 0;
        begin();
      }
      awaited = wanted;
      port.hold(wanted);
    },
  };
}
