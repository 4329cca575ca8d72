/** Parts of the training data for choosing between settings: seeded, stratified folds, and a smaller sample for a quick look. */

import { DenaryError, permutation, stream } from '@denary/core';
import { type Dataset, subset } from '../data/dataset.js';

/** One of the splits of a cross-validation. */
export interface Fold {
  readonly train: Dataset;
  /** What is held out: no sample is in both. */
  readonly validation: Dataset;
}

/**
 * Splits the samples into `k` folds, each held out once: a fold's training part is all the others. Stratified by the label of
 * the first slot: a class has as many samples in one fold as in another, give or take one, and so have the folds as wholes.
 * These are the sizes of scikit-learn's StratifiedKFold with shuffle=True. A class with fewer than `k` samples is missing in
 * some folds. The same seed gives the same folds on every platform. All folds share one copy of less than twice the data.
 * Throws `bad-argument` where `k` is not a whole number from 2 to the number of samples.
 */
export function folds(dataset: Dataset, k: number, seed: number): Fold[] {
  const { name, count } = dataset;
  if (!Number.isInteger(k) || k < 2 || k > count) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'folds',
      expected: `a number of folds in 2..${count}, as there are samples`,
      received: `${k}`,
      remedy: 'Usual are 3 to 10.',
    });
  }
  const dealt = deal(dataset, k, seed);
  // Round the clock, so that what follows a fold, k - 1 of them, is one piece: parts of a data set share its memory.
  const clock = subset(dataset, [...dealt, ...dealt.slice(0, -1)].flat());
  let from = 0;
  return dealt.map(({ length }, i) => {
    const [to, end] = [from + length, from + count];
    const validation = subset(clock, { from, to });
    const train = subset(clock, { from: to, to: end });
    from = to;
    const part = `fold ${i + 1} of ${k}`;
    return {
      train: { ...train, name: `${name} (all but ${part})` },
      validation: { ...validation, name: `${name} (${part})` },
    };
  });
}

/**
 * `count` samples, drawn at random and kept in their order; the same seed gives the same ones on every platform. Throws
 * `bad-argument` where `count` is not a whole number from 1 to the number of samples.
 */
export function drawSamples(dataset: Dataset, count: number, seed: number): Dataset {
  if (Number.isInteger(count) && count >= 1 && count <= dataset.count) {
    const drawn = permutation(dataset.count, seed, stream('samples')).subarray(0, count).toSorted();
    return subset(dataset, drawn);
  }
  throw new DenaryError({
    code: 'bad-argument',
    who: 'drawSamples',
    expected: `a number of samples in 1..${dataset.count}, as ${dataset.name} has them`,
    received: `${count}`,
    remedy: 'Ask for fewer, or take all of them.',
  });
}

/** The samples' indices, dealt out to `k` hands like cards: in a random order within each class, one class after the other. */
function deal({ labels, slots, classes, count }: Dataset, k: number, seed: number): number[][] {
  const ofClass: number[][] = Array.from({ length: classes }, () => []);
  for (const index of permutation(count, seed, stream('folds'))) ofClass[labels[index * slots]!]!.push(index);
  const hands: number[][] = Array.from({ length: k }, () => []);
  ofClass.flat().forEach((index, turn) => hands[turn % k]!.push(index));
  return hands.map((hand) => hand.sort((a, b) => a - b));
}
