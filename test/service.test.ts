/** What a busy service relies on: many calls at once, each settled, whatever becomes of the others or of a worker. */

import type { ChildProcess } from 'node:child_process';
import type { Image, Recognizer } from '@denary/core';
import { createRecognizer, type ImageSource, type RecognizerOptions, workerMemory } from '@denary/runtime-node';
import { type Dataset, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { beforeAll, describe, expect, it } from 'vitest';

let test: Dataset;
beforeAll(async () => {
  test = subset(await loadDataset('mnist', 'test'), { from: 0, to: 1000 });
});

const image = (index: number): Image => ({
  data: test.images.subarray((index % 1000) * 784, ((index % 1000) + 1) * 784),
  width: 28,
  height: 28,
  channels: 1,
});
const images = (count: number) => Array.from({ length: count }, (_, i) => image(i));

/** Runs a test on a recognizer of raw pixels, and closes it. */
async function using(options: RecognizerOptions, work: (recognizer: Recognizer<ImageSource>) => Promise<void>) {
  const recognizer = await createRecognizer({ model: 'mlp', device: 'cpu', preprocess: 'none', ...options });
  try {
    await work(recognizer);
  } finally {
    await recognizer.close();
  }
}

const codes = (results: readonly PromiseSettledResult<unknown>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? 'answered' : result.reason.code));

