/**
 * Training graphs for any classifier, ours or one that PyTorch or Keras exported: wrapped into the contract where it needs
 * to be, and then one graph for each choice of what is trained and each batch size.
 */

import {
  type Contract,
  contractOf,
  DenaryError,
  decodeModel,
  encodeModel,
  type Model,
  sizeOf,
  type Trainable,
  trainingFileOf,
  trainingSpecOf,
} from '@denary/core';
import type { ImageFormat } from './foreign/image-format.js';
import { hasContract, type WrapOptions, type Wrapped, wrapClassifier } from './foreign/wrap-classifier.js';
import { parametersOf } from './lowering/parameters.js';
import type { OptimizerSpec } from './objective/optimizers.js';
import { folded, withoutDropout } from './passes/inference-form.js';
import { type TrainableChoice, trainableWeights } from './trainable.js';
import { createTrainingGraph, type Objective } from './training-graph.js';

export interface BuildTrainingOptions extends Omit<Objective, 'batchSize' | 'trainable' | 'rank'> {
  /** What is trained, a file for each choice; default `all`. */
  readonly trainable?: readonly TrainableChoice[];
  /** Names or patterns of names (`head.*`) in place of `trainable`. */
  readonly weights?: readonly string[];
  /** Of `last-blocks` and `low-rank`: how many; default 2. */
  readonly blocks?: number;
  /** Of `low-rank`; default 4. */
  readonly rank?: number;
  /** Samples in a step, a file for each size; default 64. */
  readonly batchSizes?: readonly number[];
  /** Whether the model's dropout drops; default false, as the steps of a fine-tuning are too few to average its noise out. */
  readonly dropout?: boolean;
  /** How a foreign classifier takes its images, and what it gives. */
  readonly wrap?: WrapOptions;
}

export interface TrainingFile {
  /** `training.onnx`, `training.head.onnx`, `training.b128.onnx`, ... */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly batchSize: number;
  readonly trainable: string;
  /** The weights that it changes. */
  readonly weights: readonly string[];
  /** The numbers that it trains: those of the weights, or of their factors. */
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
  /** The choices that there is no file of, each with the reason; none, where it can be had. */
  readonly skipped: readonly { readonly trainable: string; readonly why: string }[];
  /** The weights that no file trains, each with the reason. */
  readonly frozen: readonly { readonly name: string; readonly parameters: number; readonly why: string }[];
}

const BATCH_SIZE = 64;
const RANK = 4;

/** For fine-tuning: few steps have to do, so that none needs the memory of an adaptive optimizer, and each may go far. */
export const TUNING_OPTIMIZER = { name: 'SGD', momentum: 0.9, learningRate: 0.04 } as const satisfies OptimizerSpec;

/** The same for images of several labels: as the losses of those are added up, each steps as far as a single one would. */
export const tuningOptimizer = (slots: number) => ({
  ...TUNING_OPTIMIZER,
  learningRate: TUNING_OPTIMIZER.learningRate / slots,
});

/**
 * A choice that can't be had is left out, as long as another one can: the head may be trained where nothing passes a gradient to
 * the layers before it. Throws as `wrapClassifier`, `trainableWeights` and `createTrainingGraph` do: `unsupported-operator`
 * names all nodes that a gradient can't pass.
 */
