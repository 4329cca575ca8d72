/** What a recognizer says of one image. */

export interface Prediction {
  /** 0 to 9, or null for an empty image. */
  readonly digit: number | null;
  /** The probability of that digit, 0 to 1; 0 for an empty image. */
  readonly confidence: number;
  /** One for each class, summing to 1; all 0 for an empty image. */
  readonly probabilities: readonly number[];
}

/** What a model says that reads several digits at once. */
export interface TextPrediction {
  /** The digits in a row, without blanks; empty for an empty image. */
  readonly text: string;
  /** One for each position, from left to right; `digit` is null where the model sees a blank. */
  readonly slots: readonly Prediction[];
  /** The product of the slots' confidences: the probability of the whole text, if they were independent. */
  readonly confidence: number;
}

/** The classes that are digits; a further one means a blank. */
const DIGITS = 10;

export function toTextPrediction(slots: readonly Prediction[]): TextPrediction {
  const named = slots.map((slot) => (slot.digit !== null && slot.digit >= DIGITS ? { ...slot, digit: null } : slot));
  return {
    text: named.map(({ digit }) => digit ?? '').join(''),
    slots: named,
    confidence: slots.reduce((product, { confidence }) => product * confidence, 1),
  };
}

/** The prediction behind the row of probabilities that begins at `start`. */
export function toPrediction(rows: Float32Array, start: number, classes: number): Prediction {
  const probabilities = new Array<number>(classes);
  let best = 0;
  for (let i = 0; i < classes; i++) {
    probabilities[i] = rows[start + i]!;
    if (probabilities[i]! > probabilities[best]!) best = i;
  }
  return { digit: best, confidence: probabilities[best]!, probabilities };
}

export const emptyPrediction = (classes: number): Prediction => ({
  digit: null,
  confidence: 0,
  probabilities: new Array<number>(classes).fill(0),
});
