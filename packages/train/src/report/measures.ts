/** What can be said of a classifier's readings in numbers, every slot of an image counting as a sample. */

import type { Readings } from './readings.js';

/** Samples by actual and predicted class: [classes, classes]. */
export function confusionOf({ classes, actual, predicted }: Readings): Uint32Array {
  const counts = new Uint32Array(classes * classes);
  for (let i = 0; i < actual.length; i++) counts[actual[i]! * classes + predicted[i]!]!++;
  return counts;
}

export interface ClassMeasures {
  readonly label: number;
  /** The share of what was read as this class that is of it; NaN where nothing was. */
  readonly precision: number;
  /** The share of this class that was read as it; NaN where there is none. */
  readonly recall: number;
  /** The harmonic mean of the two. */
  readonly f1: number;
  /** Samples of this class. */
  readonly support: number;
}

/** The classes that occur, in the data or in what was read. */
export function classMeasures(confusion: Uint32Array, classes: number): ClassMeasures[] {
  const measures = Array.from({ length: classes }, (_, label) => {
    const right = confusion[label * classes + label]!;
    let [support, read] = [0, 0];
    for (let other = 0; other < classes; other++) {
      support += confusion[label * classes + other]!;
      read += confusion[other * classes + label]!;
    }
    return { label, precision: right / read, recall: right / support, f1: (2 * right) / (support + read), support };
  });
  return measures.filter(({ f1 }) => !Number.isNaN(f1));
}

/** The samples whose confidence is above `from` and up to `to`. */
export interface ConfidenceBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Means over the bin; NaN where it is empty. */
  readonly confidence: number;
  readonly accuracy: number;
}

export interface Calibration {
  readonly bins: readonly ConfidenceBin[];
  /** The expected calibration error. */
  readonly error: number;
}

/**
 * How far confidence can be taken for a probability, in bins of equal width (Guo et al., "On calibration of modern neural
 * networks", ICML 2017): ECE = Σ over bins of (samples in it / all samples) |accuracy - mean confidence|.
 */
export function calibrationOf({ actual, predicted, confidence }: Readings, binCount = 15): Calibration {
  const sums = Array.from({ length: binCount }, () => ({ count: 0, right: 0, confidence: 0 }));
  for (let i = 0; i < actual.length; i++) {
    const at = Math.min(binCount - 1, Math.max(0, Math.ceil(confidence[i]! * binCount) - 1));
    const bin = sums[at]!;
    bin.count++;
    bin.confidence += confidence[i]!;
    if (actual[i] === predicted[i]) bin.right++;
  }
  const bins = sums.map(({ count, right, confidence: sum }, i) => ({
    from: i / binCount,
    to: (i + 1) / binCount,
    count,
    confidence: sum / count,
    accuracy: right / count,
  }));
  const gaps = bins.map(({ count, ...bin }) => (count > 0 ? count * Math.abs(bin.accuracy - bin.confidence) : 0));
  return { bins, error: gaps.reduce((sum, gap) => sum + gap, 0) / actual.length };
}
