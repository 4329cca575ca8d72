/** The training graphs of a model by what they train: by the names of their files, and else by what is in them. */

import { type DenaryError, problem } from '../errors.js';
import { decodeMetadata } from '../onnx/metadata.js';
import type { Graph, Model } from '../onnx/model.js';
import { type TrainingSpec, trainingSpecOf } from '../training-spec.js';
import { LAYERS } from './split.js';
import { strategies, type Trainable, trainableNamed } from './strategy.js';

export interface TrainingFile {
  /** Without its folder, where it is known. */
  readonly name?: string | undefined;
  readonly bytes: Uint8Array;
}

export type TuningGraphs = ReadonlyMap<Trainable, Uint8Array>;

/**
 * One file for each choice, that which is named for it before another one. Throws `bad-model` for a file that is no training
 * graph, `not-found` for none.
 */
export function tuningGraphs(files: readonly TrainingFile[], model: Model): TuningGraphs {
  const graphs = new Map<Trainable, Uint8Array>();
  for (const { name = '', bytes } of files) {
    const spec = trainingSpecOf({ metadata: decodeMetadata(bytes, 'createTuner') }, 'createTuner');
    const named = trainableNamed(name);
    const trainable = named ?? trainableOf(spec, model);
    if (named || !graphs.has(trainable)) graphs.set(trainable, bytes);
  }
  if (graphs.size > 0) return graphs;
  const remedy = 'Make one: denary build-training MODEL.onnx; or give one as `training`.';
  throw problem('not-found', 'createTuner', 'a training graph beside the model', 'none', remedy);
}

/**
 * What a training graph trains: by its weights that a step changes, and those that stay. Where that is none of the choices, as
 * with weights that were chosen by name, the nearest one. `head`: one layer, or several side by side.
 */
export function trainableOf({ state, lowRank = [] }: TrainingSpec, { graph }: Pick<Model, 'graph'>): Trainable {
  if (lowRank.length > 0) return 'low-rank';
  const weights = state.filter(({ kind }) => kind === 'weight');
  const matrices = weights.filter(({ shape }) => shape.filter((size) => size > 1).length > 1);
  if (matrices.every(({ output }) => !output)) return 'biases-and-norms';
  if (matrices.every(({ output }) => output)) return 'all';
  const trained = weights.flatMap(({ input, output }) => (output ? [input] : []));
  return layersInRow(graph, trained) <= 1 ? 'head' : 'last-blocks';
}

/** The most layers, one behind the other, that these weights change the output of. */
function layersInRow({ nodes }: Graph, weights: readonly string[]): number {
  const passed = new Map(weights.map((name) => [name, 0]));
  for (const { op, inputs, outputs } of nodes) {
    const before = inputs.flatMap((name) => passed.get(name) ?? []);
    if (before.length === 0) continue;
    const count = Math.max(...before) + (LAYERS.has(op) ? 1 : 0);
    for (const name of outputs) passed.set(name, count);
  }
  return Math.max(...passed.values());
}

/** For a strategy that trains what no graph does. */
export function noGraphOf(wanted: Trainable, graphs: TuningGraphs): DenaryError {
  const fitting = Object.values(strategies).filter(({ trainable }) => graphs.has(trainable));
  const others = ['auto', ...fitting.map(({ name }) => name)].join(', ');
  return problem(
    'not-found',
    'createTuner',
    `a training graph of ${wanted}, which the strategy trains`,
    `those of ${[...graphs.keys()].join(', ')}`,
    `Make it: denary build-training MODEL.onnx --trainable ${wanted}; or take another strategy: ${others}.`,
  );
}
