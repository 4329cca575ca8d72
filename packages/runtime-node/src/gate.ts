/** Lets few in at a time, in the order in which they came. */

import type { Call } from '@denary/core';

export class Gate {
  private inside = 0;
  private readonly waiting: (() => void)[] = [];

  /** `places`: how many may be inside. */
  constructor(private readonly places: number) {}

  /** Settles when there is a place, with what gives it back. Where the call ends before, it rejects, and no longer waits. */
  async enter(call: Call): Promise<() => void> {
    call.requireGoing();
    if (this.inside < this.places) this.inside++;
    else await this.turn(call);
    return () => {
      // Who leaves gives its place to the next.
      const next = this.waiting.shift();
      if (next) next();
      else this.inside--;
    };
  }

  private turn(call: Call): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        call.remove(listener);
        resolve();
      };
      const listener = {
        ended: (error: unknown) => {
          this.waiting.splice(this.waiting.indexOf(enter), 1);
          reject(error);
        },
      };
      call.add(listener);
      this.waiting.push(enter);
    });
  }
}
