/** What a model needs beside it to be tuned: training graphs of a few choices of weights, and the core set. */

import { decodeModel, encodeModel, filled, type Model, type SessionFactory, withWeights } from '@denary/core';
import { buildTraining } from './build-training.js';
import { createCoreSet } from './core-set.js';
import type { Dataset } from './data/dataset.js';
import type { OptimizerSpec } from './objective/optimizers.js';

export interface TuningFilesOptions {
  readonly createSession: SessionFactory;
  /** The bytes of the model; of one digit. */
  readonly model: Uint8Array;
  /** What it was trained on: the core set is chosen from it. */
  readonly dataset: Dataset;
  /** The blocks that `training.last-blocks.onnx` trains; default 2. */
  readonly blocks?: number;
  /** Of the first step; default 0.04. */
  readonly learningRate?: number;
}

/** Few steps have to do: none of them needs the memory of an adaptive optimizer, and each may go far. */
const optimizer = { name: 'SGD', momentum: 0.9 } as const satisfies OptimizerSpec;
const [LEARNING_RATE, BATCH_SIZE] = [0.04, 64];

/** The files by name: `training.head.onnx`, `training.last-blocks.onnx` and `replay.bin`. */
export async function createTuningFiles(options: TuningFilesOptions): Promise<Record<string, Uint8Array>> {
  const { model, blocks, learningRate = LEARNING_RATE } = options;
  const { files } = buildTraining(encodeModel(withoutDropout(decodeModel(model))), {
    loss: 'categorical_crossentropy',
    optimizer: { ...optimizer, learningRate },
    trainable: ['all', 'last-blocks', 'head'],
    ...(blocks && { blocks }),
    batchSizes: [BATCH_SIZE],
  });
  // That of all weights is the one that the model was trained with.
  const graphs = files.filter(({ trainable }) => trainable !== 'all');
  return {
    ...Object.fromEntries(graphs.map(({ name, bytes }) => [name, bytes])),
    'replay.bin': await createCoreSet(options),
  };
}

/** The same model with all rates of dropout at 0: a hundred steps are too few to average its noise out. */
function withoutDropout(model: Model): Model {
  const rates = model.graph.nodes.flatMap(({ op, inputs }) => (op === 'Dropout' && inputs[1] ? [inputs[1]] : []));
  return withWeights(model, Object.fromEntries(rates.map((name) => [name, filled('float32', [])])));
}
