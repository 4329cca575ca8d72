/** What a training has been like so far, by epoch and by step, and what is read from that: the best epoch, a standstill. */

import type { Metrics } from '@denary/core';

export interface EpochLog {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  /** Seconds of training steps in this epoch. */
  readonly seconds: number;
}

/** A point of the curve by step: means over the steps since the point before. */
export interface StepLog {
  /** Steps done since the start of the training. */
  readonly step: number;
  /** Epochs done, with the part of the present one. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** By Keras' names. */
export type Monitor = 'loss' | 'accuracy' | 'val_loss' | 'val_accuracy';

/** Keras' EarlyStopping; with `loss`, scikit-learn's stop by tolerance. */
export interface EarlyStopping {
  /** Default `val_loss` where there is validation data, else `loss`. */
  readonly monitor?: Monitor;
  /** So many epochs in a row without an improvement end the training; default 1. */
  readonly patience?: number;
  /** What an improvement on the best so far must exceed; default 0. */
  readonly minDelta?: number;
}

/** The number that is watched, so turned that less is better. */
const watched: { readonly [M in Monitor]: (log: EpochLog) => number } = {
  loss: ({ loss }) => loss,
  accuracy: ({ accuracy }) => -accuracy,
  val_loss: ({ validationLoss = Number.NaN }) => validationLoss,
  val_accuracy: ({ validationAccuracy = Number.NaN }) => -validationAccuracy,
};
export const monitors = Object.keys(watched) as readonly Monitor[];

/** Whether the last epochs brought no improvement, as many of them as `patience` says. */
export function stalled(history: readonly EpochLog[], { monitor, patience = 1, minDelta = 0 }: EarlyStopping): boolean {
  const validated = history[0]?.validationLoss !== undefined;
  const value = watched[monitor ?? (validated ? 'val_loss' : 'loss')];
  let best = Number.POSITIVE_INFINITY;
  let waited = 0;
  for (const log of history) {
    waited = value(log) < best - minDelta ? 0 : waited + 1;
    best = Math.min(best, value(log));
  }
  return waited >= patience;
}

/** The epoch with the best validation accuracy, and with the lower validation loss among equals; undefined without any. */
export function bestEpoch(history: readonly EpochLog[]): EpochLog | undefined {
  const { val_accuracy: first, val_loss: second } = watched;
  let best: EpochLog | undefined;
  for (const log of history) {
    const difference = best ? first(log) - first(best) || second(log) - second(best) : -1;
    if (difference < 0) best = log;
  }
  return best;
}

/** Sums over the samples of the present epoch. */
interface Sums {
  readonly loss: number;
  readonly right: number;
  readonly count: number;
}

const NOTHING: Sums = { loss: 0, right: 0, count: 0 };

/** The curve by step, and the sums at its last point, which the next one starts from. */
export interface Curve {
  readonly points: readonly StepLog[];
  readonly since: Sums;
}

export const emptyCurve: Curve = { points: [], since: NOTHING };

/** Adds a point; `metrics` are the means since the start of the epoch, which begins anew where `endsEpoch`. */
export function extended(
  { points, since }: Curve,
  metrics: Metrics,
  at: Pick<StepLog, 'step' | 'epoch'> & { endsEpoch: boolean },
): Curve {
  const { endsEpoch, ...place } = at;
  const sums = {
    loss: metrics.loss * metrics.count,
    right: metrics.accuracy * metrics.count,
    count: metrics.count,
  };
  const count = sums.count - since.count;
  const point = { ...place, loss: (sums.loss - since.loss) / count, accuracy: (sums.right - since.right) / count };
  return { points: [...points, point], since: endsEpoch ? NOTHING : sums };
}
