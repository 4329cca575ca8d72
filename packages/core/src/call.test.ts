import { describe, expect, it } from 'vitest';
import { type Call, type Clock, limited } from './call.js';

/** Timers that go off when the test says so. */
function fakeClock() {
  const timers = new Set<() => void>();
  const clock: Clock = {
    soon: (callback) => setImmediate(callback),
    after: (_, callback) => {
      timers.add(callback);
      return () => timers.delete(callback);
    },
  };
  return { clock, timers };
}

/** A signal that counts who listens. */
const fakeSignal = () => {
  const listeners = new Set<() => void>();
  return {
    aborted: false,
    listeners,
    addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
    removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
  };
};

const never = () => new Promise<never>(() => {});

describe('limited', () => {
  it('gives what the work gives, and leaves no timer or listener behind', async () => {
    const { clock, timers } = fakeClock();
    const signal = fakeSignal();
    const answer = limited(async () => 7, { signal, timeout: 100 }, clock, 'test');
    expect([timers.size, signal.listeners.size]).toEqual([1, 1]);
    expect(await answer).toBe(7);
    expect([timers.size, signal.listeners.size]).toEqual([0, 0]);
    const failing = limited(() => Promise.reject(new Error('no')), { signal, timeout: 100 }, clock, 'test');
    await expect(failing).rejects.toThrow('no');
    expect([timers.size, signal.listeners.size]).toEqual([0, 0]);
  });

  it('rejects at the signal, with its reason, and tells the work', async () => {
    const { clock, timers } = fakeClock();
    const controller = new AbortController();
    let call: Call | undefined;
    const told: unknown[] = [];
    const work = (given: Call) => {
      call = given;
      given.add({ ended: (error) => told.push(error) });
      return never();
    };
    const answer = limited(work, { signal: controller.signal, timeout: 100 }, clock, 'test');
    const reason = new Error('gone');
    controller.abort(reason);
    await expect(answer).rejects.toMatchObject({ code: 'aborted', who: 'test', cause: reason });
    expect(told).toEqual([expect.objectContaining({ code: 'aborted' })]);
    expect(() => call!.requireGoing()).toThrow(expect.objectContaining({ code: 'aborted' }));
    expect(timers.size).toBe(0);
  });

  it('listens to a signal once, however many calls it may end', async () => {
    const { clock } = fakeClock();
    const signal = fakeSignal();
    const work = () => new Promise<void>((resolve) => setImmediate(resolve));
    const calls = Array.from({ length: 20 }, () => limited(work, { signal }, clock, 'test'));
    expect(signal.listeners.size).toBe(1);
    await Promise.all(calls);
    expect(signal.listeners.size).toBe(0);
  });

  it('ends every call that listens to a signal', async () => {
    const controller = new AbortController();
    const calls = Array.from({ length: 20 }, () => limited(never, controller, fakeClock().clock, 'test'));
    controller.abort();
    const results = await Promise.allSettled(calls);
    expect(new Set(results.map((result) => result.status === 'rejected' && result.reason.code))).toEqual(
      new Set(['aborted']),
    );
  });

  it('rejects when the time is up', async () => {
    const { clock, timers } = fakeClock();
    const answer = limited(never, { timeout: 20 }, clock, 'test');
    for (const expire of timers) expire();
    await expect(answer).rejects.toMatchObject({ code: 'timeout', message: expect.stringContaining('within 20 ms') });
  });

  it('begins no work where the signal was given before', async () => {
    const { clock } = fakeClock();
    let begun = false;
    const work = async () => {
      begun = true;
    };
    const answer = limited(work, { signal: AbortSignal.abort() }, clock, 'test');
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    expect(begun).toBe(false);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('refuses a time-out of %s', async (timeout) => {
    const answer = limited(never, { timeout }, fakeClock().clock, 'test');
    await expect(answer).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
