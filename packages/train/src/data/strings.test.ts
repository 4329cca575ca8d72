import { describe, expect, it } from 'vitest';
import { createDataset, type Dataset } from './dataset.js';
import { makeStrings } from './strings.js';

const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const labelsOf = ({ labels }: Dataset, i: number) => Array.from(labels.subarray(5 * i, 5 * i + 5));
const imageOf = ({ images }: Dataset, i: number) => images.subarray(i * 28 * 140, (i + 1) * 28 * 140);

/** Each image is one grey on all of its pixels, and its label says which: 20 times the label and 10. */
function plates(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10);
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => 10 + 20 * labels[Math.floor(i / 784)]!);
  return createDataset({ name: 'plates', images, labels, height: 28, width: 28, classes: 10 });
}

describe('makeStrings', () => {
  const digits = plates(1000);
  const strings = makeStrings(digits, { seed: 3 });

  it('makes runs of 3 to 5 digits until they are used up', () => {
    expect(strings).toMatchObject({ height: 28, width: 140, classes: 11, slots: 5 });
    const lengths = Array.from({ length: strings.count }, (_, i) => labelsOf(strings, i).filter((x) => x < 10).length);
    expect([...new Set(lengths)].sort()).toEqual([3, 4, 5]);
    for (const length of [3, 4, 5]) {
      expect(lengths.filter((item) => item === length).length / strings.count).toBeCloseTo(1 / 3, 1);
    }
    const used = lengths.reduce((sum, length) => sum + length, 0);
    expect(used).toBeGreaterThan(1000 - 5);
    expect(used).toBeLessThanOrEqual(1000);
  });

  it('puts blanks at the left and the digits in the order of their labels', () => {
    for (let i = 0; i < strings.count; i++) {
      const labels = labelsOf(strings, i);
      const run = labels.filter((label) => label < 10);
      expect(labels).toEqual([...new Array(5 - run.length).fill(10), ...run]);
      // The middle of each digit's share of the width has the digit's grey, however it is tilted and stretched.
      const share = 140 / run.length;
      const greys = run.map((_, place) => imageOf(strings, i)[14 * 140 + Math.floor((place + 0.5) * share)]);
      expect(greys).toEqual(run.map((label) => 10 + 20 * label));
    }
  });

  it('uses each digit once', () => {
    const all = makeStrings(digits, { lengths: [1, 1] });
    expect(all.count).toBe(1000);
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 1000; i++) counts[labelsOf(all, i)[4]!]++;
    expect(counts).toEqual(new Array(10).fill(100));
  });

  it('takes other lengths and counts', () => {
    const one = makeStrings(digits, { lengths: [1, 5], seed: 1 });
    const lengths = Array.from({ length: one.count }, (_, i) => labelsOf(one, i).filter((x) => x < 10).length);
    expect([...new Set(lengths)].sort()).toEqual([1, 2, 3, 4, 5]);
    const few = makeStrings(digits, { count: 9, seed: 3 });
    expect(few.count).toBe(9);
    expect(Buffer.from(few.images).equals(strings.images.subarray(0, few.images.length))).toBe(true);
    expect(few.labels).toEqual(strings.labels.subarray(0, 45));
  });

  it('repeats with its seed and differs with another', () => {
    const [again, other] = [makeStrings(digits, { seed: 3 }), makeStrings(digits, { seed: 4 })];
    expect(Buffer.from(again.images).equals(strings.images)).toBe(true);
    expect(again.labels).toEqual(strings.labels);
    expect(other.labels).not.toEqual(strings.labels);
  });

  it('tilts each digit by a whole angle in [-15, 15), either way', () => {
    // A vertical bar: where it is above and below the middle tells the angle. Five digits are not stretched.
    const images = Uint8Array.from({ length: 3000 * 784 }, (_, i) => (i % 28 === 13 || i % 28 === 14 ? 255 : 0));
    const bars = createDataset({ ...plates(3000), images });
    const five = makeStrings(bars, { lengths: [5, 5] });
    const angles = new Map<number, number>();
    for (let i = 0; i < five.count; i++) {
      for (let slot = 0; slot < 5; slot++) {
        const centre = (y: number) => {
          const row = imageOf(five, i).subarray(y * 140 + slot * 28, y * 140 + slot * 28 + 28);
          return row.reduce((sum, pixel, x) => sum + pixel * x, 0) / row.reduce((sum, pixel) => sum + pixel, 0);
        };
        // Counterclockwise: the upper end goes left.
        const angle = (Math.atan2(centre(23) - centre(4), 19) * 180) / Math.PI;
        angles.set(Math.round(angle), (angles.get(Math.round(angle)) ?? 0) + 1);
        expect(Math.abs(angle - Math.round(angle))).toBeLessThan(0.2);
      }
    }
    expect([...angles.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i - 15));
    for (const count of angles.values()) expect(count).toBeGreaterThan(60);
  });

  it('stretches as bilinear resizing with half-pixel centres does', () => {
    const all = makeStrings(digits, { lengths: [1, 5] });
    for (let i = 0; i < all.count; i++) {
      const run = labelsOf(all, i).filter((label) => label < 10);
      // The middle row of a plate is nearly the same however it is tilted.
      const grey = (x: number) => 10 + 20 * run[Math.floor(Math.min(Math.max(x, 0), 28 * run.length - 1) / 28)]!;
      const expected = Array.from({ length: 140 }, (_, x) => {
        const place = ((x + 0.5) * run.length) / 5 - 0.5;
        const left = Math.floor(place + 1e-9);
        const weight = place - left;
        return grey(left) * (1 - weight) + grey(left + 1) * weight;
      });
      const row = imageOf(all, i).subarray(14 * 140, 15 * 140);
      expect(Math.max(...expected.map((value, x) => Math.abs(value - row[x]!)))).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    ['more strings than there are digits for', { count: 334 }, /as count, received 334/],
    ['no digits', { lengths: [0, 3] as const }, /shortest length, received 0/],
    ['six digits', { lengths: [3, 6] as const }, /longest length, received 6/],
    ['a range the wrong way round', { lengths: [4, 3] as const }, /4\.\.5 as longest length, received 3/],
    ['half a seed', { seed: 0.5 }, /seed/],
  ])('refuses %s', (_, options, message) => {
    expect(() => makeStrings(digits, options)).toThrow(coded('bad-argument', message));
  });

  it('refuses too few digits, and what are not single digits', () => {
    expect(() => makeStrings(plates(2))).toThrow(coded('bad-argument', /digits for a string of 3, received 2/));
    expect(() => makeStrings(strings)).toThrow(coded('bad-argument', /images of 28x28/));
  });
});
