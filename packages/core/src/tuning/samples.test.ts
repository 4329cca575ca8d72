import { expect, it } from 'vitest';
import { classesOf, countByClass, heldBack, picked } from './samples.js';

/** Rounds of ten classes in turn; each image is its number. */
const core = (rounds: number) => ({
  images: Uint8Array.from({ length: 10 * rounds }, (_, i) => i),
  labels: Uint8Array.from({ length: 10 * rounds }, (_, i) => i % 10),
  ...{ count: 10 * rounds, height: 1, width: 1, classes: 10 },
});

it('holds back every second round of the first half, and rehearses the rest', () => {
  const { held, rest } = heldBack(core(8));
  expect([...held.images]).toEqual([10, 30].flatMap((from) => Array.from({ length: 10 }, (_, i) => from + i)));
  expect([...held.labels]).toEqual([...core(2).labels]);
  expect([held.count, rest.count]).toEqual([20, 60]);
  expect([...rest.images].filter((value) => held.images.includes(value))).toEqual([]);
});

it('takes a text as strings are labelled: blanks, and then its digits', () => {
  const strings = { height: 28, width: 140, classes: 11, slots: 5 };
  expect(classesOf('123', strings, 'test')).toEqual([10, 10, 1, 2, 3]);
  expect(classesOf('90210', strings, 'test')).toEqual([9, 0, 2, 1, 0]);
  expect(classesOf([10, 10, 10, 4, 2], strings, 'test')).toEqual([10, 10, 10, 4, 2]);
  for (const label of ['123456', '12a', 7, [1, 2]]) {
    expect(() => classesOf(label, strings, 'test')).toThrow(/a text of up to 5 digits/);
  }
  expect(() => classesOf('7', { ...strings, classes: 10, slots: 2 }, 'test')).toThrow(/2 labels of 0 to 9/);
});

it('counts the digits of labels, and no blanks', () => {
  const labels = Uint8Array.of(10, 3, 3, 10, 10, 0);
  const strings = { images: new Uint8Array(2), labels, count: 2, height: 1, width: 1, classes: 11, slots: 3 };
  expect(countByClass(strings, 11)).toEqual([1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]);
  const letters = { ...strings, count: 6, slots: 1 };
  expect(countByClass(letters, 11)[10]).toBe(3);
});

it('picks samples with all their labels', () => {
  const pairs = { ...core(1), labels: Uint8Array.from({ length: 20 }, (_, i) => i % 10), slots: 2 };
  const { images, labels, count } = picked(pairs, [7, 1]);
  expect([[...images], [...labels], count]).toEqual([[7, 1], [4, 5, 2, 3], 2]);
});
