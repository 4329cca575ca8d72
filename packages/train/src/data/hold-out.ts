/** Holding samples back, class by class: of few corrections a plain draw might take all of one digit. */

import { permutation, problem, stream } from '@denary/core';
import { type Dataset, subset } from './dataset.js';

/**
 * Holds back `fraction` of each class, by the label of the first slot, rounded down: of a class with few samples none. The same
 * seed gives the same split on every platform. `held` is undefined where nothing is held back. Throws `bad-argument` where
 * `fraction` is not from 0 to below 1.
 */
export function holdOut(
  dataset: Dataset,
  fraction: number,
  seed: number,
): { train: Dataset; held: Dataset | undefined } {
  if (!(fraction >= 0 && fraction < 1)) {
    throw problem('bad-argument', 'holdOut', 'a fraction from 0 to below 1', `${fraction}`, 'Usual is 0.2.');
  }
  const { labels, slots, classes, count } = dataset;
  const ofClass: number[][] = Array.from({ length: classes }, () => []);
  for (const index of permutation(count, seed, stream('hold-out'))) ofClass[labels[index * slots]!]!.push(index);
  const back = new Set(ofClass.flatMap((indices) => indices.slice(0, Math.floor(fraction * indices.length))));
  if (back.size === 0) return { train: dataset, held: undefined };
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    train: subset(
      dataset,
      all.filter((i) => !back.has(i)),
    ),
    held: subset(
      dataset,
      all.filter((i) => back.has(i)),
    ),
  };
}
