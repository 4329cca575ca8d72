/** What a recognizer says of one image. */

import { tempered } from './calibration.js';
import type { Rejection } from './rejection.js';

export interface Prediction {
  /** 0 to 9, or null for an empty image and for one that is rejected. */
  readonly digit: number | null;
  /** The probability of that digit, 0 to 1; 0 for an empty image. */
  readonly confidence: number;
  /** One for each class, summing to 1; all 0 for an empty image. */
  readonly probabilities: readonly number[];
  /** Why it is not read; there only where a recognizer that may reject does. What it might be is in `probabilities`. */
  readonly rejected?: Rejection;
}

/** What a model says that reads several digits at once. */
export interface TextPrediction {
  /** The digits in a row, without blanks, `?` for one that is rejected; empty for an empty image. */
  readonly text: string;
  /** One for each position, from left to right; `digit` is null where the model sees a blank. */
  readonly slots: readonly Prediction[];
  /** The product of the slots' confidences: the probability of the whole text, if they were independent. */
  readonly confidence: number;
  /** There only where a digit of it is rejected, or where it is empty and the recognizer may reject. */
  readonly rejected?: Rejection;
}

/** The classes that are digits; a further one means a blank. */
const DIGITS = 10;

export function toTextPrediction(slots: readonly Prediction[]): TextPrediction {
  const named = slots.map((slot) => (slot.digit !== null && slot.digit >= DIGITS ? { ...slot, digit: null } : slot));
  const rejected = named.find((slot) => slot.rejected)?.rejected;
  return {
    text: named.map(({ digit, rejected }) => (rejected ? '?' : (digit ?? ''))).join(''),
    slots: named,
    confidence: slots.reduce((product, { confidence }) => product * confidence, 1),
    ...(rejected && { rejected }),
  };
}

/** The prediction behind the row of probabilities that begins at `start`, at a temperature (see `tempered`). */
export function toPrediction(rows: Float32Array, start: number, classes: number, temperature = 1): Prediction {
  const probabilities = tempered(rows.subarray(start, start + classes), temperature);
  let best = 0;
  for (let i = 1; i < classes; i++) if (probabilities[i]! > probabilities[best]!) best = i;
  return { digit: best, confidence: probabilities[best]!, probabilities };
}

export const emptyPrediction = (classes: number): Prediction => ({
  digit: null,
  confidence: 0,
  probabilities: new Array<number>(classes).fill(0),
});
