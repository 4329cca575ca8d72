/** The personas of bench/tune.mjs: the same digits each time, and distorted where they are meant to be. */

import { createDataset, hash32 } from '@denary/train';
import { describe, expect, it } from 'vitest';
import { drawEach, enlarged, halves, personaNames, written } from '../bench/personas/index.mjs';

const AREA = 28 * 28;
/** Upright strokes with a hook, a digit of each class in turn. */
const digits = createDataset({
  name: 'strokes',
  images: Uint8Array.from({ length: 40 * AREA }, (_, i) => {
    const [x, y] = [i % 28, Math.floor((i % AREA) / 28)];
    const hook = y > 5 && y < 9 && x > 8 && x < 15;
    return (y > 5 && y < 22 && x > 12 && x < 15) || hook ? 255 : 0;
  }),
  labels: Uint8Array.from({ length: 40 }, (_, i) => i % 10),
  height: 28,
  width: 28,
  classes: 10,
});
const imageOf = ({ images }: { images: Uint8Array }, i: number) =>
  Buffer.from(images.subarray(i * AREA, (i + 1) * AREA));
const inkOf = (image: Uint8Array) => image.reduce((sum, pixel) => sum + pixel, 0);

describe('personas', () => {
  it.each(personaNames)('%s: fixed by the seed', (name) => {
    const [one, again, other] = [1, 1, 2].map((seed) => Buffer.from(written(digits, name, seed).images));
    expect(one!.equals(again!)).toBe(true);
    expect(one!.equals(other!)).toBe(name === 'mirrored');
    expect(one!.equals(Buffer.from(digits.images))).toBe(false);
  });

  it.each([
    ['seven with a bar', 7],
    ['open four', 4],
    ['one with a flag', 1],
  ] as const)('%s: other digits stay as they are', (name, label) => {
    const theirs = written(digits, name, 1);
    for (let i = 0; i < 10; i++) {
      expect(imageOf(theirs, i).equals(imageOf(digits, i)), `a ${i}`).toBe(i !== label);
    }
  });

  it('has more ink where strokes are added or thick, and less where digits are small', () => {
    const ink = (name: string, i: number) => inkOf(imageOf(written(digits, name, 1), i)) / inkOf(imageOf(digits, i));
    expect(ink('seven with a bar', 7)).toBeGreaterThan(1.2);
    expect(ink('one with a flag', 1)).toBeGreaterThan(1.3);
    expect(ink('thick marker', 0)).toBeGreaterThan(1.5);
    expect(ink('tiny', 0)).toBeLessThan(0.5);
  });

  it('mirrors twice to the same', () => {
    const twice = written(written(digits, 'mirrored', 1), 'mirrored', 1);
    expect(Buffer.from(twice.images).equals(Buffer.from(digits.images))).toBe(true);
  });
});

describe('corrections', () => {
  it('are so many of each digit; more of them begin with fewer', () => {
    const indices = drawEach(digits, 3, 5);
    const counts = Array.from({ length: 10 }, (_, label) => indices.filter((i) => digits.labels[i] === label).length);
    expect(counts).toEqual(Array(10).fill(3));
    expect(indices).toEqual(expect.arrayContaining(drawEach(digits, 2, 5)));
  });

  it('are held apart from what is measured on', () => {
    const marked = { ...digits, images: digits.images.map((_, i) => hash32(1, Math.floor(i / AREA)) & 255) };
    const { own, held } = halves(marked, 3);
    const marks = (part: { images: Uint8Array }) => Array.from({ length: 20 }, (_, i) => part.images[i * AREA]!);
    expect([...marks(own), ...marks(held)].sort()).toEqual(
      Array.from({ length: 40 }, (_, i) => marked.images[i * AREA]!).sort(),
    );
  });
});

it('optdigits are enlarged to 28x28, in the middle', () => {
  const small = createDataset({
    name: 'small',
    images: Uint8Array.from({ length: 64 }, (_, i) => (i % 8 > 2 && i % 8 < 5 ? 16 : 0)),
    labels: Uint8Array.of(1),
    height: 8,
    width: 8,
    classes: 10,
  });
  const { images, height, width } = enlarged(small);
  expect([height, width]).toEqual([28, 28]);
  expect(images[14 * 28 + 14]).toBeGreaterThan(200);
  expect(images[14 * 28 + 3]).toBe(0);
});
