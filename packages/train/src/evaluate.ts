/** Measures a model file on a data set, through the session that a user would run it in. */

import { DenaryError, openModel, type SessionFactory, type SessionOptions } from '@denary/core';
import type { Dataset } from './data/dataset.js';
import { type LossName, losses } from './objective/losses.js';

export interface EvaluateOptions extends Omit<SessionOptions, 'state'> {
  readonly createSession: SessionFactory;
  /** The bytes of a model in denary's contract. */
  readonly model: Uint8Array;
  readonly dataset: Dataset;
  /** Default `categorical_crossentropy`. */
  readonly loss?: LossName;
  /** Default 128. */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

export interface Evaluation {
  /** Of the labels: with several slots, the mean of theirs. */
  readonly accuracy: number;
  /** The accuracy of each slot, from left to right; of a model with one label, just that. */
  readonly slotAccuracy: readonly number[];
  /** The share of images that are right in every slot. */
  readonly wholeAccuracy: number;
  /** The mean over the samples; a sample's is the sum over its slots. */
  readonly loss: number;
  readonly count: number;
  /** Loading the model excluded. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** float32 [count, slots, classes], row by row. */
  readonly probabilities: Float32Array;
}

/** Throws `bad-data` where the images or labels do not fit the model, `aborted` when told to stop. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const {
    createSession,
    model,
    dataset,
    loss = 'categorical_crossentropy',
    batchSize = 128,
    signal,
    ...onto
  } = options;
  const { contract } = openModel(model, 'evaluate');
  const { height, width, classes, slots } = contract;
  const fits = dataset.height === height && dataset.width === width && dataset.slots === slots;
  if (!fits || dataset.classes > classes) {
    throw new DenaryError({
      code: 'bad-data',
      who: 'evaluate',
      expected: `images of ${width}x${height} with ${slots} label(s) in up to ${classes} classes, as the model has them`,
      received: `${dataset.name} of ${dataset.width}x${dataset.height} with ${dataset.slots} in ${dataset.classes}`,
      remedy: 'Choose a data set that the model was made for.',
    });
  }
  const area = height * width;
  const probabilities = new Float32Array(dataset.count * slots * classes);
  const session = await createSession(model, onto);
  const began = performance.now();
  try {
    for (let start = 0; start < dataset.count; start += batchSize) {
      signal?.throwIfAborted();
      const end = Math.min(start + batchSize, dataset.count);
      const data = dataset.images.subarray(start * area, end * area);
      const result = await session.run({ image: { dtype: 'uint8', shape: [end - start, height, width], data } });
      probabilities.set(result.probabilities!.data as Float32Array, start * slots * classes);
    }
  } finally {
    await session.close();
  }
  const seconds = (performance.now() - began) / 1000;
  const { count } = dataset;
  return {
    ...score(probabilities, dataset, classes, loss),
    count,
    seconds,
    imagesPerSecond: count / seconds,
    probabilities,
  };
}

function score(probabilities: Float32Array, { labels, count, slots }: Dataset, classes: number, loss: LossName) {
  const right = new Array<number>(slots).fill(0);
  let whole = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let hits = 0;
    for (let slot = 0; slot < slots; slot++) {
      const at = i * slots + slot;
      const row = probabilities.subarray(at * classes, (at + 1) * classes);
      sum += losses[loss].of(row, labels[at]!);
      if (argmax(row) !== labels[at]) continue;
      right[slot]!++;
      hits++;
    }
    if (hits === slots) whole++;
  }
  const slotAccuracy = right.map((hits) => hits / count);
  const accuracy = slotAccuracy.reduce((total, value) => total + value, 0) / slots;
  return { accuracy, slotAccuracy, wholeAccuracy: whole / count, loss: sum / count };
}

/** The first of the largest. */
function argmax(row: Float32Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  return best;
}
