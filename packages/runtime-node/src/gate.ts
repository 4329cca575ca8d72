/** Lets few in at a time, in the order in which they came. */

import type { Call } from '@denary/core';

interface Visitor {
  readonly share: number;
  enter(): void;
}

export class Gate {
  private inside = 0;
  private readonly waiting: Visitor[] = [];

  /** `places`: how many may be inside. */
  constructor(private readonly places: number) {}

  /**
   * Settles when there is room, with what gives it back; `share` is the share of a place that is taken, up to 1. Where the call
   * ends before, it rejects, and no longer waits.
   */
  async enter(call: Call, share = 1): Promise<() => void> {
    call.requireGoing();
    if (this.waiting.length === 0 && this.inside + share <= this.places) this.inside += share;
    else await this.turn(call, share);
    return () => {
      this.inside -= share;
      this.admit();
    };
  }

  private turn(call: Call, share: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = () => {
        call.remove(listener);
        resolve();
      };
      const visitor = { share, enter };
      const listener = {
        ended: (error: unknown) => {
          this.waiting.splice(this.waiting.indexOf(visitor), 1);
          reject(error);
          // Those behind may need less room.
          this.admit();
        },
      };
      call.add(listener);
      this.waiting.push(visitor);
    });
  }

  private admit(): void {
    while (this.waiting.length > 0 && this.inside + this.waiting[0]!.share <= this.places) {
      const { share, enter } = this.waiting.shift()!;
      this.inside += share;
      enter();
    }
  }
}
