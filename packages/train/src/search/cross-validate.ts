/** Cross-validation: an architecture trained once for each fold, and measured on the part that it has not seen. */

import { DenaryError, encodeModel, hash32 } from '@denary/core';
import { requireWhole } from '../data/digits.js';
import { evaluate } from '../evaluate.js';
import { type FitOptions, fit, type Progress } from '../fit.js';
import { type Spread, spreadOf } from '../spread.js';
import type { Fold } from './folds.js';

export interface CrossValidationOptions extends Omit<FitOptions, 'train' | 'validation' | 'resume' | 'callbacks'> {
  /** As `folds` makes them; one is enough. */
  readonly folds: readonly Fold[];
  /** What was measured before: these folds are not done again. */
  readonly done?: readonly FoldResult[];
  /** Stops after the running step. The folds done are given back; the one under way is lost. */
  readonly signal?: AbortSignal;
  readonly callbacks?: CrossValidationCallbacks;
}

export interface CrossValidationCallbacks {
  onProgress?(progress: FoldProgress): void;
  onFold?(result: FoldResult): Promise<void> | void;
}

/** Inside a fold; `eta` is that of the fold. */
export interface FoldProgress extends Progress {
  /** From 1. */
  readonly fold: number;
  readonly folds: number;
}

/** What one fold's model got right of what was held out, as `evaluate` tells it once, after the training. */
export interface FoldResult {
  /** From 1. */
  readonly fold: number;
  readonly accuracy: number;
  readonly loss: number;
  /** Of training and measuring. */
  readonly seconds: number;
}

export interface CrossValidation {
  /** The folds done, in their order. */
  readonly folds: readonly FoldResult[];
  readonly accuracy: Spread;
  readonly loss: Spread;
  /** Whether all folds were done. */
  readonly finished: boolean;
  /** The sum over the folds. */
  readonly seconds: number;
}

/**
 * Trains on each fold, with weights, order and dropout drawn anew by (seed, fold), and measures the exported model on what
 * was held out. Throws what `fit` and `evaluate` throw: `not-finite` where a training diverges or its model gives no numbers.
 */
export async function crossValidate(options: CrossValidationOptions): Promise<CrossValidation> {
  const { folds, done = [], callbacks, ...training } = options;
  const { seed = 0, signal } = training;
  requireWhole('crossValidate', 'seed', seed, 0, 2 ** 32 - 1);
  const results: FoldResult[] = [];
  for (const [i, data] of folds.entries()) {
    const fold = i + 1;
    const before = done.find((result) => result.fold === fold);
    if (before) results.push(before);
    if (before || signal?.aborted) continue;
    const onProgress = (progress: Progress) => callbacks?.onProgress?.({ ...progress, fold, folds: folds.length });
    const measured = await runFold({ ...training, seed: hash32(seed, fold), callbacks: { onProgress } }, data);
    if (!measured) continue;
    const result = { fold, ...measured };
    results.push(result);
    await callbacks?.onFold?.(result);
  }
  return {
    folds: results,
    accuracy: spreadOf(results.map(({ accuracy }) => accuracy)),
    loss: spreadOf(results.map(({ loss }) => loss)),
    finished: results.length === folds.length,
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** Undefined where the training was stopped. */
async function runFold(options: Omit<FitOptions, 'train'>, { train, validation }: Fold) {
  const { createSession, architecture, threads, loss = architecture.training.loss } = options;
  const began = performance.now();
  const { model, finished } = await fit({ ...options, train });
  if (!finished) return undefined;
  const exported = { createSession, model: encodeModel(model), ...(threads && { threads }) };
  const measured = await evaluate({ ...exported, dataset: validation, loss });
  if (!Number.isFinite(measured.loss)) {
    throw new DenaryError({
      code: 'not-finite',
      who: 'crossValidate',
      expected: 'a model whose loss is a finite number',
      received: `${measured.loss} on the held-out samples`,
      remedy: 'The training diverged: lower the learning rate.',
    });
  }
  return { accuracy: measured.accuracy, loss: measured.loss, seconds: (performance.now() - began) / 1000 };
}
