/** How a recognizer shares its thread with others while it decodes and prepares many images. */
import { afterEach, expect, it, vi } from 'vitest';
import type { Clock } from './call.js';
import type { Image } from './image.js';
import { Recognizer } from './recognizer.js';
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

it('decodes all at a time that take others to decode, and throws what one of them throws', async () => {
  const { recognizer, events } = recognizerWith(async (source) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (source === 2) throw new Error('damaged');
    return blank;
  });
  await expect(recognizer.predict([1, 2, 3])).rejects.toThrow('damaged');
  expect(events).toEqual(['image 1', 'image 2', 'image 3']);
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
  const clock: Clock = { after: () => () => {}, soon: (callback) => setImmediate(callback) };
  const parts = { contract, clock, decode: (image: Image) => image, sharedMemory: true, preprocess: 'none' as const };
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