export function buildTraining(given: Uint8Array, options: BuildTrainingOptions): BuiltTraining {
  const {
    trainable = ['all'],
    weights,
    blocks,
    rank = RANK,
    batchSizes = [BATCH_SIZE],
    dropout = false,
    wrap,
    ...objective
  } = options;
  const decoded = decodeModel(given, 'buildTraining');
  const wrapped = hasContract(decoded) ? undefined : wrapClassifier(decoded, wrap);
  const model = wrapped?.model ?? decoded;
  const { format, output } = wrapped ?? {};
  const sizes = sizesIn(model);
  const choices = choicesOf(trainable, weights);
  // A training graph's shapes are all fixed.
  const prepared = folded(dropout ? model : withoutDropout(model));
  const filesOf = ({ label, chosen, kind }: Choice): TrainingFile[] => {
    const names = trainableWeights(model, chosen, { ...(blocks && { blocks }) });
    return batchSizes.map((batchSize, size) => {
      const rest = { ...objective, batchSize, ...(chosen === 'low-rank' && { rank }) };
      const graph = createTrainingGraph(prepared, { ...rest, trainable: (name) => names.has(name) });
      const name = fileName(kind, size === 0 ? undefined : batchSize);
      return { name, bytes: encodeModel(graph), batchSize, trainable: label, ...trainedBy(graph) };
    });
  };
  const { files, skipped } = withMain(choices, filesOf);
  return {
    model,
    bytes: wrapped ? encodeModel(model) : given,
    contract: contractOf(model, 'buildTraining'),
    ...(format && output && { wrapped: { format, output } }),
    parameters: modelParameters(model),
    files,
    skipped,
    frozen: frozenIn(model, sizes, files),
  };
}

interface Choice {
  readonly label: string;
  readonly chosen: TrainableChoice | readonly string[];
  /** What its files are named after. */
  readonly kind: Trainable;
}

function choicesOf(trainable: readonly TrainableChoice[], weights: readonly string[] | undefined): Choice[] {
  if (weights) return [{ label: weights.join(','), chosen: weights, kind: 'all' }];
  return trainable.map((choice) => ({ label: choice, chosen: choice, kind: choice }));
}

/**
 * The files of all choices that can be had. `training.onnx` is looked for where nothing is said: it is that of `all`, else the
 * first of them has it for a second name. Throws what the first choice throws where none can be had.
 */
function withMain(choices: readonly Choice[], filesOf: (choice: Choice) => TrainingFile[]) {
  const skipped: { readonly trainable: string; readonly why: string }[] = [];
  const made: { readonly choice: Choice; readonly files: TrainingFile[] }[] = [];
  const errors: unknown[] = [];
  for (const choice of choices) {
    try {
      made.push({ choice, files: filesOf(choice) });
    } catch (error) {
      if (!(error instanceof DenaryError)) throw error;
      errors.push(error);
      skipped.push({ trainable: choice.label, why: error.message });
    }
  }
  const [first] = made;
  if (!first) throw errors[0];
  const isMade = made.some(({ choice }) => choice.kind === 'all');
  const rename = (name: string) => name.replace(`training.${first.choice.kind}.`, 'training.');
  const main = isMade ? [] : first.files.map((file) => ({ ...file, name: rename(file.name) }));
  return { files: [...main, ...made.flatMap(({ files }) => files)], skipped };
}

/** The weights that a step changes, and the numbers that it trains. */
function trainedBy(graph: Model): Pick<TrainingFile, 'weights' | 'parameters'> {
  const { state, lowRank = [] } = trainingSpecOf(graph);
  const trained = state.filter(({ output, kind }) => output && (kind === 'weight' || kind === 'factor'));
  const whole = trained.filter(({ kind }) => kind === 'weight').map(({ input }) => input);
  return {
    weights: [...whole, ...lowRank.map(({ weight }) => weight)],
    parameters: trained.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  };
}

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

/** A model's weights and moving statistics, as numbers. */
export const modelParameters = (model: Model): number => total(sizesIn(model), sizesIn(model).keys());

const total = (sizes: Sizes, names: Iterable<string>): number =>
  [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);

/** The weights that no file trains, and why. */
function frozenIn(model: Model, sizes: Sizes, files: readonly TrainingFile[]): BuiltTraining['frozen'] {
  const { statistics } = parametersOf(model);
  const trained = new Set(files.flatMap(({ weights }) => weights));
  const choices = [...new Set(files.map(({ trainable }) => trainable))];
  const why = (name: string): string => {
    if (statistics.has(name)) return 'a moving statistic, which fine-tuning leaves as it is';
    if (choices.includes('all')) return 'the loss depends on it by nothing that has a gradient';
    return `not among: ${choices.join(', ')}`;
  };
  const frozen = [...sizes].filter(([name]) => !trained.has(name));
  return frozen.map(([name, parameters]) => ({ name, parameters, why: why(name) }));
}
