/** What a run tells while it learns, and what it may be told beforehand. */

import type { CallSignal } from '../call.js';
import { problem } from '../errors.js';
import type { Budget } from './budget.js';

export interface TuningOptions extends Budget {
  /**
   * An accuracy on the corrections: the run ends with the first state that is measured to have it and has not forgotten. Or a
   * function that is asked after each step: the run ends when it says so.
   */
  readonly until?: number | ((progress: TuningProgress) => boolean);
  /** Ends the run after the running step. The weights are then as they were before the run. */
  readonly signal?: CallSignal;
}

export interface Accuracies {
  /** On the corrections as they were given, 0 to 1. */
  readonly accuracy: number;
  /** On the core set, 0 to 1; undefined where there is none. */
  readonly coreAccuracy: number | undefined;
}

/**
 * How a run ended. `finished`: the budget is used up. `reached`: what `until` asked for. `early-stop`: the core set was read
 * worse and worse; an earlier state is kept, or a part of the change. `rolled-back`: no state was good enough. `aborted`: by
 * the signal, or as the tuner was closed, before anything was measured with NaN for accuracies.
 */
export type Outcome = 'finished' | 'reached' | 'early-stop' | 'rolled-back' | 'aborted';

/** Accuracies are those of the latest measurement; in the last progress those of the weights that the tuner now has. */
export interface TuningProgress extends Accuracies {
  /** Steps done; 0 in the first progress, which tells of the weights before the run. */
  readonly step: number;
  /** Steps of the whole run; where a time was given, as many as it will last for at this pace. */
  readonly steps: number;
  /** Of the latest step's batch before the step, the mean over its samples by weight; NaN before the first step. */
  readonly loss: number;
  /** Since the run began. */
  readonly seconds: number;
  /** The strategy's name. */
  readonly strategy: string;
  readonly before: Accuracies;
  /** There in the last progress only. */
  readonly outcome?: Outcome;
  /** Of the last progress, in words. */
  readonly reason?: string;
}

/** Throws `bad-argument` for options that are none. */
export function requireTuningOptions({ steps, seconds, until }: TuningOptions): void {
  const refuse = (expected: string, received: unknown) => {
    throw problem('bad-argument', 'run', expected, `${received}`, "Leave it out for the strategy's own.");
  };
  if (steps !== undefined && !(Number.isInteger(steps) && steps >= 1)) refuse('a number of steps of at least 1', steps);
  if (seconds !== undefined && !(seconds > 0)) refuse('a number of seconds above 0', seconds);
  if (typeof until === 'number' && !(until >= 0 && until <= 1)) refuse('an accuracy of 0 to 1', until);
}
