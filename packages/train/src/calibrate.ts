/**
 * Fits the temperature that makes a model's confidences true, on data that it was not trained on (Guo et al., "On calibration
 * of modern neural networks", ICML 2017), and measures what it does.
 */

import { DenaryError, tempered } from '@denary/core';
import { calibrationOf } from './report/measures.js';
import { readingsFrom } from './report/readings.js';

/** What a model said of labelled data, every slot of an image counting as a sample. */
export interface Said {
  /** float32 [samples, classes]. */
  readonly probabilities: Float32Array;
  /** [samples]. */
  readonly labels: Uint8Array;
}

export interface TemperatureFit {
  readonly temperature: number;
  /** Samples. */
  readonly count: number;
  /** The mean of -log p of the right class. */
  readonly nll: { readonly before: number; readonly after: number };
  /** The expected calibration error, in 15 bins. */
  readonly ece: { readonly before: number; readonly after: number };
}

/** Temperatures beyond these mean that the data or the model are not what they should be. */
const [COLDEST, HOTTEST] = [0.05, 20];
const LEAST = 1e-30;

/** The temperature of least negative log-likelihood. Throws `bad-data` where there are no samples, or not as many rows as labels. */
export function fitTemperature(said: Said): TemperatureFit {
  const classes = classesOf(said);
  const logs = Float64Array.from(said.probabilities, (p) => Math.log(Math.max(p, LEAST)));
  // The likelihood is concave in 1/T: bisection on its slope.
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  for (let round = 0; round < 50; round++) {
    const middle = (low + high) / 2;
    if (slope(logs, said.labels, classes, middle) > 0) high = middle;
    else low = middle;
  }
  const temperature = 2 / (low + high);
  const after = atTemperature(said, temperature);
  return {
    temperature,
    count: said.labels.length,
    nll: { before: nllOf(said), after: nllOf(after) },
    ece: { before: eceOf(said), after: eceOf(after) },
  };
}

/** The same at that temperature. */
export function atTemperature(said: Said, temperature: number): Said {
  const classes = classesOf(said);
  const probabilities = new Float32Array(said.probabilities.length);
  for (let at = 0; at < probabilities.length; at += classes) {
    probabilities.set(tempered(said.probabilities.subarray(at, at + classes), temperature), at);
  }
  return { probabilities, labels: said.labels };
}

/** The mean of -log p of the right class; a probability of 0 counts as 1e-30. */
export function nllOf(said: Said): number {
  const classes = classesOf(said);
  let sum = 0;
  said.labels.forEach((label, i) => {
    sum -= Math.log(Math.max(said.probabilities[i * classes + label]!, LEAST));
  });
  return sum / said.labels.length;
}

/** The expected calibration error, in 15 bins of equal width. */
export function eceOf({ probabilities, labels }: Said): number {
  return calibrationOf(readingsFrom(probabilities, labels)).error;
}

/** d NLL / d(1/T) = mean of E[log p] - log p of the right class, expected under softmax(log p / T). */
function slope(logs: Float64Array, labels: Uint8Array, classes: number, inverse: number): number {
  let total = 0;
  for (let i = 0; i < labels.length; i++) {
    let [sum, moment] = [0, 0];
    for (let k = i * classes; k < (i + 1) * classes; k++) {
      const power = Math.exp(logs[k]! * inverse);
      sum += power;
      moment += power * logs[k]!;
    }
    total += moment / sum - logs[i * classes + labels[i]!]!;
  }
  return total;
}

function classesOf({ probabilities, labels }: Said): number {
  const classes = probabilities.length / labels.length;
  if (labels.length > 0 && Number.isInteger(classes) && classes > 1) return classes;
  throw new DenaryError({
    code: 'bad-data',
    who: 'calibrate',
    expected: 'samples with one row of probabilities for each label',
    received: `${probabilities.length} probabilities, ${labels.length} labels`,
    remedy: 'Give the evaluation together with the labels that it was made on.',
  });
}
