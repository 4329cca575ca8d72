/** What came of one setting in a search, and which of them did best. */

import { type Spread, spreadOf } from '../spread.js';
import type { FoldResult } from './cross-validate.js';
import { keyOf } from './space.js';
import type { SettingOverrides } from './with-settings.js';

/** What a search chooses by: the higher mean accuracy, or the lower mean loss, on what was held out. */
export type SearchMetric = 'accuracy' | 'loss';

export interface TrialResult {
  readonly settings: SettingOverrides;
  /** The folds done, in their order. */
  readonly folds: readonly FoldResult[];
  /** Over the folds done; left out where there is none. */
  readonly accuracy?: Spread;
  readonly loss?: Spread;
  /** What became of the numbers where the training diverged; the folds after that one are left out. */
  readonly failed?: string;
  /** Whether nothing is left to do. */
  readonly finished: boolean;
  /** The sum over the folds done. */
  readonly seconds: number;
}

export function trialOf(
  settings: SettingOverrides,
  folds: readonly FoldResult[],
  of: number,
  failed?: string,
): TrialResult {
  const measured = folds.length > 0 && {
    accuracy: spreadOf(folds.map(({ accuracy }) => accuracy)),
    loss: spreadOf(folds.map(({ loss }) => loss)),
  };
  return {
    settings,
    ...measured,
    ...(failed !== undefined && { failed }),
    finished: failed !== undefined || folds.length === of,
    seconds: folds.reduce((sum, { seconds }) => sum + seconds, 0),
    folds: folds.toSorted((a, b) => a.fold - b.fold),
  };
}

/**
 * Best first: by the mean of the metric, the other one deciding between equals. After those measured on all folds come those
 * that are not finished, and then those that diverged; in between, the order stays.
 */
export function rank(trials: readonly TrialResult[], metric: SearchMetric): TrialResult[] {
  const order = metric === 'accuracy' ? [byAccuracy, byLoss] : [byLoss, byAccuracy];
  return trials.toSorted((a, b) => classOf(a) - classOf(b) || order[0]!(a, b) || order[1]!(a, b));
}

/** The one that `rank` puts first, if it was measured on all folds. */
export const bestOf = (trials: readonly TrialResult[], metric: SearchMetric): TrialResult | undefined =>
  rank(trials, metric).find((trial) => classOf(trial) === 0);

export const findTrial = (trials: readonly TrialResult[], settings: SettingOverrides): TrialResult | undefined =>
  trials.find((trial) => keyOf(trial.settings) === keyOf(settings));

const classOf = ({ finished, failed }: TrialResult): number => (failed !== undefined ? 2 : finished ? 0 : 1);
const byAccuracy = (a: TrialResult, b: TrialResult) => (b.accuracy?.mean ?? 0) - (a.accuracy?.mean ?? 0);
const byLoss = (a: TrialResult, b: TrialResult) => (a.loss?.mean ?? 0) - (b.loss?.mean ?? 0);
