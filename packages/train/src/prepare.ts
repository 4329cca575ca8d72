/** What a training starts from, ready but for a device: settings, data, batches, the model with its first weights, the graph. */

import { DenaryError, type Device, type Model } from '@denary/core';
import type { Architecture, TrainingSettings } from './architectures/architecture.js';
import { type BatchPlan, planBatches } from './batches.js';
import { type Dataset, validationSplit } from './data/dataset.js';
import { buildModel, type LayerReport } from './forward/build-model.js';
import { type Target, targetOf } from './lowering/target.js';
import { canBeShared, createReplicaGraphs, type ReplicaGraphs } from './replica-graphs.js';
import { type ResolvedSettings, resolveSettings } from './settings.js';
import { createTrainingGraph } from './training-graph.js';

/** What to train on what. Settings that are left out are those of the architecture. */
export interface TrainingOptions extends Partial<TrainingSettings> {
  readonly architecture: Architecture;
  readonly train: Dataset;
  /** Measured after each epoch, in place of a part of `train`. Never augmented. */
  readonly validation?: Dataset;
  /** Of weights, order, dropout, augmentation and the validation split; default 0. */
  readonly seed?: number;
}

export interface PreparedTraining {
  /** What was asked for, defaults included. */
  readonly settings: ResolvedSettings;
  readonly data: { readonly train: Dataset; readonly validation?: Dataset };
  readonly plan: BatchPlan;
  /** The inference model with the weights to start from. */
  readonly model: Model;
  /** Of that model, with the names of their weights. */
  readonly layers: readonly LayerReport[];
  readonly parameters: number;
  /** The training graph as it is lowered for a device. */
  graphFor(device?: Device): Model;
  /** The same step for so many replicas on the CPU; undefined where it cannot be shared. */
  replicaGraphs(replicas: number): ReplicaGraphs | undefined;
}

/** Throws `bad-argument` for settings that cannot be, `bad-data` where the data do not fit the architecture. */
export function prepareTraining(options: TrainingOptions): PreparedTraining {
  const { architecture, train, validation, ...asked } = options;
  const settings = resolveSettings(architecture, asked);
  const { loss, optimizer, seed, reduction } = settings;
  const data = dataOf(options, settings);
  for (const dataset of Object.values(data)) requireFit(dataset, architecture);
  if (settings.keep === 'best' && !data.validation) throw nothingToChooseBy();
  const plan = planBatches(data.train.count, settings);
  const { model, layers, parameters, regularizers } = buildModel(architecture, seed);
  const objective = { loss, optimizer, batchSize: plan.batchSize, regularizers, ...(reduction && { reduction }) };
  const graphs: { [T in Target]?: Model } = {};
  const graphFor = (device: Device = 'cpu'): Model => {
    const target = targetOf(device);
    graphs[target] ??= createTrainingGraph(model, { ...objective, target });
    return graphs[target];
  };
  const replicaGraphs = (replicas: number) =>
    canBeShared(model, objective) ? createReplicaGraphs(model, objective, replicas) : undefined;
  return { settings, data, plan, model, layers, parameters, graphFor, replicaGraphs };
}

function dataOf(
  { train, validation }: TrainingOptions,
  { validationSplit: fraction, seed }: ResolvedSettings,
): PreparedTraining['data'] {
  if (validation) return { train, validation };
  return fraction === undefined ? { train } : validationSplit(train, fraction, seed);
}

function requireFit({ name, height, width, classes, slots }: Dataset, { input, ...architecture }: Architecture): void {
  const [rows, columns] = input.image;
  if (height === rows && width === columns && classes <= architecture.classes && slots === (architecture.slots ?? 1))
    return;
  throw new DenaryError({
    code: 'bad-data',
    who: 'fit',
    expected: `images of ${columns}x${rows} with ${architecture.slots ?? 1} label(s) below ${architecture.classes}, as "${architecture.name}" takes them`,
    received: `"${name}": ${width}x${height}, ${slots} label(s) below ${classes}`,
    remedy: 'Choose another data set, or another architecture.',
  });
}

const nothingToChooseBy = () =>
  new DenaryError({
    code: 'bad-argument',
    who: 'fit',
    expected: 'validation data to choose the best epoch by',
    received: 'none',
    remedy: 'Give validationSplit or validation, or keep the last epoch.',
  });
