/** What a pad tells of itself: CustomEvents that bubble, also out of shadow trees. */

import type { Prediction, Reading } from '@denary/core';
import type { Stroke } from './drawing.js';

/** One digit, or all digits of a line. */
export type PadMode = 'digit' | 'line';

export interface StrokeDetail {
  /** The stroke that was finished; null after undo, redo and clear. */
  readonly stroke: Stroke | null;
  /** All that are there now. */
  readonly strokes: readonly Stroke[];
}

export interface PredictionDetail {
  readonly mode: PadMode;
  /** What was read: `7`, `1984`, `?` for what the recognizer refuses, '' for a blank pad. As in `data-prediction`. */
  readonly text: string;
  /** Of `text`, 0 to 1. */
  readonly confidence: number;
  /** In digit mode; null where the pad is blank. */
  readonly prediction: Prediction | null;
  /** In line mode, its boxes in pixels of `picture`; null where the pad is blank. */
  readonly reading: Reading | null;
  /** What the recognizer was given: black ink on white; null where the pad is blank. */
  readonly picture: ImageData | null;
  /** While a stroke is under way; the prediction that follows its end is not. */
  readonly live: boolean;
  /** From asking the recognizer to its answer. */
  readonly milliseconds: number;
}

export interface PadEventMap {
  /** A stroke was finished, taken back or restored, or the pad cleared. */
  'denary-stroke': CustomEvent<StrokeDetail>;
  /** The pad was read anew. */
  'denary-prediction': CustomEvent<PredictionDetail>;
  /** The recognizer could not be made, or failed; a DenaryError where it is denary that complains. */
  'denary-error': CustomEvent<{ readonly error: unknown }>;
}
