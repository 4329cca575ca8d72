import { describe, expect, it } from 'vitest';
import { DenaryError } from './errors.js';
import type { RemoteSession } from './remote-session.js';
import { SessionPool } from './session-pool.js';

/** A worker that answers when the test says so. */
function fakeWorker() {
  let die: (how: string) => void = () => {};
  const gone = new Promise<string>((resolve) => {
    die = resolve;
  });
  const answers: (() => void)[] = [];
  const worker = {
    ...{ device: 'cpu', inputs: [], outputs: [], closed: false },
    get pending() {
      return answers.length;
    },
    run: () => new Promise((resolve) => answers.push(() => resolve({}))),
    close: async () => {
      worker.closed = true;
      die('exit code 0');
    },
    gone,
  };
  return { worker: worker as unknown as RemoteSession & { closed: boolean }, die, answers };
}

/** No retry comes due in these tests. */
const clock = { after: () => () => {} };

const broken = () => new DenaryError({ code: 'session-failed', who: 'w', expected: 'a', received: 'b', remedy: 'c' });
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A pool of fakes; those at `failing` do not open. */
async function poolOf(size: number, failing: readonly number[] = []) {
  const fakes: ReturnType<typeof fakeWorker>[] = [];
  let opened = 0;
  const lost: string[] = [];
  const open = async () => {
    await turn();
    if (failing.includes(opened++)) throw broken();
    const fake = fakeWorker();
    fakes.push(fake);
    return fake.worker;
  };
  const pool = await SessionPool.open({ size, open, clock, onLost: (how) => lost.push(how) });
  return { pool, fakes, opened: () => opened, lost };
}

describe('a pool', () => {
  it('tells of workers that died, and not of those that it ended', async () => {
    const { pool, fakes, lost } = await poolOf(2);
    fakes[1]!.die('SIGKILL');
    await turn();
    await pool.close();
    expect(lost).toEqual(['SIGKILL']);
  });

  it('gives each run to the worker with the least to do', async () => {
    const { pool, fakes } = await poolOf(3);
    for (let i = 0; i < 6; i++) void pool.run({});
    await turn();
    expect(fakes.map(({ answers }) => answers.length)).toEqual([2, 2, 2]);
  });

  it('replaces a worker that died, and goes on with the others meanwhile', async () => {
    const { pool, fakes, opened } = await poolOf(2);
    fakes[0]!.die('SIGKILL');
    await turn();
    void pool.run({});
    expect(fakes[1]!.answers).toHaveLength(1);
    await turn();
    expect(opened()).toBe(3);
    void pool.run({});
    expect(fakes[2]!.answers).toHaveLength(1);
  });

  it('has runs wait for a replacement, and says why there is none; the next run tries again', async () => {
    const { pool, fakes, opened } = await poolOf(1, [1, 2]);
    fakes[0]!.die('SIGKILL');
    await turn();
    // The first attempt was made when the worker died.
    await expect(pool.run({})).rejects.toMatchObject({ code: 'session-failed' });
    await expect(pool.run({})).rejects.toMatchObject({ code: 'session-failed' });
    const run = pool.run({});
    while (fakes.length < 2 || fakes[1]!.answers.length === 0) await turn();
    fakes[1]!.answers[0]!();
    await run;
    expect(opened()).toBe(4);
  });

  it('opens all of them or none', async () => {
    await expect(poolOf(2, [0])).rejects.toMatchObject({ code: 'session-failed' });
    const fakes: ReturnType<typeof fakeWorker>[] = [];
    const open = async () => {
      if (fakes.length === 2) throw broken();
      fakes.push(fakeWorker());
      return fakes.at(-1)!.worker;
    };
    const opening = SessionPool.open({ size: 3, open, clock });
    await expect(opening).rejects.toMatchObject({ code: 'session-failed' });
    expect(fakes.map(({ worker }) => worker.closed)).toEqual([true, true]);
  });

  it('closes also the replacement that is being opened', async () => {
    const { pool, fakes } = await poolOf(2);
    fakes[0]!.die('SIGKILL');
    await turn();
    await pool.close();
    expect(fakes.map(({ worker }) => worker.closed)).toEqual([false, true, true]);
    await expect(pool.run({})).rejects.toMatchObject({ code: 'closed' });
  });
});
