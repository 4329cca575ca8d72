import { Call, type Decoded, problem } from '@denary/core';
import sharp from 'sharp';
import { beforeAll, expect, it, vi } from 'vitest';
import { decoderOf } from './decoder.js';
import { type ImageSource, limitsOf } from './image-source.js';

const SIDE = 1024;
const png = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
/** Of a megapixel each, and wider one by one, by which they are told apart. */
let files: Uint8Array[];
beforeAll(async () => {
  files = await Promise.all([1, 2, 3, 4, 5, 6].map((more) => png(SIDE + more, SIDE)));
});

/** Decodes them all at once with two places, and notes what is there, in its order. */
function decoding(sources: readonly ImageSource[]) {
  const decode = decoderOf(limitsOf(), 2);
  const there: Decoded[] = [];
  const calls = sources.map(() => new Call());
  const all = sources.map(async (source, i) => there.push(await decode(source, calls[i]!)));
  for (const one of all) one.catch(() => {});
  return { decode, there, calls, all };
}

/** Long enough for a small image that is not held up. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 20));
/** Until so many are there, and then long enough for one too many. */
async function atLeast(count: number, there: readonly Decoded[]) {
  await vi.waitFor(() => expect(there.length).toBeGreaterThanOrEqual(count), { interval: 1, timeout: 10_000 });
  await aWhile();
}
const numbers = (images: readonly Decoded[]) => images.map(({ width }) => width - SIDE);

it('holds no more images than it may, whoever asks, until they are freed', async () => {
  const { there, all } = decoding(files);
  for (let freed = 0; freed < 4; freed++) {
    await atLeast(freed + 2, there);
    expect(there).toHaveLength(freed + 2);
    there[freed]!.free!();
  }
  await Promise.all(all);
  expect(numbers(there).sort()).toEqual([1, 2, 3, 4, 5, 6]);
});

it('goes on with the next one where an image is none', async () => {
  const bad = new Uint8Array([1, 2, 3]);
  const { there, all } = decoding([bad, bad, files[0]!, bad, files[1]!]);
  for (const i of [0, 1, 3]) await expect(all[i]).rejects.toMatchObject({ code: 'bad-image' });
  await Promise.all([all[2], all[4]]);
  expect(numbers(there).sort()).toEqual([1, 2]);
});

it('gives the place of a call that was ended to the next', async () => {
  const { there, calls, all } = decoding(files.slice(0, 5));
  await atLeast(2, there);
  const [held, other] = numbers(there);
  const [waiting, ...rest] = [1, 2, 3, 4, 5].filter((number) => number !== held && number !== other);
  const enough = problem('aborted', 'the test', 'an answer', 'a call that was ended', 'Call again.');
  calls[waiting! - 1]!.end(enough);
  await expect(all[waiting! - 1]).rejects.toBe(enough);
  // One that is decoded is held until whoever asked lets it go.
  calls[held! - 1]!.end(enough);
  await aWhile();
  expect(there).toHaveLength(2);
  for (const image of there) image.free!();
  await Promise.all(rest.map((number) => all[number - 1]));
  expect(numbers(there).sort()).toEqual([held, other, ...rest].sort());
});

it('holds many small images at one time: they share the places', async () => {
  const small = await png(28, 28);
  const { there } = decoding([files[0]!, ...Array.from({ length: 50 }, () => small)]);
  await atLeast(51, there);
});

it('passes raw pixels through at once, and lets no image wait for a stream', async () => {
  const never = new ReadableStream<Uint8Array>();
  const { decode, there, calls } = decoding([never, never, never, files[0]!, files[1]!, files[2]!]);
  await atLeast(2, there);
  expect(there).toHaveLength(2);
  const raw = { data: new Uint8Array(4), width: 2, height: 2 };
  expect(decode(raw, new Call())).toEqual({ ...raw, channels: 1 });
  for (const call of calls) call.end(new Error('enough'));
});

it('hands over one image in a turn of the event loop', async () => {
  const decode = decoderOf(limitsOf(), 6);
  let turn = 0;
  let counting = true;
  const count = () => {
    turn++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const turns = await Promise.all(files.map(async (file) => (await decode(file, new Call())) && turn));
  counting = false;
  expect(new Set(turns).size).toBe(files.length);
});
