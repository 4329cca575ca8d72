import { expect, it } from 'vitest';
import { Slab } from './slab.js';

it('gives arrays of its size that do not overlap, and starts another block when one is full', () => {
  const slab = new Slab(3);
  const arrays = Array.from({ length: 130 }, () => slab.take());
  for (const [i, array] of arrays.entries()) array.fill(i);
  expect(arrays.map((array) => [...array])).toEqual(arrays.map((_, i) => [i, i, i]));
  expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(3);
});
