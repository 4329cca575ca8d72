/** What an evaluation read: the class and confidence of each slot, and the images that were read wrong. */

import { DenaryError } from '@denary/core';
import type { Dataset } from '../data/dataset.js';
import type { Evaluation } from '../evaluate.js';

export interface Readings {
  /** Classes of the model; the data set may have fewer. */
  readonly classes: number;
  /** One of each slot of each image: [count, slots]. */
  readonly actual: Uint8Array;
  readonly predicted: Uint8Array;
  /** The probability of what was predicted. */
  readonly confidence: Float32Array;
}

/** Throws `bad-data` where the evaluation is not of this data set. */
export function readingsOf({ probabilities }: Pick<Evaluation, 'probabilities'>, dataset: Dataset): Readings {
  const { labels: actual, classes: least, name } = dataset;
  const classes = probabilities.length / actual.length;
  if (!Number.isInteger(classes) || classes < least) {
    throw new DenaryError({
      code: 'bad-data',
      who: 'createReport',
      expected: `probabilities of ${least} classes or more for ${actual.length} labels of ${name}`,
      received: `${probabilities.length} numbers`,
      remedy: 'Give the evaluation together with the data set that it was made on.',
    });
  }
  return readingsFrom(probabilities, actual);
}

/** The most probable class of each row of probabilities, [labels, classes], the first of equals. */
export function readingsFrom(probabilities: Float32Array, actual: Uint8Array): Readings {
  const classes = probabilities.length / actual.length;
  const predicted = new Uint8Array(actual.length);
  const confidence = new Float32Array(actual.length);
  for (let i = 0; i < actual.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (probabilities[i * classes + k]! > probabilities[i * classes + best]!) best = k;
    }
    predicted[i] = best;
    confidence[i] = probabilities[i * classes + best]!;
  }
  return { classes, actual, predicted, confidence };
}

/** One image, all its slots. */
export interface ImageReading {
  readonly index: number;
  readonly actual: Uint8Array;
  readonly predicted: Uint8Array;
  /** The product over the slots. */
  readonly confidence: number;
}

export function imageReading({ actual, predicted, confidence }: Readings, index: number, slots: number): ImageReading {
  const [from, to] = [index * slots, (index + 1) * slots];
  return {
    index,
    actual: actual.subarray(from, to),
    predicted: predicted.subarray(from, to),
    confidence: confidence.subarray(from, to).reduce((product, value) => product * value, 1),
  };
}

/** The images with a wrong slot, the most confident first. */
export function mistakesOf(readings: Readings, { count, slots }: Pick<Dataset, 'count' | 'slots'>): ImageReading[] {
  return Array.from({ length: count }, (_, index) => imageReading(readings, index, slots))
    .filter(({ actual, predicted }) => actual.some((label, slot) => label !== predicted[slot]))
    .sort((a, b) => b.confidence - a.confidence);
}
