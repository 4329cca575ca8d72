import type { WorkerPort } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { watched } from './watched.js';

/** A port whose worker says and does what the test wants, watched with looks that come when it wants. */
function watchedWorker() {
  let say: (message: unknown) => void = () => {};
  let end: (how: string) => void = () => {};
  const looks: (() => void)[] = [];
  const told: boolean[] = [];
  const held: boolean[] = [];
  const bare: WorkerPort = {
    post: () => {},
    listen: (listener) => {
      say = listener;
    },
    hold: (awaited) => held.push(awaited),
    gone: new Promise((resolve) => {
      end = resolve;
    }),
  };
  const periods: number[] = [];
  const after = (milliseconds: number, look: () => void) => {
    periods.push(milliseconds);
    looks.push(look);
    return () => {};
  };
  const port = watched(bare, { patience: 400, clock: { after }, onStuck: (stuck) => told.push(stuck) });
  port.listen(() => {});
  const look = (times: number) => {
    for (let i = 0; i < times; i++) looks.shift()?.();
  };
  return { port, look, say: () => say('answer'), end: () => end('exit code 0'), told, held, periods, looks };
}

/** One that has opened its model. */
function opened() {
  const worker = watchedWorker();
  worker.port.hold(true);
  worker.say();
  worker.port.hold(false);
  worker.look(1);
  return worker;
}

describe('a watched worker', () => {
  it('is stuck when for as long as it may take, and up to a quarter more, nothing has come', () => {
    const { port, look, told, periods } = opened();
    port.hold(true);
    look(4);
    expect(told).toEqual([]);
    look(1);
    expect(told).toEqual([true]);
    look(3);
    expect(told).toEqual([true]);
    expect(new Set(periods)).toEqual(new Set([100]));
  });

  it('is not stuck while answers come, however many are awaited', () => {
    const { port, look, say, told } = opened();
    port.hold(true);
    for (let i = 0; i < 5; i++) {
      look(4);
      say();
    }
    expect(told).toEqual([]);
  });

  it('is no longer stuck when it answers after all, or is gone', async () => {
    const { port, look, say, end, told } = opened();
    port.hold(true);
    look(5);
    say();
    expect(told).toEqual([true, false]);
    look(5);
    expect(told).toEqual([true, false, true]);
    end();
    await port.gone;
    expect(told).toEqual([true, false, true, false]);
  });

  it('is not looked at while nothing is awaited of it', () => {
    const { port, look, say, told, held, looks } = opened();
    expect(looks).toHaveLength(0);
    port.hold(true);
    port.hold(false);
    look(9);
    expect(looks).toHaveLength(0);
    // The time from before counts for nothing.
    port.hold(true);
    look(4);
    expect(told).toEqual([]);
    say();
    expect(held).toEqual([true, false, true, false, true]);
  });

  it('may take two minutes to open its model', () => {
    const { port, look, told } = watchedWorker();
    port.hold(true);
    look(1200);
    expect(told).toEqual([]);
    look(1);
    expect(told).toEqual([true]);
  });
});
