/** What pairs and strings are made of: single 28x28 digits, each drawn once, in an order that is the seed's. */

import { DenaryError, permutation, stream } from '@denary/core';
import type { Dataset } from './dataset.js';

/** The height and the width of a digit. */
export const DIGIT = 28;

export const badArgument = (who: string, expected: string, received: string, remedy: string) =>
  new DenaryError({ code: 'bad-argument', who, expected, received, remedy });

/** Throws `bad-argument` unless `value` is a whole number in least..most. */
export function requireWhole(who: string, what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw badArgument(who, `a whole number in ${least}..${most} as ${what}`, `${value}`, `Give another ${what}.`);
}

/** The digits' indices in a random order. Throws `bad-argument` unless they are single digits of 28x28, and for a bad seed. */
export function drawOrder(who: string, digits: Dataset, seed: number): Uint32Array {
  const { name, count, height, width, classes, slots } = digits;
  if (height !== DIGIT || width !== DIGIT || slots !== 1 || classes !== 10) {
    const received = `"${name}": ${height}x${width}, ${slots} label(s) of ${classes} classes`;
    throw badArgument(who, 'images of 28x28 with one label of 10 classes', received, 'Make them from MNIST.');
  }
  requireWhole(who, 'seed', seed, 0, 2 ** 32 - 1);
  return permutation(count, seed, stream(who));
}
