/** Chooses between settings of an architecture by cross-validation. The test set has no part in it. */

import { DenaryError } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { type Dataset, validationSplit } from '../data/dataset.js';
import type { FitOptions } from '../fit.js';
import { spreadOf } from '../spread.js';
import { crossValidate, type FoldProgress } from './cross-validate.js';
import { type Fold, folds as foldsOf } from './folds.js';
import { type Candidate, requireComparable, requireTrainable } from './requirements.js';
import { bestOf, findTrial, rank, type SearchMetric, type TrialResult, trialOf } from './trial.js';
import { type SettingOverrides, withSettings } from './with-settings.js';

export interface SearchOptions extends Pick<FitOptions, 'createSession' | 'device' | 'threads' | 'progressInterval'> {
  readonly architecture: Architecture;
  /** The training data, from which the folds are made. */
  readonly train: Dataset;
  /** What to try, as `planSettings` gives it. */
  readonly settings: readonly SettingOverrides[];
  /** Default 3. With 0 or 1, a seeded fifth of the data is held out once. */
  readonly folds?: number;
  /** What to choose by; default `accuracy`. */
  readonly metric?: SearchMetric;
  /** Of the folds, which are the same for all settings, and of the trainings; default 0. */
  readonly seed?: number;
  /** Stops after the running step; the folds done are given back. */
  readonly signal?: AbortSignal;
  /** What an earlier search with the same options found: no fold in it is done again, and no setting that diverged. */
  readonly done?: readonly TrialResult[];
  readonly callbacks?: SearchCallbacks;
}

export interface SearchCallbacks {
  onProgress?(progress: SearchProgress): void;
  /** Called when a setting was measured on all folds, or diverged. `number` counts from 1. */
  onTrial?(trial: TrialResult, number: number): void;
  /** Called after each fold with all that is known, best first: what to keep for `done`. */
  onResults?(trials: readonly TrialResult[]): Promise<void> | void;
}

/** Inside a fold. */
export interface SearchProgress extends FoldProgress {
  /** From 1. */
  readonly trial: number;
  readonly trials: number;
  readonly settings: SettingOverrides;
  /** Seconds to the end of the search, if folds go on taking as long as they did. */
  readonly searchEta: number;
}

export interface SearchResult {
  /** Best first; of a search that was stopped, those of which a fold was done. */
  readonly trials: readonly TrialResult[];
  /** The best of those that were measured on all folds. */
  readonly best: TrialResult | undefined;
  /** Whether every setting was measured or diverged. */
  readonly finished: boolean;
  /** The sum over all folds. */
  readonly seconds: number;
}

/** The part that is held out where there are no folds. */
const HELD_OUT = 0.2;

/**
 * Trains every setting on the same folds. A setting whose training diverges is a result, too, and comes last. Throws
 * `bad-argument`, before anything is trained, where there is no setting, where one does not exist or makes no model, and for
 * a bad number of folds.
 */
export async function search(options: SearchOptions): Promise<SearchResult> {
  const { architecture, train, settings, folds = 3, metric = 'accuracy', seed = 0, done = [], callbacks } = options;
  const candidates = settings.map((setting) => ({ setting, architecture: withSettings(architecture, setting) }));
  requireComparable(candidates, metric);
  requireTrainable(candidates);
  const single = folds === 0 || folds === 1;
  const parts = single ? [validationSplit(train, HELD_OUT, seed)] : foldsOf(train, folds, seed);
  const results = settings.map((setting) => findTrial(done, setting) ?? trialOf(setting, [], parts.length));
  const ranking = () => rank(results.filter(isKnown), metric);
  const began = performance.now();
  const etaOf = (fold: number) => {
    const known = results.flatMap((trial) => trial.folds.map(({ seconds }) => seconds));
    const usual = known.length > 0 ? spreadOf(known).mean : (performance.now() - began) / 1000 + fold;
    const missing = results.map((trial) => (trial.finished ? 0 : parts.length - trial.folds.length));
    return fold + usual * (missing.reduce((sum, count) => sum + count, 0) - 1);
  };

  for (const [i, candidate] of candidates.entries()) {
    if (results[i]!.finished || options.signal?.aborted) continue;
    const place = { trial: i + 1, trials: candidates.length, settings: candidate.setting };
    await runTrial(options, candidate, parts, results[i]!, {
      onProgress: (progress) => callbacks?.onProgress?.({ ...progress, ...place, searchEta: etaOf(progress.eta) }),
      onResult: async (trial) => {
        results[i] = trial;
        await callbacks?.onResults?.(ranking());
        if (trial.finished) callbacks?.onTrial?.(trial, i + 1);
      },
    });
  }
  return {
    trials: ranking(),
    best: bestOf(results, metric),
    finished: results.every(({ finished }) => finished),
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const isKnown = ({ folds, failed }: TrialResult): boolean => folds.length > 0 || failed !== undefined;

interface TrialCallbacks {
  onProgress(progress: FoldProgress): void;
  /** After each fold, and where one diverges. */
  onResult(trial: TrialResult): Promise<void>;
}

/** Does the folds of one setting that `before` does not have. */
async function runTrial(
  { createSession, device, threads, progressInterval, seed, signal }: SearchOptions,
  { setting, architecture }: Candidate,
  folds: readonly Fold[],
  before: TrialResult,
  { onProgress, onResult }: TrialCallbacks,
): Promise<void> {
  const measured = [...before.folds];
  const report = (failed?: string) => onResult(trialOf(setting, measured, folds.length, failed));
  const given = {
    ...(device && { device }),
    ...(threads && { threads }),
    ...(progressInterval !== undefined && { progressInterval }),
    ...(seed !== undefined && { seed }),
    ...(signal && { signal }),
  };
  const onFold = async (result: (typeof measured)[number]) => {
    measured.push(result);
    await report();
  };
  try {
    const done = before.folds;
    await crossValidate({ createSession, architecture, folds, done, ...given, callbacks: { onProgress, onFold } });
  } catch (error) {
    if (!(error instanceof DenaryError && error.code === 'not-finite')) throw error;
    await report(error.received);
  }
}
