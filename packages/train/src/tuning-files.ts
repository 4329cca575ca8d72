/** What a model needs beside it to be tuned: training graphs of a few choices of weights, and the core set. */

import { openModel, type SessionFactory } from '@denary/core';
import { buildTraining, tuningOptimizer } from './build-training.js';
import { createCoreSet } from './core-set.js';
import type { Dataset } from './data/dataset.js';

export interface TuningFilesOptions {
  readonly createSession: SessionFactory;
  /** The bytes of the model. */
  readonly model: Uint8Array;
  /** What it was trained on: the core set is chosen from it. */
  readonly dataset: Dataset;
  /** The blocks that `training.last-blocks.onnx` and `training.low-rank.onnx` train; default 2. */
  readonly blocks?: number;
  /** Of the first step; default 0.04 by the labels of an image, whose losses are added up. */
  readonly learningRate?: number;
}

/** The files by name: `training.head.onnx`, `training.last-blocks.onnx`, `training.low-rank.onnx` and `replay.bin`. */
export async function createTuningFiles(options: TuningFilesOptions): Promise<Record<string, Uint8Array>> {
  const { model, blocks, learningRate } = options;
  const optimizer = tuningOptimizer(openModel(model, 'createTuningFiles').contract.slots);
  const { files } = buildTraining(model, {
    loss: 'categorical_crossentropy',
    optimizer: { ...optimizer, ...(learningRate && { learningRate }) },
    trainable: ['all', 'last-blocks', 'head', 'low-rank'],
    ...(blocks && { blocks }),
  });
  // That of all weights is the one that the model was trained with.
  const graphs = files.filter(({ trainable }) => trainable !== 'all');
  return {
    ...Object.fromEntries(graphs.map(({ name, bytes }) => [name, bytes])),
    'replay.bin': await createCoreSet(options),
  };
}