describe.each(['none', 'thread', 'process'] as const)('isolation %s', (isolation) => {
  it('gives each of many calls its own answer, the same as in one batch', () =>
    using({ isolation }, async (recognizer) => {
      const together = await recognizer.predict(images(700));
      const single = await Promise.all(images(700).map((one) => recognizer.predict(one)));
      const digits = (list: typeof single) => list.map(({ digit }) => digit);
      expect(digits(single)).toEqual(digits(together));
      const right = digits(single).filter((digit, i) => digit === test.labels[i]);
      expect(right.length).toBeGreaterThan(650);
      expect(recognizer.info).toMatchObject({ isolation, workers: isolation === 'none' ? 0 : 1, device: 'cpu' });
    }));

  it('tells of its runs, and of what has no answer yet', async () => {
    const runs: number[] = [];
    await using({ isolation, batchSize: 100, onRun: (count) => runs.push(count) }, async (recognizer) => {
      const calls = [recognizer.predict(images(250)), recognizer.predict(image(0))];
      expect(recognizer.pending).toBe(101);
      await Promise.all(calls);
      expect(recognizer.pending).toBe(0);
    });
    expect(runs.reduce((sum, count) => sum + count)).toBe(251);
    expect(Math.max(...runs)).toBe(100);
  });

  it('lets a bad image fail its own call alone', () =>
    using({ isolation }, async (recognizer) => {
      const bad = { ...image(1), width: 27 };
      const calls = Array.from({ length: 50 }, (_, i) => recognizer.predict(i % 10 === 3 ? bad : image(i)));
      const settled = Promise.allSettled(calls);
      const among = recognizer.predict([...images(300), bad, ...images(300)]);
      await expect(among).rejects.toMatchObject({ code: 'bad-image', who: 'predict: image 300' });
      const results = codes(await settled);
      expect(results).toEqual(results.map((_, i) => (i % 10 === 3 ? 'bad-image' : 'answered')));
    }));

  it('refuses calls past its bound at once, and serves on', () =>
    using({ isolation, maxQueue: 8 }, async (recognizer) => {
      const results = await Promise.allSettled(images(20).map((one) => recognizer.predict(one)));
      expect(codes(results)).toEqual([...Array(8).fill('answered'), ...Array(12).fill('overloaded')]);
      expect(await recognizer.predict(images(300))).toHaveLength(300);
      await recognizer.predict(image(0));
    }));

  it('gives an ended call up, whether it waits or is under way, and answers the others', () =>
    using({ isolation, model: 'cnn', batchSize: 64 }, async (recognizer) => {
      const stop = new AbortController();
      const late = AbortSignal.abort();
      const calls = [
        recognizer.predict(images(64)),
        recognizer.predict(image(0), { signal: stop.signal }),
        recognizer.predict(images(500), { signal: stop.signal }),
        recognizer.predict(image(1), { signal: late }),
        recognizer.predict(images(500), { timeout: 1 }),
        recognizer.predict(image(2), { timeout: 60_000 }),
      ];
      setImmediate(() => stop.abort());
      const expected = ['answered', 'aborted', 'aborted', 'aborted', 'timeout', 'answered'];
      expect(codes(await Promise.allSettled(calls))).toEqual(expected);
    }));

  it('answers what was asked before it was closed, and nothing after', async () => {
    const recognizer = await createRecognizer({ model: 'mlp', isolation });
    const before = [...images(300).map((one) => recognizer.predict(one)), recognizer.predict(images(300))];
    const closed = recognizer.close();
    const after = recognizer.predict(image(0));
    await expect(after).rejects.toMatchObject({ code: 'closed' });
    await closed;
    await recognizer.close();
    expect(new Set(codes(await Promise.allSettled(before)))).toEqual(new Set(['answered']));
  });

  it('works beside another one', () =>
    using({ isolation }, (mlp) =>
      using({ isolation, model: 'cnn', workers: 2 }, async (cnn) => {
        const answers = await Promise.all(
          [...images(40), ...images(40)].flatMap((one) => [mlp, cnn].map((r) => r.predict(one))),
        );
        expect(answers).toHaveLength(160);
        expect(cnn.info.workers).toBe(isolation === 'none' ? 0 : 2);
      }),
    ));

  it('is closed at the end of its block', async () => {
    let kept: Recognizer<ImageSource>;
    {
      await using recognizer = await createRecognizer({ model: 'mlp', isolation });
      kept = recognizer;
      await recognizer.predict(image(0));
    }
    await expect(kept.predict(image(0))).rejects.toMatchObject({ code: 'closed' });
  });

  it('says what is wrong with a model or a device', async () => {
    const elsewhere = createRecognizer({ device: 'wasm' as 'cpu', isolation });
    await expect(elsewhere).rejects.toMatchObject({ code: 'device-unavailable' });
    await expect(createRecognizer({ workers: 0, isolation })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(createRecognizer({ maxDelay: -1, isolation })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

it.each(['thread', 'process'] as const)('isolation %s leaves the event loop free', (isolation) =>
  using({ isolation, model: 'cnn' }, async (recognizer) => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    // Alone, one run of it would be one long block.
    await recognizer.predict(images(1000));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(20);
  }),
);

it('a delay that is wanted brings calls together', () =>
  using({ maxDelay: 50 }, async (recognizer) => {
    const first = recognizer.predict(image(0));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await Promise.all([first, recognizer.predict(image(1))])).toHaveLength(2);
  }));

const children = () =>
  (process as unknown as { _getActiveHandles(): object[] })
    ._getActiveHandles()
    .filter((handle): handle is ChildProcess => handle.constructor.name === 'ChildProcess');

describe('a worker process that is killed under load', () => {
  it.each([1, 2])('is replaced, of %i, and no call is left hanging', (workers) =>
    using({ isolation: 'process', model: 'cnn', workers }, async (recognizer) => {
      let done = 0;
      const caller = async () => {
        for (let i = 0; i < 40; i++) {
          await recognizer.predict(image(done));
          done++;
        }
      };
      const callers = Promise.allSettled(Array.from({ length: 32 }, caller));
      const killed = new Set<number>();
      for (const target of [100, 600]) {
        while (done < target) await new Promise((resolve) => setTimeout(resolve, 1));
        const victim = children().find(({ pid }) => !killed.has(pid!))!;
        killed.add(victim.pid!);
        process.kill(victim.pid!, 'SIGKILL');
      }
      // Each run was tried once more, on a worker that lived.
      expect(new Set(codes(await callers))).toEqual(new Set(['answered']));
      expect(done).toBe(32 * 40);
      expect(await recognizer.predict(images(300))).toHaveLength(300);
    }),
  );

  it('rejects calls that cost two workers their lives, and serves on', () =>
    using({ isolation: 'process', model: 'cnn' }, async (recognizer) => {
      const call = recognizer.predict(images(128));
      let killed = 0;
      const killer = setInterval(() => {
        for (const child of children()) if (child.kill('SIGKILL')) killed++;
      }, 1);
      await expect(call).rejects.toMatchObject({ code: 'worker-lost', remedy: expect.stringMatching(/.{10}/) });
      clearInterval(killer);
      expect(killed).toBeGreaterThan(1);
      expect((await recognizer.predict(image(0))).digit).toBe(7);
    }));
});

describe.skipIf(process.platform === 'win32')('a worker process that hangs', () => {
  /** Has the only worker stopped in the middle of a call. */
  const stopped = async (recognizer: Recognizer<ImageSource>) => {
    const call = recognizer.predict(images(5000));
    // Processes of which nothing is awaited are not found.
    while (children().length === 0) await new Promise((resolve) => setImmediate(resolve));
    const [child] = children();
    child!.kill('SIGSTOP');
    return { call, child: child! };
  };

  it('is killed and replaced, and its calls are tried once more', async () => {
    const lost: string[] = [];
    const options = { runTimeout: 300, onWorkerLost: (how: string) => lost.push(how) };
    await using({ isolation: 'process', ...options }, async (recognizer) => {
      const { call } = await stopped(recognizer);
      expect((await call)[0]!.digit).toBe(7);
      expect(lost).toEqual([expect.stringMatching(/killed.*nothing for 0.3 s/)]);
    });
  });

  it('is killed where it keeps a recognizer from closing', async () => {
    const recognizer = await createRecognizer({ model: 'mlp', isolation: 'process', runTimeout: 300 });
    const { call, child } = await stopped(recognizer);
    await recognizer.close();
    expect(child.signalCode).toBe('SIGKILL');
    expect(await call).toHaveLength(5000);
  });

  it('is killed at once when the caller says so, and no other one starts', async () => {
    const ending = new AbortController();
    const recognizer = await createRecognizer({ model: 'mlp', isolation: 'process', kill: ending.signal });
    const { call, child } = await stopped(recognizer);
    ending.abort();
    await expect(call).rejects.toMatchObject({
      code: 'worker-lost',
      received: expect.stringMatching(/none is started/),
    });
    await recognizer.close();
    expect(child.signalCode).toBe('SIGKILL');
  });
});

it.each([0, -1, Number.NaN, 2 ** 31])('refuses %d as a runTimeout', async (runTimeout) => {
  await expect(createRecognizer({ runTimeout })).rejects.toMatchObject({ code: 'bad-argument' });
});

it.skipIf(process.platform !== 'linux')('tells what worker processes hold in memory', async () => {
  expect(workerMemory()).toBe(0);
  await using({ isolation: 'process' }, async () => {
    expect(workerMemory()).toBeGreaterThan(10 * 2 ** 20);
  });
  expect(workerMemory()).toBe(0);
});
