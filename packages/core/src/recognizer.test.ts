/** How a recognizer shares its thread with others while it decodes and prepares many images. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from './call.js';
import { type Image, toGrey } from './image.js';
import { normalise } from './normalise.js';
import { Recognizer, type RecognizerParts } from './recognizer.js';
import type { Session } from './session.js';

afterEach(() => vi.restoreAllMocks());

const contract = { height: 28, width: 28, slots: 1, classes: 10 };
const blank: Image = { data: new Uint8Array(784), width: 28, height: 28, channels: 1 };
const session: Session = {
  device: 'cpu',
  inputs: [],
  outputs: [],
  run: async ({ image }) => ({
    probabilities: { dtype: 'float32', shape: [image!.shape[0]!, 10], data: new Float32Array(image!.shape[0]! * 10) },
  }),
  writeState: async () => {},
  readState: async () => ({}),
  close: async () => {},
};

const immediate: Clock = { after: () => () => {}, soon: (callback) => setImmediate(callback) };

function recognizerWith(decode: (source: number) => Image | Promise<Image>) {
  const events: string[] = [];
  const clock: Clock = {
    after: () => () => {},
    soon: (callback) => {
      events.push('others');
      setImmediate(callback);
    },
  };
  const noted = (source: number) => {
    events.push(`image ${source}`);
    return decode(source);
  };
  return { recognizer: new Recognizer({ session, contract, clock, decode: noted }), events };
}

it('lets others have their turn between images that take long to decode', async () => {
  let now = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  const { recognizer, events } = recognizerWith(() => {
    now += 3;
    return blank;
  });
  await recognizer.predict([1, 2, 3, 4]);
  expect(events.slice(0, 6)).toEqual(['image 1', 'image 2', 'others', 'image 3', 'image 4', 'others']);
});

it('throws what decoding one of many throws', async () => {
  const { recognizer, events } = recognizerWith(async (source) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (source === 2) throw new Error('damaged');
    return blank;
  });
  await expect(recognizer.predict([1, 2, 3])).rejects.toThrow('damaged');
  expect(events).toEqual(['image 1', 'image 2', 'image 3']);
});

describe('decoded images', () => {
  /** Images of 28x28 pixels, all of the level of their source, which are decoded when the test says so. */
  function decoding(parts: Partial<RecognizerParts<number>> = {}) {
    const pending = new Map<number, () => void>();
    const held = new Set<number>();
    const seen: number[] = [];
    let most = 0;
    const decode = async (source: number) => {
      held.add(source);
      most = Math.max(most, held.size);
      await new Promise<void>((resolve) => pending.set(source, resolve));
      return { ...blank, data: new Uint8Array(784).fill(source), free: () => void held.delete(source) };
    };
    const run: Session['run'] = async (feeds, options) => {
      for (let at = 0; at < feeds.image!.data.length; at += 784) seen.push(Number(feeds.image!.data[at]));
      return session.run(feeds, options);
    };
    const recognizer = new Recognizer<number>({
      ...{ session: { ...session, run }, contract, preprocess: 'none', clock: immediate, decode },
      ...parts,
    });
    const finish = async (source: number) => {
      await vi.waitFor(() => expect(pending.has(source)).toBe(true), { interval: 1 });
      pending.get(source)!();
    };
    return { recognizer, finish, held, seen, most: () => most };
  }

  it('are prepared and let go one by one, few at a time, and answered in their order', async () => {
    const { recognizer, finish, held, seen, most } = decoding({ maxDecodes: 3 });
    const sources = [1, 2, 3, 4, 5, 6, 7, 8];
    const answers = recognizer.predict(sources);
    for (const source of [3, 2, 1, 4, 6, 5, 8, 7]) {
      await finish(source);
      await vi.waitFor(() => expect(held).not.toContain(source), { interval: 1 });
      // None is run before all of its batch are prepared, and yet none of their pixels are kept.
      expect(held.size).toBeLessThanOrEqual(3);
    }
    expect(await answers).toHaveLength(8);
    expect(most()).toBe(3);
    expect(seen).toEqual(sources);
  });

  it('are let go where they cannot be used', async () => {
    const { recognizer, finish, held } = decoding({ contract: { ...contract, width: 29 } });
    for (const predict of [() => recognizer.predict(1), () => recognizer.predict([1])]) {
      const answer = expect(predict()).rejects.toMatchObject({ code: 'bad-image' });
      await finish(1);
      await answer;
      expect(held.size).toBe(0);
    }
  });

  it('are let go where nobody waits for them any more', async () => {
    const { recognizer, finish, held } = decoding();
    const controller = new AbortController();
    const answer = recognizer.predict([1, 2], { signal: controller.signal });
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    for (const source of [1, 2]) await finish(source);
    await vi.waitFor(() => expect(held.size).toBe(0), { interval: 1 });
  });
});

