/** What is said of an image: its prediction, with probabilities where asked for, or what was wrong with it. */

import { type AnyPrediction, DenaryError, type Prediction, type TextPrediction } from '@denary/core';
import { type Problem, refusalOf } from './problem.js';

/** A prediction, whose probabilities may be left out. */
type Brief = Pick<Prediction, 'digit' | 'confidence'> & Partial<Prediction>;

export type Answer =
  | ({ readonly name?: string } & Brief)
  | ({ readonly name?: string; readonly slots: readonly Brief[] } & Omit<TextPrediction, 'slots'>)
  | { readonly name?: string; readonly error: Problem };

/** `name` is the file's, where there is one. */
export function answerOf(
  outcome: AnyPrediction | DenaryError,
  name: string | undefined,
  probabilities: boolean,
): Answer {
  const named = name === undefined ? {} : { name };
  const brief = ({ probabilities: _, ...rest }: Prediction): Brief => rest;
  if (outcome instanceof DenaryError) return { ...named, error: refusalOf(outcome).problem };
  if (probabilities) return { ...named, ...outcome };
  if ('text' in outcome) return { ...named, ...outcome, slots: outcome.slots.map(brief) };
  return { ...named, ...brief(outcome) };
}
