/** How long a run lasts: a number of steps, a time, or both; and how many steps that will be, as far as can be told. */

export interface Budget {
  /** At most so many steps. */
  readonly steps?: number | undefined;
  /** At most so long, in seconds, from the call on: loading and measuring included. */
  readonly seconds?: number | undefined;
}

export class Pace {
  private readonly began: number;
  private done = 0;
  private stepping = 0;
  private reserve = 0;

  constructor(
    private readonly budget: Budget,
    private readonly now: () => number,
  ) {
    this.began = now();
  }

  /** Since the run began. */
  get seconds(): number {
    return (this.now() - this.began) / 1000;
  }

  /** Tells of a step, and how long it took in seconds. */
  stepped(seconds: number): void {
    this.done++;
    this.stepping += seconds;
  }

  /** Tells how long it takes to measure: the last measuring must fit in, too. */
  measured(seconds: number): void {
    this.reserve = seconds;
  }

  /** Steps of the whole run: those that were done, and those that there is still time for. At least 1. */
  get steps(): number {
    const { steps = Number.POSITIVE_INFINITY, seconds } = this.budget;
    if (seconds === undefined) return steps;
    // Before the first step nothing is known of how long one takes.
    if (this.done === 0) return Number.isFinite(steps) ? steps : 1;
    const left = seconds - this.seconds - this.reserve;
    return Math.max(1, Math.min(steps, this.done + Math.max(0, Math.floor((left * this.done) / this.stepping))));
  }

  get ended(): boolean {
    return this.done >= this.steps;
  }
}
