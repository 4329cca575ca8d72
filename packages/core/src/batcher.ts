/**
 * Micro-batching: items of many calls go together into few runs. What arrives while all workers are busy waits, and then goes
 * as one batch; what arrives with nothing under way goes at once. So batches grow with the load, and an idle model adds no
 * delay. Whatever fails, every call is settled.
 */

import type { Call, CallListener, Clock } from './call.js';
import { DenaryError } from './errors.js';

export interface BatcherOptions {
  readonly clock: Clock;
  /** Items in one run. */
  readonly maxBatch: number;
  /** Items that may be unanswered at one time. */
  readonly maxQueue: number;
  /** Milliseconds that an item waits for others where nothing is under way. */
  readonly maxDelay: number;
  /** Runs that make headway at one time. Each may have another one lined up behind it, so that it need not wait for us. */
  readonly workers: number;
}

/** Calls that are answered in one turn: what their callers do next is one long block otherwise. */
const ANSWERS = 16;

/** Items from which on a larger batch takes hardly less time for each. */
const WORTHWHILE = 8;

/** Items of one call, which may go into several runs. */
class Entry<Item, Result> implements CallListener {
  readonly results: Result[] = [];
  /** How many have gone into a run. */
  taken = 0;
  answered = 0;

  constructor(
    readonly items: readonly Item[],
    private readonly call: Call,
    private readonly give: (results: Result[]) => void,
    private readonly refuse: (error: unknown) => void,
    private readonly drop: (entry: Entry<Item, Result>) => void,
  ) {
    call.requireGoing();
    call.add(this);
  }

  resolve(): void {
    this.call.remove(this);
    this.give(this.results);
  }

  reject(error: unknown): void {
    this.call.remove(this);
    this.ended(error);
  }

  ended(error: unknown): void {
    this.drop(this);
    this.refuse(error);
  }
}

/** So many items of an entry, in one run. */
interface Part<Item, Result> {
  readonly entry: Entry<Item, Result>;
  readonly start: number;
  readonly count: number;
}

export class Batcher<Item, Result> {
  /**
   * First in, first out. No Set: V8 links each of its outgrown tables to the next, and once one of them is old they keep all
   * that ever went through alive until a full collection, which doubles what a small call costs.
   */
  private readonly queue: Entry<Item, Result>[] = [];
  /** Items in the queue. */
  private waiting = 0;
  /** Items in runs under way. */
  private running = 0;
  private underWay = 0;
  private admitted = 0;
  private scheduled = false;
  private whenIdle: (() => void)[] = [];

  constructor(
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly options: BatcherOptions,
  ) {}

  /** Lets a call in that will have so many items here at one time, until it gives them back. Throws `overloaded`. */
  admit(items: number): () => void {
    const { maxQueue } = this.options;
    if (this.admitted + items > maxQueue) throw overloaded(maxQueue, this.admitted, items);
    this.admitted += items;
    return () => {
      this.admitted -= items;
      if (this.admitted > 0) return;
      for (const resolve of this.whenIdle.splice(0)) resolve();
    };
  }

  /** Items of the calls that are admitted. */
  get pending(): number {
    return this.admitted;
  }

  /** Settles when no call is admitted any more. */
  async idle(): Promise<void> {
    if (this.admitted > 0) await new Promise<void>((resolve) => this.whenIdle.push(resolve));
  }

  /** The results of the items, in their order. Items that still wait when the call is ended go into no run. */
  submit(items: readonly Item[], call: Call): Promise<Result[]> {
    return new Promise((resolve, reject) => {
      this.queue.push(new Entry(items, call, resolve, reject, this.drop));
      this.waiting += items.length;
      this.dispatch(this.options.maxBatch);
      if (this.waiting > 0 && this.underWay < this.room()) this.schedule();
    });
  }

  /**
   * Items that make a batch beside others: a share of all, where every worker has a run under way and another one lined up.
   * With larger batches workers would wait while callers look at their answers.
   */
  private get share(): number {
    const { workers, maxBatch } = this.options;
    const fair = Math.ceil((this.waiting + this.running) / (2 * workers));
    return Math.min(maxBatch, Math.max(WORTHWHILE, fair));
  }

  private room(): number {
    const { workers } = this.options;
    return this.waiting < this.share ? workers : 2 * workers;
  }

  /** Calls that are made one after the other in the same turn still go together. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    const { clock, maxDelay } = this.options;
    if (maxDelay > 0) clock.after(maxDelay, () => this.go());
    else this.look(0);
  }

  /** Beside a run, what is less than a share waits as long as each turn brings more: who was just answered comes again. */
  private look(seen: number): void {
    this.options.clock.soon(() => {
      const { waiting, share, running } = this;
      if (running > 0 && waiting > seen && waiting < share) this.look(waiting);
      else this.go();
    });
  }

  private go(): void {
    this.scheduled = false;
    this.dispatch();
  }

  /** Starts runs as long as there are so many items for one. */
  private dispatch(atLeast = 1): void {
    while (this.waiting >= atLeast && this.underWay < this.room()) void this.runNext();
  }

  private async runNext(): Promise<void> {
    const parts = this.take();
    const items: Item[] = [];
    for (const { entry, start, count } of parts) {
      for (let i = start; i < start + count; i++) items.push(entry.items[i]!);
    }
    this.underWay++;
    this.running += items.length;
    let results: readonly Result[];
    try {
      results = await this.run(items);
    } catch (error) {
      for (const { entry } of parts) entry.reject(error);
      this.ended(items.length);
      return;
    }
    this.ended(items.length);
    let at = 0;
    let answered = 0;
    for (const { entry, start, count } of parts) {
      for (let i = start; i < start + count; i++) entry.results[i] = results[at++]!;
      entry.answered += count;
      if (entry.answered < entry.items.length) continue;
      entry.resolve();
      if (++answered % ANSWERS === 0) await new Promise<void>((resolve) => this.options.clock.soon(resolve));
    }
  }

  /** The next run starts before the answers of the last one are looked at. */
  private ended(items: number): void {
    this.underWay--;
    this.running -= items;
    this.dispatch(this.running > 0 ? this.share : 1);
    if (this.waiting > 0 && this.underWay < this.room()) this.schedule();
  }

  private take(): Part<Item, Result>[] {
    const parts: Part<Item, Result>[] = [];
    const { maxBatch } = this.options;
    // A large call is not cut up.
    const most = this.running > 0 ? Math.min(maxBatch, Math.max(this.share, this.queue[0]!.items.length)) : maxBatch;
    let room = most;
    let emptied = 0;
    for (const entry of this.queue) {
      const { taken: start, items } = entry;
      const count = Math.min(items.length - start, room);
      parts.push({ entry, start, count });
      entry.taken += count;
      room -= count;
      if (entry.taken === items.length) emptied++;
      if (room === 0) break;
    }
    this.queue.splice(0, emptied);
    this.waiting -= most - room;
    return parts;
  }

  /** What of an entry still waits goes into no run. */
  private readonly drop = (entry: Entry<Item, Result>): void => {
    const at = this.queue.indexOf(entry);
    if (at < 0) return;
    this.queue.splice(at, 1);
    this.waiting -= entry.items.length - entry.taken;
  };
}

function overloaded(maxQueue: number, admitted: number, items: number): DenaryError {
  return new DenaryError({
    code: 'overloaded',
    who: 'predict',
    expected: `at most ${maxQueue} images at one time`,
    received: `${items} more than the ${admitted} that have no answer yet`,
    remedy: 'Try again later, or give many images as one array, which counts as one batch.',
  });
}
