/** What a recognizer says of one image. */

export interface Prediction {
  /** 0 to 9, or null for an empty image. */
  readonly digit: number | null;
  /** The probability of that digit, 0 to 1; 0 for an empty image. */
  readonly confidence: number;
  /** One for each class, summing to 1; all 0 for an empty image. */
  readonly probabilities: readonly number[];
}

/** The prediction behind one row of probabilities. */
export function toPrediction(row: Float32Array): Prediction {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i]! > row[best]!) best = i;
  return { digit: best, confidence: row[best]!, probabilities: Array.from(row) };
}

export const emptyPrediction = (classes: number): Prediction => ({
  digit: null,
  confidence: 0,
  probabilities: new Array<number>(classes).fill(0),
});
