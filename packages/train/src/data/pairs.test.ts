import { hash32 } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { createDataset, type Dataset, subset } from './dataset.js';
import { makePairs } from './pairs.js';

/** Images of MNIST's shape, each different and each with ink in every row. */
function someDigits(count: number): Dataset {
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => (i % 28 === 13 ? 1 + (hash32(1, i) % 255) : 0));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  return createDataset({ name: 'some digits', images, labels, height: 28, width: 28, classes: 10 });
}

const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

/** The digit on one side of a pair, read from its first inked row on. */
function half({ images }: Dataset, pair: number, side: number): { top: number; pixels: number[] } {
  const row = (y: number) => Array.from(images.subarray((pair * 56 + y) * 56 + side * 28).subarray(0, 28));
  const top = Array.from({ length: 56 }, (_, y) => y).find((y) => row(y).some((pixel) => pixel !== 0)) ?? 56;
  return { top, pixels: Array.from({ length: 28 }, (_, y) => row(top + y)).flat() };
}

describe('makePairs', () => {
  const digits = someDigits(101);
  const pairs = makePairs(digits, { seed: 3 });

  it('uses each digit once, two side by side at one height, with their labels', () => {
    expect(pairs).toMatchObject({ count: 50, height: 56, width: 56, classes: 10, slots: 2 });
    const index = new Map(Array.from({ length: 101 }, (_, i) => [subset(digits, [i]).images.join(), i]));
    const used = new Set<number>();
    const tops = new Set<number>();
    for (let pair = 0; pair < 50; pair++) {
      const sides = [half(pairs, pair, 0), half(pairs, pair, 1)] as const;
      expect(sides[0].top).toBe(sides[1].top);
      tops.add(sides[0].top);
      for (const [slot, { pixels }] of sides.entries()) {
        const digit = index.get(pixels.join())!;
        used.add(digit);
        expect(pairs.labels[2 * pair + slot]).toBe(digits.labels[digit]);
      }
    }
    expect(used.size).toBe(100);
    expect(Math.min(...tops)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...tops)).toBeLessThanOrEqual(28);
    expect(tops.size).toBeGreaterThan(15);
    // Nothing else is in the frames.
    const ink = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum + byte, 0);
    const unused = Array.from({ length: 101 }, (_, i) => i).find((i) => !used.has(i))!;
    expect(ink(pairs.images)).toBe(ink(digits.images) - ink(subset(digits, [unused]).images));
  });

  it('reaches the top and the bottom of the frame', () => {
    const many = makePairs(someDigits(2000));
    const tops = Array.from({ length: many.count }, (_, i) => half(many, i, 0).top);
    expect([Math.min(...tops), Math.max(...tops)]).toEqual([0, 28]);
  });

  it('repeats with its seed, differs with another, and grows with the count', () => {
    const [again, other] = [makePairs(digits, { seed: 3 }), makePairs(digits, { seed: 4 })];
    expect(Buffer.from(again.images).equals(pairs.images)).toBe(true);
    expect(again.labels).toEqual(pairs.labels);
    expect(other.labels).not.toEqual(pairs.labels);
    const few = makePairs(digits, { seed: 3, count: 7 });
    expect(few.count).toBe(7);
    expect(Buffer.from(few.images).equals(pairs.images.subarray(0, few.images.length))).toBe(true);
    expect(few.labels).toEqual(pairs.labels.subarray(0, 14));
  });

  it.each([
    ['more pairs than there are digits for', { count: 51 }, /1\.\.50 as count, received 51/],
    ['no pair', { count: 0 }, /count, received 0/],
    ['half a pair', { count: 1.5 }, /count/],
    ['a seed below 0', { seed: -1 }, /seed/],
  ])('refuses %s', (_, options, message) => {
    expect(() => makePairs(digits, options)).toThrow(coded('bad-argument', message));
  });

  it('refuses what are not single digits', () => {
    expect(() => makePairs(pairs)).toThrow(coded('bad-argument', /images of 28x28 with one label.*56x56, 2 label/));
  });
});
