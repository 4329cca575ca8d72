/**
 * A training step in parts, for replicas that share it: each makes the gradients of its rows of the batch, all add them up,
 * and each does the same update. The result is the training graph's but for rounding.
 */

import { type Model, rowsOf, trainingMetadata, trainingSpecOf, type Value } from '@denary/core';
import { elements, maths, sizes } from './math.js';
import type { Objective } from './training-graph.js';
import { batchInputs, emitGradients, emitSteps, finished, trainingBuilder, weightInputs } from './training-parts.js';

export interface ReplicaGraphs {
  /** One for each replica. Output `contribution`: its gradients and metrics as sums over its rows, in one flat vector. */
  readonly gradients: readonly Model[];
  /** From `contributions`, one row a replica, to the next state. */
  readonly update: Model;
  /** The length of a contribution. */
  readonly contribution: number;
}

/** Whether a step can be shared: neither the batch's own statistics nor penalties, which no part of a batch has, may count. */
export const canBeShared = (model: Model, { regularizers = {}, trainable }: Objective): boolean =>
  !trainable &&
  Object.keys(regularizers).length === 0 &&
  model.graph.nodes.every(({ op }) => op !== 'BatchNormalization');

/** For a step that `canBeShared`, with at least one row for each replica. Throws what `createTrainingGraph` throws. */
export function createReplicaGraphs(model: Model, objective: Objective, replicas: number): ReplicaGraphs {
  const { batchSize, reduction = 'mean' } = objective;
  const sums: Objective = { ...objective, reduction: 'sum' };
  const parts = Array.from({ length: replicas }, (_, replica) => {
    const graph = trainingBuilder(model, `gradients/${replica}`);
    const math = maths(graph);
    const batch = batchInputs(graph, model, rowsOf(batchSize, replica, replicas));
    const seed = graph.input('seed', 'uint32', []);
    const step = graph.input('step', 'uint32', []);
    const { gradients, metrics } = emitGradients(graph, model, sums, { ...batch, seed, step });
    const flat = [...gradients.values(), metrics].map((value) => math.reshape(value, [elements(value)]));
    graph.output(math.concat(flat, 0), 'contribution');
    return { built: finished(graph.model({}), objective), names: [...gradients.keys()] };
  });

  const graph = trainingBuilder(model, 'update');
  const { div, reshape, split, sum } = maths(graph);
  const trained = weightInputs(graph, model, objective);
  const reached = parts[0]!.names.map((name) => graph.value(name));
  const count = reached.reduce((total, weight) => total + elements(weight), 0);
  const contributions = graph.input('contributions', 'float32', [replicas, count + 3]);
  const learningRate = graph.input('learning_rate', 'float32', []);
  const step = graph.input('step', 'uint32', []);
  const [gradient, metrics] = split(sum(contributions, [0], false), 0, [count, 3]) as [Value, Value];
  const [loss, , weight] = split(metrics, 0, [1, 1, 1]) as [Value, Value, Value];
  const reduced = (total: Value) => (reduction === 'mean' ? div(total, weight) : total);
  const gradients = split(reduced(gradient), 0, reached.map(elements)).map(
    (part, i) => [reached[i]!.name, reshape(part, sizes(reached[i]!))] as const,
  );
  const sent = {
    loss: reshape(reduced(loss), []),
    metrics,
    trained,
    gradients: new Map(gradients),
    statistics: new Map(),
  };
  const update = finished(emitSteps(graph, model, objective, { learningRate, step }, sent), objective);
  const spec = { ...trainingSpecOf(update), severalSteps: true };
  return {
    gradients: parts.map(({ built }) => built),
    contribution: count + 3,
    update: { ...update, metadata: { ...update.metadata, ...trainingMetadata(spec) } },
  };
}
