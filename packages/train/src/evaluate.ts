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
  readonly accuracy: number;
  /** The mean over the samples. */
  readonly loss: number;
  readonly count: number;
  /** Loading the model excluded. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** float32 [count, classes], row by row. */
  readonly probabilities: Float32Array;
}

/** Throws `bad-data` where the images or labels do not fit the model, `aborted` when told to stop. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { createSession, model, dataset, loss = 'categorical_crossentropy', batchSize = 128, signal } = options;
  const { contract } = openModel(model, 'evaluate');
  const { height, width, classes } = contract;
  if (dataset.height !== height || dataset.width !== width || dataset.classes > classes) {
    throw new DenaryError({
      code: 'bad-data',
      who: 'evaluate',
      expected: `images of ${width}x${height} in up to ${classes} classes, as the model has them`,
      received: `${dataset.name} of ${dataset.width}x${dataset.height} in ${dataset.classes}`,
      remedy: 'Choose a data set that the model was made for.',
    });
  }
  const area = height * width;
  const probabilities = new Float32Array(dataset.count * classes);
  const session = await createSession(model, options);
  const began = performance.now();
  try {
    for (let start = 0; start < dataset.count; start += batchSize) {
      signal?.throwIfAborted();
      const end = Math.min(start + batchSize, dataset.count);
      const data = dataset.images.subarray(start * area, end * area);
      const result = await session.run({ image: { dtype: 'uint8', shape: [end - start, height, width], data } });
      probabilities.set(result.probabilities!.data as Float32Array, start * classes);
    }
  } finally {
    await session.close();
  }
  const seconds = (performance.now() - began) / 1000;
  const { accuracy, mean } = score(probabilities, classes, dataset.labels, loss);
  return {
    accuracy,
    loss: mean,
    count: dataset.count,
    seconds,
    imagesPerSecond: dataset.count / seconds,
    probabilities,
  };
}

function score(probabilities: Float32Array, classes: number, labels: Uint8Array, loss: LossName) {
  let right = 0;
  let sum = 0;
  labels.forEach((label, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    if (row.every((value, other) => other === label || value < row[label]! || (value === row[label] && other > label)))
      right++;
    sum += losses[loss].of(row, label);
  });
  return { accuracy: right / labels.length, mean: sum / labels.length };
}
