/** Fine-tuning from a collection of labelled images: a part is held out, the rest learned, and what came of it measured on both. */

import { DenaryError, type Measures, problem, type Samples, type Tuner, type TuningProgress } from '@denary/core';
import { createDataset, type Dataset } from './data/dataset.js';
import { holdOut } from './data/hold-out.js';

export interface LabelledFile {
  readonly path: string;
  /** A class number, or of a model that reads several digits their text. */
  readonly label: number | string;
}

/** Images that are yet to be read and prepared, or pixels as the model takes them. */
export type LabelledImages = { readonly files: readonly LabelledFile[] } | { readonly dataset: Dataset };

export interface FineTuneOptions {
  /** Without corrections so far. */
  readonly tuner: Tuner<string>;
  readonly images: LabelledImages;
  /** 0 to below 1: the part of each class that is measured and not learned; default 0.2. */
  readonly holdout?: number;
  /** Of what is held out; default 0. */
  readonly seed?: number;
  /** The budget; the strategy's own number of steps where neither is given, however long they take. */
  readonly steps?: number;
  readonly seconds?: number;
  /** Once it is true, learning ends after the running step, and what was learned is kept. */
  readonly stopped?: () => boolean;
  /** An image that can't be read: it is left out. */
  readonly onUnusable?: (path: string, error: DenaryError) => void;
  /** Before the first step. */
  readonly onStart?: (start: FineTuneStart) => void;
  readonly onProgress?: (progress: TuningProgress) => void;
}

export interface FineTuneStart {
  readonly strategy: string;
  /** Images that are learned, held out, and could not be used. */
  readonly corrections: number;
  readonly heldOut: number;
  readonly unusable: number;
}

export interface FineTuned extends FineTuneStart {
  /** The last of the run, with its outcome; `before` in it is of the corrections and of the core set. */
  readonly progress: TuningProgress;
  /** On what was held out; undefined where nothing was. */
  readonly held?: { readonly before: Measures; readonly after: Measures };
  /** The tuned model; undefined where the run was rolled back. */
  readonly model?: Uint8Array;
}

/**
 * Throws `bad-data` where no image can be used, `aborted` where it is stopped before it has learned anything, and what the
 * tuner throws.
 */
export async function fineTune(options: FineTuneOptions): Promise<FineTuned> {
  const { tuner, holdout = 0.2, seed = 0, steps, seconds, stopped = () => false } = options;
  const { samples, unusable } = await take(options);
  const { train, held } = holdOut(asDataset(samples), holdout, seed);
  tuner.clear();
  tuner.addAll(train);
  const start = { strategy: tuner.strategy.name, corrections: train.count, heldOut: held?.count ?? 0, unusable };
  options.onStart?.(start);

  const before = held && (await tuner.evaluate(held));
  if (stopped()) throw stop();
  let last: TuningProgress | undefined;
  // Not by time unless it is asked for, so that the same images give the same model on a busy machine, too.
  const budget = seconds ? { seconds, ...(steps && { steps }) } : { steps: steps ?? tuner.strategy.steps };
  for await (const progress of tuner.run({ ...budget, until: stopped })) {
    last = progress;
    options.onProgress?.(progress);
  }
  const learned = last?.outcome !== 'rolled-back' && last?.outcome !== 'aborted';
  return {
    ...start,
    progress: last!,
    ...(held && before && { held: { before, after: await tuner.evaluate(held) } }),
    ...(learned && { model: await tuner.export() }),
  };
}

/** All images as the model takes them. */
async function take({
  tuner,
  images,
  stopped,
  onUnusable,
}: FineTuneOptions): Promise<{ samples: Samples; unusable: number }> {
  if ('dataset' in images) return { samples: images.dataset, unusable: 0 };
  let unusable = 0;
  for (const { path, label } of images.files) {
    if (stopped?.()) throw stop();
    try {
      await tuner.add(path, label);
    } catch (error) {
      if (!(error instanceof DenaryError) || (error.code !== 'bad-image' && error.code !== 'not-found')) throw error;
      unusable++;
      onUnusable?.(path, error);
    }
  }
  const samples = tuner.corrections;
  if (samples.count > 0) return { samples, unusable };
  throw problem('bad-data', 'fineTune', 'images that can be used', `${unusable} that cannot`, 'Give other images.');
}

const asDataset = (samples: Samples): Dataset => createDataset({ name: 'corrections', slots: 1, ...samples });

const stop = () => problem('aborted', 'fineTune', 'to learn', 'a stop before the first step', 'Nothing was changed.');

/** Accuracies before and after, of what is held out, what was learned and what is rehearsed, where each of them is. */
export function accuraciesOf({ held, progress: { before, ...after }, corrections }: FineTuned) {
  const rows = [
    { of: 'held out', images: held?.before.count, before: held?.before.accuracy, after: held?.after.accuracy },
    { of: 'corrections', images: corrections, before: before.accuracy, after: after.accuracy },
    { of: 'core set', images: undefined, before: before.coreAccuracy, after: after.coreAccuracy },
  ];
  return rows.filter(({ before }) => before !== undefined);
}
