/** Which settings there are and what they may be, each table complete by its type: a new field does not compile without a row. */

import type { AugmentOptions } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import type { Layer, LayerType } from '../architectures/layers.js';
import { type EarlyStopping, monitors } from '../history.js';
import { losses } from '../objective/losses.js';
import type { OptimizerName, OptimizerSpec } from '../objective/optimizers.js';
import type { Schedule } from '../schedules.js';
import { flag, type Kind, number, oneOf, pair, positive, spec, text, whole } from './kinds.js';

type Named<T, Key extends string, Name> = Extract<T, { readonly [K in Key]: Name }>;
type Kinds<T, Not extends string = never> = { readonly [K in Exclude<keyof T, Not>]-?: Kind };

const common = { learningRate: positive, decay: number, emaMomentum: number };
const adam = { ...common, beta1: number, beta2: number, epsilon: number };

export const optimizerKinds: { readonly [O in OptimizerName]: Kinds<Named<OptimizerSpec, 'name', O>, 'name'> } = {
  SGD: { ...common, momentum: number, nesterov: flag },
  RMSprop: { ...common, rho: number, epsilon: number },
  Adagrad: { ...common, initialAccumulatorValue: number, epsilon: number },
  Adadelta: { ...common, rho: number, epsilon: number },
  Adam: adam,
  Adamax: adam,
  Nadam: adam,
};

const warmup = number;

export const scheduleKinds: { readonly [S in Schedule['name']]: Kinds<Named<Schedule, 'name', S>, 'name'> } = {
  constant: { warmup },
  step: { warmup, every: number, factor: number },
  exponential: { warmup, end: number },
  cosine: { warmup, end: number },
  'one-cycle': { warmup, peak: number },
  'inverse-time': { warmup, decay: number },
};

const augment: Kinds<AugmentOptions> = {
  rotate: number,
  shift: number,
  shear: number,
  zoom: number,
  elastic: { fields: { alpha: number, sigma: number } },
  strokeWidth: number,
};
const earlyStopping: Kinds<EarlyStopping> = { monitor: oneOf(...monitors), patience: whole, minDelta: number };

/** Of `architecture.training`; optimizer and schedule have tables of their own, and the data are not a setting. */
export const trainingKinds: Kinds<Architecture['training'], 'data' | 'optimizer' | 'schedule'> = {
  loss: oneOf(...Object.keys(losses)),
  reduction: oneOf('mean', 'sum'),
  batchSize: whole,
  minibatches: whole,
  epochs: whole,
  steps: whole,
  augment: { fields: augment },
  validationSplit: positive,
  keep: oneOf('last', 'best'),
  earlyStopping: { fields: earlyStopping },
};

const regularizer: Kind = { fields: { l1: number, l2: number } };
const weighted = {
  activation: text,
  useBias: flag,
  kernelInitializer: spec,
  biasInitializer: spec,
  kernelRegularizer: regularizer,
  biasRegularizer: regularizer,
};
const window = { strides: pair, padding: oneOf('valid', 'same') };

/** Of a layer, by its type. What must fit the other layers, or be a known name, is for the builder to check. */
export const layerKinds: { readonly [T in LayerType]: Kinds<Named<Layer, 'type', T>, 'type' | 'name' | 'layer'> } = {
  Dense: { units: whole, ...weighted },
  Conv2D: { filters: whole, kernelSize: pair, ...window, ...weighted },
  MaxPooling2D: { poolSize: pair, ...window },
  Flatten: {},
  Dropout: { rate: number },
  Activation: { activation: text },
  BatchNormalization: { momentum: number, epsilon: number },
  LSTM: {
    units: whole,
    returnSequences: flag,
    useBias: flag,
    unitForgetBias: flag,
    kernelInitializer: spec,
    recurrentInitializer: spec,
  },
  TimeDistributed: {},
  Heads: { count: whole, units: whole },
};
