/** Seeded draws for the attacks: the same seed and number give the same attack. */

import { hash32 } from '@denary/train';

export class Draw {
  private count = 0;

  constructor(
    private readonly seed: number,
    private readonly index: number,
  ) {}

  /** A whole number of `low` to `high`. */
  whole(low: number, high: number): number {
    return low + (hash32(this.seed, this.index, this.count++) % (high - low + 1));
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.whole(0, 255)));
  }

  /** The first part of something whole: at least a byte, at most that share of it. */
  cut(whole: Buffer, share = 0.8): Buffer {
    return whole.subarray(0, this.whole(1, Math.floor(whole.length * share)));
  }
}