describe('a large image', () => {
  const [width, height] = [1000, 800];
  /** A 1, dark on light. */
  const large: Image = {
    data: Uint8Array.from({ length: width * height }, (_, p) =>
      Math.abs((p % width) - 500) < 30 && Math.abs(Math.floor(p / width) - 400) < 250 ? 20 : 230,
    ),
    ...{ width, height, channels: 1 },
  };

  /** A clock by which all work takes long, so that every band ends a slice. */
  function slowly() {
    let now = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => (now += 3));
    const seen: Uint8Array[] = [];
    const run: Session['run'] = async (feeds, options) => {
      seen.push(Uint8Array.from(feeds.image!.data as Uint8Array));
      return session.run(feeds, options);
    };
    let [turns, waiting, mostWaiting] = [0, 0, 0];
    const clock: Clock = {
      ...immediate,
      soon: (callback) => {
        turns++;
        mostWaiting = Math.max(mostWaiting, ++waiting);
        setImmediate(() => {
          waiting--;
          callback();
        });
      },
    };
    const decode = (image: Image) => image;
    const recognizer = new Recognizer<Image>({ session: { ...session, run }, contract, clock, decode });
    return { recognizer, seen, turns: () => turns, mostWaiting: () => mostWaiting };
  }

  it('is prepared as it is at once, while others have their turns', async () => {
    const { recognizer, seen, turns } = slowly();
    await recognizer.predict(large);
    expect(turns()).toBeGreaterThan(5);
    expect(seen).toEqual([normalise(toGrey(large)).pixels]);
  });

  it('is given up where its call ends', async () => {
    const { recognizer, seen, turns } = slowly();
    const controller = new AbortController();
    const answer = recognizer.predict(large, { signal: controller.signal });
    await vi.waitFor(() => expect(turns()).toBeGreaterThan(1), { interval: 1 });
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: 'aborted' });
    const before = turns();
    await recognizer.predict(blank);
    expect(turns() - before).toBeLessThan(5);
    expect(seen).toHaveLength(1);
  });

  it('is worked on while no other one is, whose slices would add up', async () => {
    const { recognizer, mostWaiting } = slowly();
    await Promise.all(Array.from({ length: 5 }, () => recognizer.predict(large)));
    // One waits for its next slice, and the batch of those before it for their run.
    expect(mostWaiting()).toBeLessThanOrEqual(2);
  });

  it('is read while others have their turns', async () => {
    const { recognizer, turns } = slowly();
    const { lines } = await recognizer.read(large);
    expect(lines).toHaveLength(1);
    expect(turns()).toBeGreaterThan(50);
  });
});

it('feeds shared memory that is used again, and only when no run reads it any more', async () => {
  const fed: { buffer: ArrayBufferLike; first: number }[] = [];
  const finish: (() => void)[] = [];
  const reading: Session = {
    ...session,
    run: async (feeds, options) => {
      const { data } = feeds.image!;
      fed.push({ buffer: data.buffer, first: Number(data[0]) });
      await new Promise<void>((resolve) => finish.push(resolve));
      return session.run(feeds, options);
    },
  };
  const parts = {
    contract,
    clock: immediate,
    decode: (image: Image) => image,
    sharedMemory: true,
    preprocess: 'none' as const,
  };
  const recognizer = new Recognizer({ ...parts, session: reading, workers: 2, batchSize: 1 });
  const image = (level: number): Image => ({ ...blank, data: new Uint8Array(784).fill(level) });
  const both = [recognizer.predict(image(1)), recognizer.predict(image(2))];
  await vi.waitFor(() => expect(finish).toHaveLength(2));
  for (const end of finish) end();
  await Promise.all(both);
  const third = recognizer.predict(image(3));
  await vi.waitFor(() => expect(finish).toHaveLength(3));
  finish[2]!();
  await third;
  expect(fed.map(({ first }) => first)).toEqual([1, 2, 3]);
  expect(fed[0]!.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(fed[1]!.buffer).not.toBe(fed[0]!.buffer);
  expect(fed.slice(0, 2).map(({ buffer }) => buffer)).toContain(fed[2]!.buffer);
});
