import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDataset, subset, validationSplit } from './dataset.js';

/** `count` images of 2x3 pixels; every pixel of image i is i, and its label is i % 10. */
function numbered(count: number) {
  const images = Uint8Array.from({ length: count * 6 }, (_, i) => Math.floor(i / 6));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  return createDataset({ name: 'numbered', images, labels, height: 2, width: 3, classes: 10 });
}

/** Which images of numbered() a part holds. */
const numbers = ({ images }: { images: Uint8Array }) => Array.from(images.filter((_, i) => i % 6 === 0));
const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('createDataset', () => {
  const good = {
    name: 'tiny',
    images: new Uint8Array(12),
    labels: Uint8Array.of(1, 9),
    height: 2,
    width: 3,
    classes: 10,
  };

  it('derives the count and keeps the arrays', () => {
    const dataset = createDataset(good);
    expect(dataset).toMatchObject({ count: 2, slots: 1, classes: 10 });
    expect(dataset.images).toBe(good.images);
    expect(createDataset({ ...good, labels: new Uint8Array(10), slots: 5 })).toMatchObject({ count: 2, slots: 5 });
  });

  it.each([
    ['a label of 11', { labels: Uint8Array.of(1, 11) }, /tiny.*0\.\.9.*label 11 at index 1/],
    ['a label equal to classes', { labels: Uint8Array.of(10, 0) }, /label 10 at index 0/],
    ['a label of 11 in a slot', { labels: Uint8Array.of(1, 2, 3, 11), slots: 2 }, /label 11 at index 1, slot 1/],
    ['no sample', { images: new Uint8Array(0), labels: new Uint8Array(0) }, /at least one sample/],
    ['too few images', { labels: new Uint8Array(3) }, /3 images of 2x3, 18 bytes.*12 bytes/],
    ['a label too few for its slots', { labels: new Uint8Array(3), slots: 2 }, /2 labels an image/],
    ['no height', { height: 0 }, /height/],
    ['half a pixel', { width: 2.5 }, /width/],
    ['no slots', { slots: 0 }, /slots/],
    ['more classes than a byte has', { classes: 257 }, /1 to 256 classes/],
  ])('refuses %s', (_, change, message) => {
    expect(() => createDataset({ ...good, ...change })).toThrow(coded('bad-data', message));
  });
});

describe('subset', () => {
  const dataset = numbered(20);

  it('takes a range, and indices that rise by one, without copying', () => {
    for (const part of [
      subset(dataset, { from: 4, to: 7 }),
      subset(dataset, [4, 5, 6]),
      subset(dataset, Uint32Array.of(4, 5, 6)),
    ]) {
      expect(part).toMatchObject({ count: 3, height: 2, width: 3, classes: 10, name: 'numbered' });
      expect(numbers(part)).toEqual([4, 5, 6]);
      expect(Array.from(part.labels)).toEqual([4, 5, 6]);
      expect(part.images.buffer).toBe(dataset.images.buffer);
    }
  });

  it('takes any indices in their order, also twice', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 19 }), { minLength: 1 }), (indices) => {
        const part = subset(dataset, indices);
        expect(numbers(part)).toEqual(indices);
        expect(Array.from(part.labels)).toEqual(indices.map((i) => i % 10));
        expect(part.images.length).toBe(part.count * 6);
      }),
    );
  });

  it('takes all slots of a sample', () => {
    const pairs = createDataset({ ...numbered(3), labels: Uint8Array.of(0, 1, 2, 3, 4, 5), slots: 2 });
    expect(Array.from(subset(pairs, [2, 0]).labels)).toEqual([4, 5, 0, 1]);
    expect(Array.from(subset(pairs, { from: 1, to: 2 }).labels)).toEqual([2, 3]);
  });

  it.each([[[]], [[20]], [[0, -1]], [[0.5]], [{ from: 0, to: 21 }], [{ from: 3, to: 3 }], [{ from: -1, to: 2 }]])(
    'refuses %j',
    (selection) => {
      expect(() => subset(dataset, selection)).toThrow(coded('bad-argument'));
    },
  );
});

describe('validationSplit', () => {
  it('puts each sample into one of two parts that are not empty', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 250 }),
        fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
        fc.integer(),
        (count, fraction, seed) => {
          const { train, validation } = validationSplit(numbered(count), fraction, seed);
          expect(Math.abs(validation.count - fraction * count)).toBeLessThanOrEqual(1);
          expect(Math.min(train.count, validation.count)).toBeGreaterThan(0);
          const all = [...numbers(train), ...numbers(validation)].sort((a, b) => a - b);
          expect(all).toEqual(Array.from({ length: count }, (_, i) => i));
        },
      ),
    );
  });

  it('repeats with its seed and differs with another', () => {
    const held = (seed: number) => numbers(validationSplit(numbered(100), 0.1, seed).validation);
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
    expect(held(1)).toHaveLength(10);
  });

  it.each([0, 1, -0.1, 1.5, Number.NaN])('refuses the fraction %d', (fraction) => {
    expect(() => validationSplit(numbered(10), fraction, 0)).toThrow(coded('bad-argument'));
  });

  it('refuses a single sample', () => {
    expect(() => validationSplit(numbered(1), 0.5, 0)).toThrow(coded('bad-argument'));
  });
});
