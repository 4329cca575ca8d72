/** What a system is: its input, its layers, and how its notebook trains it. Plain data; the catalogue is a list of these. */

import type { LossName } from '../objective/losses.js';
import type { OptimizerSpec } from '../objective/optimizers.js';
import type { Layer } from './layers.js';

export interface InputSpec {
  /** The image in pixels: [height, width]. */
  readonly image: readonly [number, number];
  /** What a pixel is divided by: 255, or 16 for optdigits. */
  readonly scale: number;
  /** Whether the first layer sees a vector, an image with one channel, or rows of pixels: [rows, columns, 1]. */
  readonly as: 'flat' | 'image' | 'rows';
}

export interface TrainingDefaults {
  /** A name of `denary data`; default `mnist`. */
  readonly data?: string;
  readonly loss: LossName;
  readonly optimizer: OptimizerSpec;
  readonly batchSize: number;
  readonly epochs: number;
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
  readonly training: TrainingDefaults;
}
