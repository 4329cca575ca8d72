import { gzipSync } from 'node:zlib';
import { DenaryError } from '@denary/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { datasetFromIdx, decodeIdx, encodeIdx, gunzipIfNeeded } from './idx.js';

const badData = (message = /./) =>
  expect.objectContaining({ code: 'bad-data', message: expect.stringMatching(message) });
const anyIdx = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  return fc.record({ shape: fc.constant(shape), data: fc.uint8Array({ minLength: length, maxLength: length }) });
});

/** The error of decoding, which may be a DenaryError or none, and nothing else. */
function decodeSafely(bytes: Uint8Array): DenaryError | undefined {
  try {
    decodeIdx(bytes, 'test');
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DenaryError);
    return error as DenaryError;
  }
}

describe('decodeIdx', () => {
  it('reads what encodeIdx writes', () => {
    fc.assert(
      fc.property(anyIdx, ({ shape, data }) => {
        expect(decodeIdx(encodeIdx(shape, data), 'test')).toEqual({ shape, data });
      }),
    );
  });

  it('reads the header as the format says, and gives a view on the bytes', () => {
    // Behind three other bytes, so that a view that forgets its offset is seen.
    const file = Uint8Array.of(9, 9, 9, 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6).subarray(3);
    const { shape, data } = decodeIdx(file, 'test');
    expect(shape).toEqual([2, 3]);
    expect(Array.from(data)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(data.buffer).toBe(file.buffer);
    expect(decodeIdx(Buffer.from(file), 'test').data.constructor).toBe(Uint8Array);
  });

  it('refuses every truncation and every byte too many', () => {
    fc.assert(
      fc.property(anyIdx, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), ({ shape, data }, cut, tail) => {
        const file = encodeIdx(shape, data);
        expect(decodeSafely(file.subarray(0, cut % file.length))).toMatchObject({ code: 'bad-data' });
        expect(decodeSafely(Uint8Array.from([...file, ...tail]))).toMatchObject({ code: 'bad-data' });
      }),
    );
  });

  it('never does anything but return or throw a DenaryError, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeSafely(bytes)));
    const headed = fc.uint8Array({ maxLength: 64 }).map((bytes) => Uint8Array.from([0, 0, 8, ...bytes]));
    fc.assert(fc.property(headed, (bytes) => void decodeSafely(bytes)));
  });

  it.each([
    ['nothing', [], /00 00 08/],
    ['another magic', [0x50, 0x4b, 3, 4], /"50 4b 03 04"/],
    ['floats', [0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0], /unsigned bytes.*"00 00 0d 01"/],
    ['no dimension', [0, 0, 8, 0, 7], /"00 00 08 00"/],
    ['half a header', [0, 0, 8, 3, 0, 0, 0, 1], /header of 16 bytes.*8 bytes/],
    [
      'a header that claims 16 exabytes',
      [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1],
      /4294967295,4294967295/,
    ],
    // 2^16 * 2^16 would be 0 in 32-bit arithmetic, and so would fit a file without elements.
    ['a product that would wrap to nothing', [0, 0, 8, 2, 0, 1, 0, 0, 0, 1, 0, 0], /65536,65536/],
    ['255 dimensions of 2^32-1', [0, 0, 8, 255, ...new Array(1020).fill(255)], /Infinity bytes/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => decodeIdx(Uint8Array.from(bytes), 'some.idx')).toThrow(badData(message));
    expect(() => decodeIdx(Uint8Array.from(bytes), 'some.idx')).toThrow(/^some\.idx: /);
  });
});

describe('encodeIdx', () => {
  it.each([
    [[2, 2], 3],
    [[], 1],
    [[2 ** 32], 0],
    [[-1], 1],
    [[1.5], 1],
  ])('refuses the shape %j with %i bytes', (shape, length) => {
    expect(() => encodeIdx(shape, new Uint8Array(length))).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});

describe('gunzipIfNeeded', () => {
  it('unpacks gzip and passes the rest through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        fc.pre(bytes[0] !== 0x1f);
        expect(await gunzipIfNeeded(bytes, 3000, 'test')).toBe(bytes);
        expect(await gunzipIfNeeded(gzipSync(bytes), bytes.length, 'test')).toEqual(bytes);
      }),
    );
  });

  it('stops at the limit, packed or not', async () => {
    const bomb = gzipSync(new Uint8Array(50_000_000));
    expect(bomb.length).toBeLessThan(60_000);
    await expect(gunzipIfNeeded(bomb, 1000, 'bomb.gz')).rejects.toThrow(
      badData(/^bomb\.gz: expected at most 1000 bytes/),
    );
    await expect(gunzipIfNeeded(gzipSync(new Uint8Array(1001)), 1000, 'a.gz')).rejects.toThrow(badData());
    await expect(gunzipIfNeeded(new Uint8Array(1001), 1000, 'a')).rejects.toThrow(badData());
  });

  it('refuses every truncation, and damage', async () => {
    const whole = gzipSync(Uint8Array.from({ length: 500 }, (_, i) => (i * i) % 251));
    for (let length = 2; length < whole.length; length++) {
      await expect(gunzipIfNeeded(whole.subarray(0, length), 1e6, 'cut.gz'), `${length} bytes`).rejects.toThrow(
        badData(/cut\.gz/),
      );
    }
    const damaged = Uint8Array.from(whole);
    damaged[100] = (damaged[100] ?? 0) ^ 1;
    await expect(gunzipIfNeeded(damaged, 1e6, 'test')).rejects.toThrow(badData(/whole gzip/));
  });
});

describe('datasetFromIdx', () => {
  const images = encodeIdx(
    [3, 2, 2],
    Uint8Array.from({ length: 12 }, (_, i) => i),
  );
  const labels = encodeIdx([3], Uint8Array.of(7, 2, 1));

  it('makes a data set of single digits or of several an image', () => {
    const dataset = datasetFromIdx({ name: 'tiny', images, labels, classes: 10 });
    expect(dataset).toMatchObject({ name: 'tiny', count: 3, height: 2, width: 2, classes: 10, slots: 1 });
    expect(Array.from(dataset.labels)).toEqual([7, 2, 1]);
    const strings = datasetFromIdx({
      name: 'tiny',
      images,
      labels: encodeIdx([3, 5], new Uint8Array(15)),
      classes: 11,
    });
    expect(strings).toMatchObject({ count: 3, slots: 5 });
  });

  it.each([
    ['one label too few', images, encodeIdx([2], Uint8Array.of(1, 2)), /labels for 3 images.*labels for 2/],
    ['images without a width', encodeIdx([3, 4], new Uint8Array(12)), labels, /\[count, height, width\].*\[3,4\]/],
    ['coloured images', encodeIdx([1, 2, 2, 3], new Uint8Array(12)), labels, /\[1,2,2,3\]/],
    ['labels of rank 3', images, encodeIdx([3, 1, 1], new Uint8Array(3)), /\[count, slots\]/],
    ['labels without slots', images, encodeIdx([3, 0], new Uint8Array(0)), /slots/],
    ['no image', encodeIdx([0, 2, 2], new Uint8Array(0)), encodeIdx([0], new Uint8Array(0)), /at least one sample/],
    ['the files exchanged', labels, images, /tiny images/],
    ['a label of 11', images, encodeIdx([3], Uint8Array.of(1, 11, 2)), /label 11 at index 1/],
  ])('refuses %s', (_, wrongImages, wrongLabels, message) => {
    const files = { name: 'tiny', images: wrongImages, labels: wrongLabels, classes: 10 };
    expect(() => datasetFromIdx(files)).toThrow(badData(message));
  });
});
