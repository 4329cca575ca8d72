/** What a system is: its input, its layers, and how its notebook trains it. Plain data; the catalogue is a list of these. */

import type { AugmentOptions } from '@denary/core';
import type { EarlyStopping } from '../history.js';
import type { LossName } from '../objective/losses.js';
import type { Reduction } from '../objective/objective.js';
import type { OptimizerSpec } from '../objective/optimizers.js';
import type { Schedule } from '../schedules.js';
import type { Layer } from './layers.js';

export interface InputSpec {
  /** The image in pixels: [height, width]. */
  readonly image: readonly [number, number];
  /** What a pixel is divided by: 255, or 16 for optdigits. */
  readonly scale: number;
  /** Whether the first layer sees a vector, an image with one channel, or rows of pixels: [rows, columns, 1]. */
  readonly as: 'flat' | 'image' | 'rows';
}

export interface TrainingSettings {
  readonly loss: LossName;
  /** Whether a step's loss is the `mean` over its samples (the default) or their `sum`. */
  readonly reduction?: Reduction;
  readonly optimizer: OptimizerSpec;
  /** Samples in a step; an epoch's last one may have fewer. Default 128. */
  readonly batchSize?: number;
  /** In place of `batchSize`: so many even batches an epoch; 1 is full-batch descent. */
  readonly minibatches?: number;
  readonly epochs: number;
  /** In place of `epochs`: so many steps, the last epoch not being finished where they end inside it. */
  readonly steps?: number;
  /** Of the learning rate, over the whole training; default constant. */
  readonly schedule?: Schedule;
  /** Changes the training images anew in each epoch. */
  readonly augment?: AugmentOptions;
  /** The part of the training data, in (0, 1), that is held out (seeded) and measured after each epoch; default none. */
  readonly validationSplit?: number;
  /**
   * Whose weights are given back: those of the `last` epoch (the default), or of the `best` one by validation accuracy, the
   * lower validation loss deciding between equals.
   */
  readonly keep?: 'last' | 'best';
  readonly earlyStopping?: EarlyStopping;
}

export interface Architecture {
  readonly name: string;
  /** One line for `denary list`. */
  readonly description: string;
  readonly input: InputSpec;
  readonly classes: number;
  /** Labels of one image; default 1. */
  readonly slots?: number;
  readonly layers: readonly Layer[];
  /** `data` is a name of `denary data`; default `mnist`. */
  readonly training: TrainingSettings & { readonly data?: string };
}
