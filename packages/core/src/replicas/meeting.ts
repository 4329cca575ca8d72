/**
 * Where threads meet once a step, in shared memory: each puts down its numbers, waits for the others, and reads all of them.
 * A thread that fails says so, and nobody waits for it.
 */

import { problem } from '../errors.js';

/** [arrivals so far, whether somebody failed]. */
const HEADER = 2;
/** How often a thread looks without sleeping: a step's threads come within some microseconds of each other. */
const LOOKS = 2000;
/** Milliseconds of sleep after which a thread looks whether somebody failed. */
const NAP = 1000;

/** For so many threads with so many float32 numbers each: two sets, since one is read while the next is written. */
export const meetingMemory = (threads: number, numbers: number): SharedArrayBuffer =>
  new SharedArrayBuffer(4 * (HEADER + 2 * threads * numbers));

/** Lets those who wait, or will, fail. */
export function callOff(memory: SharedArrayBuffer): void {
  const header = new Int32Array(memory, 0, HEADER);
  Atomics.store(header, 1, 1);
  Atomics.notify(header, 0);
}

export class Meeting {
  private readonly header: Int32Array;
  private readonly numbers: Float32Array;
  private round = 0;

  constructor(
    memory: SharedArrayBuffer,
    private readonly thread: number,
    private readonly threads: number,
  ) {
    this.header = new Int32Array(memory, 0, HEADER);
    this.numbers = new Float32Array(memory, 4 * HEADER);
  }

  /**
   * Hands in this thread's numbers and gives everybody's, thread by thread. Blocks the thread until all have come.
   * Throws `session-failed` where somebody failed.
   */
  exchange(mine: Float32Array): Float32Array {
    const { header, thread, threads } = this;
    const set = (this.round++ % 2) * threads * mine.length;
    this.numbers.set(mine, set + thread * mine.length);
    const expected = this.round * threads;
    if (isReached(Atomics.add(header, 0, 1) + 1, expected)) Atomics.notify(header, 0);
    else this.wait(expected);
    return this.numbers.slice(set, set + threads * mine.length);
  }

  private wait(expected: number): void {
    const { header } = this;
    for (let look = 0; look < LOOKS; look++) if (isReached(Atomics.load(header, 0), expected)) return;
    for (;;) {
      const arrivals = Atomics.load(header, 0);
      if (isReached(arrivals, expected)) return;
      if (Atomics.load(header, 1)) throw somebodyFailed();
      Atomics.wait(header, 0, arrivals, NAP);
    }
  }
}

/** The count of arrivals is an int32 and wraps around. */
const isReached = (arrivals: number, expected: number): boolean => ((arrivals - expected) | 0) >= 0;

const somebodyFailed = () =>
  problem('session-failed', 'Session.run', 'a step of all replicas', 'one that failed', "Look at that one's error.");
