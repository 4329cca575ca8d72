/**
 * The training graph: an ONNX file of standard operators that does one step (forward, loss, backward, optimizer, metrics),
 * derived from a model's inference graph. Weights, the optimizer's memory and the metrics go in and come out as state.
 */

import type { Model } from '@denary/core';
import type { Regularizer } from './architectures/layers.js';
import { adaptedByRank } from './lowering/low-rank.js';
import type { Target } from './lowering/target.js';
import type { LossName } from './objective/losses.js';
import type { Reduction } from './objective/objective.js';
import type { OptimizerSpec } from './objective/optimizers.js';
import { batchInputs, emitGradients, emitSteps, finished, trainingBuilder } from './training-parts.js';

export interface Objective {
  readonly loss: LossName;
  /** Over the samples of a step, by weight; default `mean`. */
  readonly reduction?: Reduction;
  readonly optimizer: OptimizerSpec;
  readonly batchSize: number;
  /** Penalties on weights, by name. */
  readonly regularizers?: Readonly<Record<string, Regularizer>>;
  /** Which weights are trained, by name; all of them where left out. The others stay as they are. */
  readonly trainable?: (name: string) => boolean;
  /** Trains factors of this rank in place of matrices (low-rank adaptation); the matrices themselves where left out. */
  readonly rank?: number;
  /** What it is to run on, as `targetOf(device)` tells; default `cpu`. */
  readonly target?: Target;
}

/**
 * Derives the training graph of a classifier: input `image` as the model has it, output `probabilities` [batch, classes] or
 * [batch, slots, classes]. Inputs: `image`, `label` int32 [batch] or [batch, slots], `sample_weight` float32 [batch],
 * `learning_rate` float32 [], `seed` uint32 []; output `loss` float32 [], of the batch by weight. The rest is state, described
 * in the file's metadata.
 * Throws `unsupported-operator` where a gradient would pass a node without a rule, `bad-model` where no weight is found.
 */
export function createTrainingGraph(model: Model, objective: Objective): Model {
  const { rank, trainable = () => true } = objective;
  if (rank === undefined) return trainingGraph(model, objective);
  const adapted = adaptedByRank(model, trainable, rank);
  return adapted.described(trainingGraph(adapted.model, { ...objective, trainable: adapted.trainable }));
}

function trainingGraph(model: Model, objective: Objective): Model {
  const graph = trainingBuilder(model, 'training');
  const batch = batchInputs(graph, model, { first: 0, count: objective.batchSize });
  const learningRate = graph.input('learning_rate', 'float32', []);
  const seed = graph.input('seed', 'uint32', []);
  const step = graph.input('step', 'uint32', []);
  const parts = emitGradients(graph, model, objective, { ...batch, seed, step });
  return finished(emitSteps(graph, model, objective, { learningRate, step }, parts), objective);
}
