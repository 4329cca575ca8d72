/**
 * Pairs: two digits side by side, 28x56, at a random height in a black frame of 56x56, with two labels. Made from one part
 * of a data set alone, so that test pairs hold nobody's training digits, and each digit is used once.
 */

import { stream, uniform } from '@denary/core';
import { createDataset, type Dataset } from './dataset.js';
import { DIGIT, drawOrder, requireWhole } from './digits.js';

const FRAME = 2 * DIGIT;
const HEIGHT = stream('pairs-height');

export interface PairsOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** At most half as many as there are digits, which is the default. */
  readonly count?: number | undefined;
}

/**
 * The same digits and the same seed give the same bytes on every platform; a smaller count gives the first of a larger one.
 * Throws `bad-argument` for digits that are not 28x28, a bad seed, or more pairs than the digits allow.
 */
export function makePairs(digits: Dataset, { seed = 0, count }: PairsOptions = {}): Dataset {
  const order = drawOrder('pairs', digits, seed);
  const most = order.length >> 1;
  const pairs = count ?? most;
  requireWhole('pairs', 'count', pairs, 1, most);
  const images = new Uint8Array(pairs * FRAME * FRAME);
  const labels = new Uint8Array(pairs * 2);
  for (let i = 0; i < 2 * pairs; i++) {
    const pair = i >> 1;
    const digit = order[i]!;
    const top = Math.floor(uniform(seed, HEIGHT, pair) * (FRAME - DIGIT + 1));
    for (let y = 0; y < DIGIT; y++) {
      const from = (digit * DIGIT + y) * DIGIT;
      const to = (pair * FRAME + top + y) * FRAME + (i % 2) * DIGIT;
      images.set(digits.images.subarray(from, from + DIGIT), to);
    }
    labels[i] = digits.labels[digit]!;
  }
  const shape = { height: FRAME, width: FRAME, classes: digits.classes, slots: 2 };
  return createDataset({ name: `pairs of ${digits.name}`, images, labels, ...shape });
}
