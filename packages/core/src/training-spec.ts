/** What a training graph says of itself in its metadata, so that a runtime needs nothing else to train with it. */

import * as v from 'valibot';
import { DenaryError, messageOf } from './errors.js';
import type { Model } from './onnx/model.js';

const stateSpec = v.object({
  input: v.string(),
  /** The output that takes the input's place after a step; a frozen weight has none. */
  output: v.optional(v.string()),
  /** `weight` and `statistic` come from the model; a `factor` is drawn, and the rest starts from `initial`. */
  kind: v.picklist(['weight', 'statistic', 'factor', 'slot', 'average', 'step', 'metric']),
  shape: v.array(v.number()),
  dtype: v.picklist(['float32', 'uint32']),
  /** Default 0. */
  initial: v.optional(v.number()),
  /** Of the normal distribution around 0 that a factor is drawn from; default 0. */
  deviation: v.optional(v.number()),
});

/** A weight that is not trained itself: what is added to it is the product of two factors, [rows, rank] and [rank, columns]. */
const lowRankSpec = v.object({
  /** Of the shape [rows, ...], whose other axes make the columns. */
  weight: v.string(),
  left: v.string(),
  right: v.string(),
});

const trainingSpec = v.object({
  version: v.literal(1),
  batchSize: v.number(),
  /** [height, width] in pixels. */
  image: v.array(v.number()),
  classes: v.number(),
  /** Labels of one image; default 1. */
  slots: v.optional(v.number()),
  loss: v.string(),
  optimizer: v.string(),
  /** The rate that the graph was made for; a step may be given another. */
  learningRate: v.number(),
  /** Whether one run does several steps: inputs but the seed, and the loss, then have a first axis of steps. Default false. */
  severalSteps: v.optional(v.boolean()),
  /** Default: none. */
  lowRank: v.optional(v.array(lowRankSpec)),
  state: v.array(stateSpec),
});

export type StateSpec = Readonly<Omit<v.InferOutput<typeof stateSpec>, 'shape'>> & {
  readonly shape: readonly number[];
};
export type LowRankSpec = Readonly<v.InferOutput<typeof lowRankSpec>>;
export type TrainingSpec = Readonly<Omit<v.InferOutput<typeof trainingSpec>, 'state' | 'image' | 'lowRank'>> & {
  readonly image: readonly number[];
  readonly lowRank?: readonly LowRankSpec[] | undefined;
  readonly state: readonly StateSpec[];
};

const AVERAGE = '/average';
/** The state that holds the moving average of a weight, where a training keeps one. */
export const averageOf = (weight: string): string => weight + AVERAGE;
/** The weight that such a state is the average of. */
export const averagedBy = (state: string): string => state.slice(0, -AVERAGE.length);

const KEY = 'denary.training';

export const trainingMetadata = (spec: TrainingSpec): Record<string, string> => ({ [KEY]: JSON.stringify(spec) });

/** Reads the spec of a training graph. Throws `bad-model` where the file is none. */
export function trainingSpecOf({ metadata }: Pick<Model, 'metadata'>, who = 'trainingSpecOf'): TrainingSpec {
  try {
    return v.parse(trainingSpec, JSON.parse(metadata[KEY] ?? 'null'));
  } catch (cause) {
    throw new DenaryError({
      code: 'bad-model',
      who,
      expected: `a training graph, with "${KEY}" in its metadata`,
      received: KEY in metadata ? messageOf(cause) : 'a file without it',
      remedy: 'Make one with createTrainingGraph, or take the training.onnx beside the model.',
    });
  }
}
