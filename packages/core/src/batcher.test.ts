import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Batcher, type BatcherOptions } from './batcher.js';
import { Call, type Clock } from './call.js';
import { DenaryError } from './errors.js';

/** A batcher that doubles numbers, and whose runs end when the test says so. */
function bench(options: Partial<BatcherOptions> = {}) {
  const runs: { items: readonly number[]; finish(error?: Error): void }[] = [];
  const timers: (() => void)[] = [];
  const clock: Clock = {
    soon: (callback) => setImmediate(callback),
    after: (_, callback) => {
      timers.push(callback);
      return () => {};
    },
  };
  const run = (items: readonly number[]) =>
    new Promise<number[]>((resolve, reject) => {
      const finish = (error?: Error) => (error ? reject(error) : resolve(items.map((item) => 2 * item)));
      runs.push({ items, finish });
    });
  const batcher = new Batcher(run, { clock, maxBatch: 4, maxQueue: 100, maxDelay: 0, workers: 1, ...options });
  const submit = (...items: number[]) => batcher.submit(items, new Call());
  return { batcher, runs, timers, submit, sizes: () => runs.map(({ items }) => items.length) };
}

/** Everything that is due has had its turn. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const stop = new DenaryError({ code: 'aborted', who: 'test', expected: 'a', received: 'b', remedy: 'c' });

describe('a batcher', () => {
  it('puts calls of one turn into one run, and gives each its own', async () => {
    const { submit, runs } = bench();
    const answers = Promise.all([submit(1), submit(2, 3)]);
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 2, 3]]);
    runs[0]!.finish();
    expect(await answers).toEqual([[2], [4, 6]]);
  });

  it('keeps what arrives during a run for the next one, which starts at its end', async () => {
    const { submit, runs, sizes } = bench();
    const answers = [submit(1)];
    await turn();
    for (const item of [2, 3, 4]) {
      answers.push(submit(item));
      await turn();
    }
    expect(sizes()).toEqual([1]);
    runs[0]!.finish();
    await turn();
    expect(sizes()).toEqual([1, 3]);
    runs[1]!.finish();
    expect(await Promise.all(answers)).toEqual([[2], [4], [6], [8]]);
  });

  it('splits a large call, and never runs more than maxBatch', async () => {
    const { submit, runs, sizes } = bench({ workers: 9 });
    const answers = Promise.all([submit(0), submit(1, 2, 3, 4, 5, 6, 7, 8, 9), submit(10)]);
    await turn();
    expect(sizes()).toEqual([4, 4, 3]);
    for (const { finish } of runs.toReversed()) finish();
    expect((await answers).flat()).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it('lines a full batch up behind the run under way, and no more', async () => {
    const { submit, sizes } = bench();
    submit(1);
    await turn();
    submit(2, 3, 4);
    await turn();
    expect(sizes()).toEqual([1]);
    submit(5, 6, 7, 8, 9);
    await turn();
    expect(sizes()).toEqual([1, 4]);
  });

  it('lines up a share of many small calls behind each run, and no more', async () => {
    const { submit, sizes, runs } = bench({ maxBatch: 100, workers: 2 });
    submit(0);
    await turn();
    for (let i = 1; i < 64; i++) submit(i);
    await turn();
    // A quarter of all for each: two run, two are lined up.
    expect(sizes()).toEqual([1, 16, 16, 16]);
    runs[0]!.finish();
    runs[1]!.finish();
    await turn();
    expect(sizes()).toEqual([1, 16, 16, 16, 12]);
  });

  it('beside a run, gathers callers who come one turn after the other', async () => {
    const { submit, sizes } = bench({ maxBatch: 100, workers: 2 });
    submit(...Array.from({ length: 40 }, (_, i) => i));
    await turn();
    for (let i = 0; i < 5; i++) {
      submit(i);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await turn();
    expect(sizes()).toEqual([40, 5]);
  });

  it('waits for others where a delay is wanted, but not with a full batch', async () => {
    const { submit, sizes, timers } = bench({ maxDelay: 10, workers: 2 });
    submit(1);
    await turn();
    expect(sizes()).toEqual([]);
    timers[0]!();
    expect(sizes()).toEqual([1]);
    submit(2, 3, 4, 5);
    expect(sizes()).toEqual([1, 4]);
  });

  it('takes the items of an ended call out of the queue', async () => {
    const { batcher, submit, runs } = bench({ maxBatch: 8 });
    const call = new Call();
    const [first, second] = [submit(1), batcher.submit([2, 3], call)];
    const third = submit(4);
    call.end(stop);
    await expect(second).rejects.toBe(stop);
    await turn();
    expect(runs.map(({ items }) => items)).toEqual([[1, 4]]);
    runs[0]!.finish();
    expect(await Promise.all([first, third])).toEqual([[2], [8]]);
    await expect(batcher.submit([5], call)).rejects.toBe(stop);
  });

  it('abandons an ended call in a run, and answers the others', async () => {
    const { batcher, submit, runs } = bench();
    const call = new Call();
    const [first, second] = [submit(1), batcher.submit([2], call)];
    await turn();
    call.end(stop);
    await expect(second).rejects.toBe(stop);
    runs[0]!.finish();
    expect(await first).toEqual([2]);
  });

  it('rejects the calls of a failed run, with what of them waits, and goes on', async () => {
    const { submit, runs, sizes } = bench();
    const [large, other] = [submit(1, 2, 3, 4, 5, 6), submit(7)];
    await turn();
    const failure = new Error('no');
    runs[0]!.finish(failure);
    await expect(large).rejects.toBe(failure);
    await turn();
    expect(sizes()).toEqual([4, 1]);
    runs[1]!.finish();
    expect(await other).toEqual([14]);
  });

  it('refuses a call past its bound at once, and lets it in when there is room', async () => {
    const { batcher } = bench({ maxQueue: 5 });
    const leave = batcher.admit(4);
    expect(() => batcher.admit(2)).toThrow(expect.objectContaining({ code: 'overloaded' }));
    batcher.admit(1);
    leave();
    batcher.admit(4)();
  });

  it('is idle when every call has left', async () => {
    const { batcher } = bench();
    await batcher.idle();
    const leaves = [batcher.admit(1), batcher.admit(2)];
    let idle = false;
    const waiting = batcher.idle().then(() => {
      idle = true;
    });
    leaves[0]!();
    await turn();
    expect(idle).toBe(false);
    leaves[1]!();
    await waiting;
  });

  it('settles every call, whatever fails or is ended, with its own results', async () => {
    const call = fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      fate: fc.constantFrom('answer', 'answer', 'end', 'fail'),
      turns: fc.integer({ min: 0, max: 2 }),
    });
    const settings = { maxBatch: fc.integer({ min: 1, max: 5 }), workers: fc.integer({ min: 1, max: 3 }) };
    const calls = fc.array(call, { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(calls, fc.record(settings), async (calls, { maxBatch, workers }) => {
        const clock: Clock = { soon: (callback) => setImmediate(callback), after: () => () => {} };
        const pause = () => new Promise<void>((resolve) => clock.soon(resolve));
        let underWay = 0;
        const run = async (items: readonly (readonly [number, number])[]) => {
          expect(items.length).toBeLessThanOrEqual(maxBatch);
          expect(++underWay).toBeLessThanOrEqual(2 * workers);
          await pause();
          underWay--;
          if (items.some(([who]) => calls[who]!.fate === 'fail')) throw new Error('failed');
          return items.map(([who, i]) => `${who}.${i}`);
        };
        const batcher = new Batcher(run, { clock, maxBatch, workers, maxQueue: 1000, maxDelay: 0 });
        const answers: Promise<string[]>[] = [];
        for (const [who, { size, fate, turns }] of calls.entries()) {
          const handle = new Call();
          const items = Array.from({ length: size }, (_, i) => [who, i] as const);
          const answer = batcher.submit(items, handle);
          answer.catch(() => {});
          answers.push(answer);
          for (let i = 0; i < turns; i++) await pause();
          if (fate === 'end') handle.end(stop);
        }
        const results = await Promise.allSettled(answers);
        results.forEach((result, who) => {
          const { size, fate } = calls[who]!;
          const expected = Array.from({ length: size }, (_, i) => `${who}.${i}`);
          if (result.status === 'fulfilled') expect(result.value).toEqual(expected);
          else expect([stop.message, 'failed']).toContain(result.reason.message);
          if (fate === 'fail') expect(result.status).toBe('rejected');
        });
      }),
      { numRuns: 100 },
    );
  });
});
