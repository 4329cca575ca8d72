/**
 * The two halves of a training graph: from a batch and the weights to their gradients, and from the gradients to the next
 * state. One graph holds both; where several replicas share a step, each half has a graph of its own.
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
import { type Composite, differentiate } from './autodiff/differentiate.js';
import { type Rows, rowKeysOf } from './lowering/dropout.js';
import { inGpuOperators } from './lowering/gpu-operators.js';
import { parametersOf } from './lowering/parameters.js';
import { appendForTraining, poolBeforeRelu } from './lowering/training-form.js';
import { maths } from './math.js';
import { emitLoss } from './objective/objective.js';
import { learningRateOf } from './objective/optimizers.js';
import { emitUpdates } from './objective/updates.js';
import { removeDeadNodes } from './passes/dead-nodes.js';
import { namesIn } from './passes/fold-constants.js';
import { mergeRepeatedNodes } from './passes/repeated-nodes.js';
import type { Objective } from './training-graph.js';

/** What the first half gives the second. */
export interface GradientParts {
  /** [], of the batch by weight. */
  readonly loss: Value;
  /** [3]: what the step adds to the sums of losses, right answers and sample weights. */
  readonly metrics: Value;
  /** The weights to be trained. */
  readonly trained: readonly Value[];
  /** Of those that the loss depends on, by name. */
  readonly gradients: ReadonlyMap<string, Value>;
  /** Moving statistics after the step, by name. */
  readonly statistics: ReadonlyMap<string, Value>;
}

/** What a graph is fed of each batch. */
export interface BatchInputs {
  readonly rows: Rows;
  readonly label: Value;
  readonly sampleWeight: Value;
}

/** Names of a foreign file may look like those that are made here. */
export function trainingBuilder(model: Model, part: string): GraphBuilder {
  const graph = new GraphBuilder(`${model.graph.name}/${part}`, model.opset);
  graph.reserve(namesIn(model.graph));
  return graph;
}

/** Inputs for so many rows of a batch. */
export function batchInputs(graph: GraphBuilder, model: Model, rows: Rows): BatchInputs {
  const image = imageOf(model);
  graph.input(image.name, image.dtype, [rows.count, ...image.shape.slice(1)]);
  const slots = slotsOf(model);
  return {
    rows,
    label: graph.input('label', 'int32', slots === 1 ? [rows.count] : [rows.count, slots]),
    sampleWeight: graph.input('sample_weight', 'float32', [rows.count]),
  };
}

/** Inputs for a model's weights and moving statistics; those that are to be trained. */
export function weightInputs(graph: GraphBuilder, model: Model, { trainable }: Objective): readonly Value[] {
  const { weights, statistics } = parametersOf(model);
  const trained: Value[] = [];
  for (const [name, { dtype, shape }] of model.graph.initializers) {
    if (!weights.has(name) && !statistics.has(name)) continue;
    const value = graph.input(name, dtype, shape);
    if (weights.has(name) && (trainable?.(name) ?? true)) trained.push(value);
  }
  if (trained.length === 0) throw badModel('a weight to train', 'none');
  return trained;
}

/** The forward pass over a batch, its loss, and the gradients of `trained`. */
export function emitGradients(
  graph: GraphBuilder,
  model: Model,
  objective: Objective,
  { rows, label, sampleWeight, seed, step }: BatchInputs & Record<'seed' | 'step', Value>,
): GradientParts {
  const math = maths(graph);
  const trained = weightInputs(graph, model, objective);
  const { weights, statistics } = parametersOf(model);
  for (const [name, tensor] of model.graph.initializers) {
    if (!weights.has(name) && !statistics.has(name)) graph.initializer(name, tensor);
  }

  const nextStatistics = new Map<string, Value>();
  const composites: Composite[] = [];
  let rowKeys: Value | undefined;
  for (const node of poolBeforeRelu(model.graph.nodes)) {
    appendForTraining(node, {
      math,
      target: objective.target ?? 'cpu',
      sampleWeight,
      initial: (name) => model.graph.initializers.get(name),
      rowKeys: () => {
        rowKeys ??= rowKeysOf(math, seed, step, rows);
        return rowKeys;
      },
      followsStatistics: () => objective.trainable === undefined,
      nextStatistic: (name, value) => nextStatistics.set(name, value),
      composite: (composite) => composites.push(composite),
    });
  }

  const { loss, metrics } = emitLoss(math, {
    probabilities: graph.value(model.graph.outputs[0]!.name),
    label,
    sampleWeight,
    loss: objective.loss,
    reduction: objective.reduction ?? 'mean',
    regularizers: objective.regularizers ?? {},
  });
  const gradients = differentiate(graph, loss, trained, composites);
  return { loss, metrics, trained, gradients, statistics: nextStatistics };
}

/** The state with its next values, and the loss: the graph as a whole, which says all about itself. */
export function emitSteps(
  graph: GraphBuilder,
  model: Model,
  objective: Objective,
  { learningRate, step }: Record<'learningRate' | 'step', Value>,
  { loss, metrics, trained, gradients, statistics: nextStatistics }: GradientParts,
): Model {
  const math = maths(graph);
  const { weights, statistics } = parametersOf(model);
  const next = emitUpdates(math, { trained, gradients, learningRate, step, optimizer: objective.optimizer });
  const state: StateSpec[] = [];
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

  const slots = slotsOf(model);
  const spec: TrainingSpec = {
    version: 1,
    batchSize: objective.batchSize,
    image: imageOf(model).shape.slice(1) as number[],
    classes: model.graph.outputs[0]!.shape.at(-1) as number,
    ...(slots === 1 ? {} : { slots }),
    loss: objective.loss,
    optimizer: objective.optimizer.name,
    learningRate: learningRateOf(objective.optimizer),
    state,
  };
  return graph.model(trainingMetadata(spec));
}

/** The same model without what is computed twice or for nothing, and in the operators of its target. */
export function finished(built: Model, { target }: Objective): Model {
  const alive = removeDeadNodes(mergeRepeatedNodes(built.graph));
  return { ...built, graph: target === 'gpu' ? removeDeadNodes(inGpuOperators(alive, built.opset)) : alive };
}

function imageOf({ graph }: Model): Value {
  const [image] = graph.inputs;
  if (image && graph.inputs.length === 1 && graph.outputs.length === 1) return image;
  throw badModel('one input and one output', `${graph.inputs.length} and ${graph.outputs.length}`);
}

/** How many labels an image has. */
function slotsOf({ graph }: Model): number {
  const { shape } = graph.outputs[0]!;
  return shape.length === 3 ? Number(shape[1]) : 1;
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
