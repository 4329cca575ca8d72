/** What a pad asks a recognizer for, and what it tells of the answer: a picture in, a PredictionDetail out. */

import type { CallOptions, Prediction, Reading, ReadOptions } from '@denary/core';
import type { PadMode, PredictionDetail } from './events.js';

/** What a pad needs of a recognizer; that of `createRecognizer` has it. */
export interface PadRecognizer {
  predict(picture: ImageData, options?: CallOptions): Promise<Prediction>;
  read(picture: ImageData, options?: ReadOptions): Promise<Reading>;
}

/** Of a blank pad. */
export const blankDetail = (mode: PadMode): PredictionDetail => ({
  mode,
  text: '',
  confidence: 0,
  prediction: null,
  reading: null,
  picture: null,
  live: false,
  milliseconds: 0,
});

export interface ReadPictureOptions extends ReadOptions {
  /** Default `digit`. */
  readonly mode?: PadMode;
  /** Default false. */
  readonly live?: boolean;
}

/** What a picture says: in `digit` mode by `predict`, in `line` mode by `read`, whose errors it throws. */
export async function readPicture(
  recognizer: PadRecognizer,
  picture: ImageData,
  { mode = 'digit', live = false, strokes, ...options }: ReadPictureOptions = {},
): Promise<PredictionDetail> {
  const began = performance.now();
  const answer =
    mode === 'line'
      ? ofReading(await recognizer.read(picture, { ...options, strokes }))
      : ofPrediction(await recognizer.predict(picture, options));
  return { ...answer, mode, picture, live, milliseconds: performance.now() - began };
}

const ofReading = (reading: Reading) => ({
  text: reading.text,
  confidence: reading.lines.length && reading.lines.reduce((product, { confidence }) => product * confidence, 1),
  prediction: null,
  reading,
});

const ofPrediction = (prediction: Prediction) => ({
  text: textOf(prediction),
  confidence: prediction.confidence,
  prediction,
  reading: null,
});

function textOf({ digit, rejected }: Prediction): string {
  if (rejected) return rejected === 'blank' ? '' : '?';
  return digit === null ? '' : `${digit}`;
}
