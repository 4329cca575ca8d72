/**
 * Training graphs for any classifier, ours or one that PyTorch or Keras exported: wrapped into the contract where it needs
 * to be, and then one graph for each choice of what is trained and each batch size.
 */

import {
  type Contract,
  contractOf,
  decodeModel,
  encodeModel,
  type Model,
  sizeOf,
  type Trainable,
  trainingFileOf,
} from '@denary/core';
import type { ImageFormat } from './foreign/image-format.js';
import { hasContract, type WrapOptions, type Wrapped, wrapClassifier } from './foreign/wrap-classifier.js';
import { parametersOf } from './lowering/parameters.js';
import { removeDeadNodes } from './passes/dead-nodes.js';
import { foldConstants } from './passes/fold-constants.js';
import { type TrainableChoice, trainableWeights } from './trainable.js';
import { createTrainingGraph, type Objective } from './training-graph.js';

export interface BuildTrainingOptions extends Omit<Objective, 'batchSize' | 'trainable'> {
  /** What is trained, a file for each choice; default `all`. */
  readonly trainable?: readonly TrainableChoice[];
  /** Names or patterns of names (`head.*`) in place of `trainable`. */
  readonly weights?: readonly string[];
  /** Of `last-blocks`: how many; default 2. */
  readonly blocks?: number;
  /** Samples in a step, a file for each size; default 32. */
  readonly batchSizes?: readonly number[];
  /** How a foreign classifier takes its images, and what it gives. */
  readonly wrap?: WrapOptions;
}

export interface TrainingFile {
  /** `training.onnx`, `training.head.onnx`, `training.b128.onnx`, ... */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly batchSize: number;
  readonly trainable: string;
  /** The weights that it trains, and how many numbers they are. */
  readonly weights: readonly string[];
  readonly parameters: number;
}

export interface BuiltTraining {
  readonly model: Model;
  /** As it was given, where it had the contract already. */
  readonly bytes: Uint8Array;
  readonly contract: Contract;
  /** How it was wrapped, where it was foreign. */
  readonly wrapped?: { readonly format: ImageFormat; readonly output: Wrapped['output'] };
  /** All weights, and moving statistics, as numbers. */
  readonly parameters: number;
  readonly files: readonly TrainingFile[];
  /** The weights that no file trains, each with the reason. */
  readonly frozen: readonly { readonly name: string; readonly parameters: number; readonly why: string }[];
}

const BATCH_SIZE = 32;

/**
 * Throws as `wrapClassifier`, `trainableWeights` and `createTrainingGraph` do: `unsupported-operator` names all nodes that
 * a gradient can't pass.
 */
export function buildTraining(given: Uint8Array, options: BuildTrainingOptions): BuiltTraining {
  const { trainable = ['all'], weights, blocks, batchSizes = [BATCH_SIZE], wrap, ...objective } = options;
  const decoded = decodeModel(given, 'buildTraining');
  const wrapped = hasContract(decoded) ? undefined : wrapClassifier(decoded, wrap);
  const model = wrapped?.model ?? decoded;
  const { format, output } = wrapped ?? {};
  const sizes = sizesIn(model);
  const choices = weights
    ? [{ label: weights.join(','), chosen: weights }]
    : trainable.map((choice) => ({ label: choice, chosen: choice }));

  const files = choices.flatMap(({ label, chosen }, choice) => {
    const names = trainableWeights(model, chosen, { ...(blocks && { blocks }) });
    return batchSizes.flatMap((batchSize, size): TrainingFile[] => {
      const graph = createTrainingGraph(foldedForTraining(model), {
        ...objective,
        batchSize,
        trainable: (name) => names.has(name),
      });
      const bytes = encodeModel(graph);
      const facts = { bytes, batchSize, trainable: label, weights: [...names], parameters: total(sizes, names) };
      // The first one also takes the name that is looked for where nothing is said, unless `all` has it.
      const isMain = label === 'all' || (choice === 0 && !trainable.includes('all'));
      const kinds = weights ? [] : [label as Trainable];
      return [...new Set<Trainable>([...(isMain || weights ? ['all' as const] : []), ...kinds])].map((kind) => ({
        name: fileName(kind, size === 0 ? undefined : batchSize),
        ...facts,
      }));
    });
  });
  const trained = new Set(files.flatMap(({ weights }) => weights));
  return {
    model,
    bytes: wrapped ? encodeModel(model) : given,
    contract: contractOf(model, 'buildTraining'),
    ...(format && output && { wrapped: { format, output } }),
    parameters: total(sizes, sizes.keys()),
    files,
    frozen: frozenIn(model, trained, sizes, choices.map(({ label }) => label).join(', ')),
  };
}

/** Shapes that the graph computes as it runs become constants: a training graph's are all fixed. */
const foldedForTraining = (model: Model): Model => ({
  ...model,
  graph: removeDeadNodes(foldConstants(model.graph, model.opset)),
});

function fileName(trainable: Trainable, batchSize: number | undefined): string {
  const name = trainingFileOf(trainable);
  return batchSize === undefined ? name : name.replace(/\.onnx$/, `.b${batchSize}.onnx`);
}

type Sizes = ReadonlyMap<string, number>;

/** The numbers in each weight and moving statistic. */
function sizesIn(model: Model): Sizes {
  const { weights, statistics } = parametersOf(model);
  return new Map([...weights, ...statistics].map((name) => [name, sizeOf(model.graph.initializers.get(name)!.shape)]));
}

const total = (sizes: Sizes, names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);

function frozenIn(model: Model, trained: ReadonlySet<string>, sizes: Sizes, choices: string): BuiltTraining['frozen'] {
  const { statistics } = parametersOf(model);
  return [...sizes]
    .filter(([name]) => !trained.has(name))
    .map(([name, parameters]) => ({
      name,
      parameters,
      why: statistics.has(name) ? 'a moving statistic, which fine-tuning leaves as it is' : `not among: ${choices}`,
    }));
}
