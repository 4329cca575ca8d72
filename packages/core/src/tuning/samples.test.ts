import { expect, it } from 'vitest';
import { heldBack, picked } from './samples.js';

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

it('picks samples with all their labels', () => {
  const pairs = { ...core(1), labels: Uint8Array.from({ length: 20 }, (_, i) => i % 10), slots: 2 };
  const { images, labels, count } = picked(pairs, [7, 1]);
  expect([[...images], [...labels], count]).toEqual([[7, 1], [4, 5, 2, 3], 2]);
});
