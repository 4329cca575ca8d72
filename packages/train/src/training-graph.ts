/**
 * The training graph: an ONNX file of standard operators that does one step (forward, loss, backward, optimizer, metrics),
 * derived from a model's inference graph. Weights, the optimizer's memory and the metrics go in and come out as state.
 */

import {
  DenaryError,
  GraphBuilder,
  type Model,
  type StateSpec,
  type TrainingSpec,
  trainingMetadata,
  type Value,
} from '@denary/core';
import type { Regularizer } from './architectures/layers.js';
import { differentiate } from './autodiff/differentiate.js';
import { rowKeysOf } from './lowering/dropout.js';
import { inGpuOperators } from './lowering/gpu-operators.js';
import { parametersOf } from './lowering/parameters.js';
import type { Target } from './lowering/target.js';
import { appendForTraining, poolBeforeRelu } from './lowering/training-form.js';
import { maths } from './math.js';
import type { LossName } from './objective/losses.js';
import { emitLoss, type Reduction } from './objective/objective.js';
import { learningRateOf, type OptimizerSpec } from './objective/optimizers.js';
import { emitUpdates } from './objective/updates.js';
import { removeDeadNodes } from './passes/dead-nodes.js';
import { namesIn } from './passes/fold-constants.js';
import { mergeRepeatedNodes } from './passes/repeated-nodes.js';

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
  const { batchSize, target = 'cpu' } = objective;
  const graph = new GraphBuilder(`${model.graph.name}/training`, model.opset);
  // Names of a foreign file may look like those that are made here.
  graph.reserve(namesIn(model.graph));
  const math = maths(graph);
  const state: StateSpec[] = [];

  const [image] = model.graph.inputs;
  if (!image || model.graph.inputs.length !== 1 || model.graph.outputs.length !== 1) {
    throw badModel('one input and one output', `${model.graph.inputs.length} and ${model.graph.outputs.length}`);
  }
  graph.input(image.name, image.dtype, [batchSize, ...image.shape.slice(1)]);
  const output = model.graph.outputs[0]!.shape;
  const slots = output.length === 3 ? Number(output[1]) : 1;
  const label = graph.input('label', 'int32', slots === 1 ? [batchSize] : [batchSize, slots]);
  const sampleWeight = graph.input('sample_weight', 'float32', [batchSize]);
  const learningRate = graph.input('learning_rate', 'float32', []);
  const seed = graph.input('seed', 'uint32', []);
  const step = graph.input('step', 'uint32', []);

  const { weights, statistics } = parametersOf(model);
  const trained: Value[] = [];
  for (const [name, tensor] of model.graph.initializers) {
    if (!weights.has(name) && !statistics.has(name)) {
      graph.initializer(name, tensor);
      continue;
    }
    const value = graph.input(name, tensor.dtype, tensor.shape);
    if (weights.has(name) && (objective.trainable?.(name) ?? true)) trained.push(value);
  }
  if (trained.length === 0) throw badModel('a weight to train', 'none');

  const frozen = objective.trainable !== undefined;
  const nextStatistics = new Map<string, Value>();
  let rowKeys: Value | undefined;
  for (const node of poolBeforeRelu(model.graph.nodes)) {
    appendForTraining(node, {
      math,
      target,
      sampleWeight,
      initial: (name) => model.graph.initializers.get(name),
      rowKeys: () => {
        rowKeys ??= rowKeysOf(math, seed, step, batchSize);
        return rowKeys;
      },
      followsStatistics: () => !frozen,
      nextStatistic: (name, value) => nextStatistics.set(name, value),
    });
  }

  const probabilities = graph.value(model.graph.outputs[0]!.name);
  const { loss, metrics } = emitLoss(math, {
    probabilities,
    label,
    sampleWeight,
    loss: objective.loss,
    reduction: objective.reduction ?? 'mean',
    regularizers: objective.regularizers ?? {},
  });
  const gradients = differentiate(graph, loss, trained);
  const next = emitUpdates(math, { trained, gradients, learningRate, step, optimizer: objective.optimizer });

  const keep = (spec: Omit<StateSpec, 'output'>, after: Value | undefined): void => {
    if (!after) state.push(spec);
    else state.push({ ...spec, output: graph.output(after, `${spec.input}/next`).name });
  };
  for (const name of [...weights, ...statistics]) {
    const { shape } = graph.value(name);
    const kind = weights.has(name) ? 'weight' : 'statistic';
    keep(
      { input: name, kind, shape: shape as number[], dtype: 'float32' },
      next.weights.get(name) ?? nextStatistics.get(name),
    );
  }
  for (const [input, { shape, initial, after }] of next.slots) {
    keep({ input, kind: 'slot', shape, dtype: 'float32', ...(initial ? { initial } : {}) }, after);
  }
  for (const [input, after] of next.averages) {
    keep({ input, kind: 'average', shape: after.shape as number[], dtype: 'float32' }, after);
  }
  keep({ input: 'step', kind: 'step', shape: [], dtype: 'uint32' }, math.add(step, 1));
  const totals = graph.input('metrics', 'float32', [3]);
  keep({ input: 'metrics', kind: 'metric', shape: [3], dtype: 'float32' }, math.add(totals, metrics));
  graph.output(loss, 'loss');

  const classes = probabilities.shape.at(-1) as number;
  const spec: TrainingSpec = {
    version: 1,
    batchSize,
    image: image.shape.slice(1) as number[],
    classes,
    ...(slots === 1 ? {} : { slots }),
    loss: objective.loss,
    optimizer: objective.optimizer.name,
    learningRate: learningRateOf(objective.optimizer),
    state,
  };
  const built = graph.model(trainingMetadata(spec));
  const alive = removeDeadNodes(mergeRepeatedNodes(built.graph));
  return { ...built, graph: target === 'gpu' ? removeDeadNodes(inGpuOperators(alive, model.opset)) : alive };
}

function badModel(expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-model',
    who: 'createTrainingGraph',
    expected,
    received,
    remedy: 'Give a classifier whose weights are initializers of Gemm, MatMul, Conv, Add or BatchNormalization.',
  });
}
