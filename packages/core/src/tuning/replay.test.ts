import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hash32 } from '../random.js';
import { decodeReplay, encodeReplay } from './replay.js';
import type { Samples } from './samples.js';

const samples = (count: number, height: number, width: number, slots = 1): Samples => ({
  images: Uint8Array.from({ length: count * height * width }, (_, i) => hash32(1, i) & 255),
  labels: Uint8Array.from({ length: count * slots }, (_, i) => i % 7),
  count,
  height,
  width,
  classes: 7,
  slots,
});

describe('the file of a core set', () => {
  it.each([
    [28, 28],
    [5, 3],
    [1, 1],
    [28, 140, 5],
  ])('comes back with the same labels and shades within a 32nd, %ix%i', async (height, width, slots = 1) => {
    const before = samples(20, height, width, slots);
    const after = await decodeReplay(await encodeReplay(before));
    expect({ ...after, images: 0 }).toEqual({ ...before, images: 0 });
    const worst = Math.max(...after.images.map((pixel, i) => Math.abs(pixel - before.images[i]!)));
    expect(worst).toBeLessThanOrEqual(9);
  });

  it('is the same file after a second round', async () => {
    const file = await encodeReplay(samples(10, 28, 28));
    expect(await encodeReplay(await decodeReplay(file))).toEqual(file);
  });

  it('keeps ground and full ink as they are', async () => {
    const black = { ...samples(1, 2, 2), images: Uint8Array.of(0, 255, 255, 0) };
    expect((await decodeReplay(await encodeReplay(black))).images).toEqual(black.images);
  });

  it('is refused where a byte of it is changed, wherever that is', async () => {
    const file = await encodeReplay(samples(3, 8, 8));
    for (let at = 10; at < file.length; at += 7) {
      const broken = file.slice();
      broken[at]! ^= 0x55;
      await expect(decodeReplay(broken, 'mine'), `byte ${at}`).rejects.toMatchObject({ code: 'bad-data', who: 'mine' });
    }
  });

  it('is refused where it is cut off, empty, or something else', async () => {
    const file = await encodeReplay(samples(3, 8, 8));
    const text = new TextEncoder();
    const inside = gunzipSync(file);
    const others = [
      file.subarray(0, file.length >> 1),
      file.subarray(0, file.length - 1),
      new Uint8Array(0),
      text.encode('{"denary":"replay"}\n'),
      gzipSync('hello'),
      gzipSync('{"denary":"replay"}\n'),
      gzipSync(inside.subarray(0, -1)),
      gzipSync(new Uint8Array([...inside, 0])),
      gzipSync(Uint8Array.from(inside, (byte, i) => (i === inside.indexOf(10) + 1 ? 200 : byte))),
    ];
    for (const [i, bytes] of others.entries()) {
      await expect(decodeReplay(bytes), `file ${i}`).rejects.toMatchObject({ code: 'bad-data' });
    }
  });
});
