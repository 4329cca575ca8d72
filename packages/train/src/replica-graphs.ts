/**
 * A training step in parts, for replicas that share it: each makes the gradients of its rows of the batch, all add them up,
 * and each does the same update. The result is the training graph's but for rounding.
 */

import { type Model, rowsOf, trainingMetadata, trainingSpecOf, type Value } from '@denary/core';
import type { Rows } from './lowering/dropout.js';
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

/** Loss, right answers and sample weights: what a contribution ends with. */
const METRICS = 3;

/** For a step that `canBeShared`, with at least one row for each replica. Throws what `createTrainingGraph` throws. */
export function createReplicaGraphs(model: Model, objective: Objective, replicas: number): ReplicaGraphs {
  const parts = Array.from({ length: replicas }, (_, replica) =>
    gradientGraph(model, objective, rowsOf(objective.batchSize, replica, replicas)),
  );
  const { contributors, contribution } = parts[0]!;
  const update = updateGraph(model, objective, contributors, [replicas, contribution]);
  return { gradients: parts.map(({ graph }) => graph), update, contribution };
}

/** From some rows of a batch to their contribution, with the names of the weights whose gradients it begins with. */
function gradientGraph(model: Model, objective: Objective, rows: Rows) {
  const graph = trainingBuilder(model, 'gradients');
  const { concat, reshape } = maths(graph);
  const batch = batchInputs(graph, model, rows);
  const seed = graph.input('seed', 'uint32', []);
  const step = graph.input('step', 'uint32', []);
  const sums: Objective = { ...objective, reduction: 'sum' };
  const { gradients, metrics } = emitGradients(graph, model, sums, { ...batch, seed, step });
  const parts = [...gradients.values(), metrics].map((value) => reshape(value, [elements(value)]));
  const whole = graph.output(concat(parts, 0), 'contribution');
  return {
    graph: finished(graph.model({}), objective),
    contributors: [...gradients.keys()],
    contribution: elements(whole),
  };
}

/** From the contributions of all replicas to the next state. */
function updateGraph(model: Model, objective: Objective, contributors: readonly string[], shape: readonly number[]) {
  const graph = trainingBuilder(model, 'update');
  const { div, reshape, split, sum } = maths(graph);
  const trained = weightInputs(graph, model, objective);
  const contributions = graph.input('contributions', 'float32', shape);
  const learningRate = graph.input('learning_rate', 'float32', []);
  const step = graph.input('step', 'uint32', []);

  const weights = contributors.map((name) => graph.value(name));
  const total = sum(contributions, [0], false);
  const [gradient, metrics] = split(total, 0, [elements(total) - METRICS, METRICS]) as [Value, Value];
  const [loss, , count] = split(metrics, 0, [1, 1, 1]) as [Value, Value, Value];
  const reduced = (sums: Value) => ((objective.reduction ?? 'mean') === 'mean' ? div(sums, count) : sums);
  const parts = split(reduced(gradient), 0, weights.map(elements));
  const gradients = new Map(weights.map((weight, i) => [weight.name, reshape(parts[i]!, sizes(weight))]));
  const sent = { loss: reshape(reduced(loss), []), metrics, trained, gradients, statistics: new Map() };

  const update = finished(emitSteps(graph, model, objective, { learningRate, step }, sent), objective);
  const metadata = trainingMetadata({ ...trainingSpecOf(update), severalSteps: true });
  return { ...update, metadata: { ...update.metadata, ...metadata } };
}
