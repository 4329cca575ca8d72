/** Work of which only the latest counts: one at a time, and at most one that waits. */

/** `live` work may be skipped, and is ended early for what is not. */
export type LatestWork = (live: boolean, signal: AbortSignal) => Promise<void>;

export class Latest {
  private readonly work: LatestWork;
  private running: { readonly live: boolean; readonly controller: AbortController } | undefined;
  private waiting: { readonly live: boolean } | undefined;

  constructor(work: LatestWork) {
    this.work = work;
  }

  /** Asks for the work to be done with what is there when its turn comes. */
  request(live: boolean): void {
    this.waiting = { live: live && this.waiting?.live !== false };
    if (!live && this.running?.live) this.running.controller.abort();
    if (!this.running) void this.run();
  }

  /** Ends what is under way and forgets what waits. */
  stop(): void {
    this.waiting = undefined;
    this.running?.controller.abort();
  }

  private async run(): Promise<void> {
    while (this.waiting) {
      const { live } = this.waiting;
      this.waiting = undefined;
      const controller = new AbortController();
      this.running = { live, controller };
      await this.work(live, controller.signal);
    }
    this.running = undefined;
  }
}
