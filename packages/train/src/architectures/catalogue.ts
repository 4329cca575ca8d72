/** The systems that denary trains by name; each one's layers and training settings are its notebook's own. */

import { DenaryError } from '@denary/core';
import type { Architecture, InputSpec } from './architecture.js';
import type { Conv2D, Dense, Dropout, Layer, MaxPooling2D } from './layers.js';

const flat: InputSpec = { image: [28, 28], scale: 255, as: 'flat' };
const rows: InputSpec = { image: [28, 28], scale: 255, as: 'rows' };
const image: InputSpec = { image: [28, 28], scale: 255, as: 'image' };
/** Optdigits: counts of ink from 0 to 16. */
const counts: InputSpec = { image: [8, 8], scale: 16, as: 'flat' };

const dense = (units: number, activation: Dense['activation'] = 'linear'): Dense => ({
  type: 'Dense',
  units,
  activation,
});
const conv = (filters: number, size: number, activation: Conv2D['activation'] = 'linear'): Conv2D => ({
  type: 'Conv2D',
  filters,
  kernelSize: [size, size],
  activation,
});
const pool = (size: number): MaxPooling2D => ({ type: 'MaxPooling2D', poolSize: [size, size] });
const dropout = (rate: number): Dropout => ({ type: 'Dropout', rate });
const flatten: Layer = { type: 'Flatten' };
const normalize: Layer = { type: 'BatchNormalization' };
const relu: Layer = { type: 'Activation', activation: 'relu' };
const classes = 10;
const classify = dense(classes, 'softmax');
const sgd = { name: 'SGD' } as const;

/** Weights uniform(-1, 1); rate, momentum, decay and L2 are S. Raschka's (Python Machine Learning, 2015, chapter 12). */
function logisticMlp(data: string, input: InputSpec, hidden: number, minibatches: number): Architecture {
  const unit: Omit<Dense, 'units'> = {
    type: 'Dense',
    activation: 'sigmoid',
    kernelInitializer: { type: 'random_uniform', minval: -1, maxval: 1 },
    biasInitializer: { type: 'random_uniform', minval: -1, maxval: 1 },
    kernelRegularizer: { l2: 0.05 },
  };
  return {
    name: 'logistic-mlp',
    description: `Dense ${hidden} and 10, all sigmoids, on ${data}`,
    input,
    classes,
    layers: [
      { ...unit, units: hidden },
      { ...unit, units: classes },
    ],
    training: {
      data,
      loss: 'logistic_loss',
      reduction: 'sum',
      optimizer: { ...sgd, learningRate: 0.001, momentum: 0.001 },
      schedule: { name: 'inverse-time', decay: 1e-5 },
      minibatches,
      epochs: 1000,
    },
  };
}

/** Softmax regression with one hidden layer, by full-batch descent. */
function reluNet(data: string, input: InputSpec, hidden: number, learningRate: number, l2: number, epochs: number) {
  const weights = {
    kernelInitializer: { type: 'random_normal', stddev: 0.001 },
    kernelRegularizer: { l2 },
  } as const;
  const system: Architecture = {
    name: 'relu-net',
    description: `Dense ${hidden}, full-batch descent on ${data}`,
    input,
    classes,
    layers: [
      { ...dense(hidden, 'relu'), ...weights },
      { ...classify, ...weights },
    ],
    training: {
      data,
      loss: 'categorical_crossentropy',
      optimizer: { ...sgd, learningRate },
      minibatches: 1,
      epochs,
    },
  };
  return system;
}

/** Dense with notebook E's truncated normal weights, its biases, and a penalty on both. */
const steady = (units: number, activation: Dense['activation']): Dense => ({
  ...dense(units, activation),
  kernelInitializer: { type: 'truncated_normal', stddev: 0.05 },
  biasInitializer: { type: 'constant', value: 0.05 },
  kernelRegularizer: { l2: 0.0005 },
  biasRegularizer: { l2: 0.0005 },
});

/** As scikit-learn's MLPClassifier: alpha / 2 of the squares over a batch of 200; biases are drawn like the weights. */
const scikit = (units: number, activation: Dense['activation']): Dense => ({
  ...dense(units, activation),
  biasInitializer: 'glorot_uniform',
  kernelRegularizer: { l2: 1e-4 / 2 / 200 },
});

/** A system that takes two data sets has an entry for each, the first being its default. */
export const catalogue: readonly Architecture[] = [
  {
    name: 'mlp',
    description: 'Two dense layers of 64 with dropout',
    input: flat,
    classes,
    layers: [dense(64, 'relu'), dropout(0.1), dense(64, 'relu'), dropout(0.1), classify],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'RMSprop' }, batchSize: 128, epochs: 10 },
  },
  {
    name: 'cnn',
    description: 'Two convolutions, max pooling, dense 128, dropout',
    input: image,
    classes,
    layers: [
      conv(32, 3, 'relu'),
      conv(64, 3, 'relu'),
      pool(2),
      dropout(0.25),
      flatten,
      dense(128, 'relu'),
      dropout(0.5),
      classify,
    ],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adadelta', learningRate: 1 },
      batchSize: 128,
      epochs: 10,
    },
  },
  {
    name: 'hrnn',
    description: 'An LSTM over the pixels of each row, one over the rows',
    input: rows,
    classes,
    layers: [{ type: 'TimeDistributed', layer: { type: 'LSTM', units: 32 } }, { type: 'LSTM', units: 32 }, classify],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'RMSprop' }, batchSize: 64, epochs: 3 },
  },
  {
    name: 'cnn-bn',
    description: 'Two convolutions and a dense layer, each with batch normalization',
    input: image,
    classes,
    layers: [
      conv(32, 3),
      normalize,
      relu,
      conv(32, 3),
      normalize,
      relu,
      pool(2),
      flatten,
      dense(128),
      normalize,
      relu,
      dropout(0.2),
      classify,
    ],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam', learningRate: 0.01 },
      batchSize: 64,
      epochs: 1,
    },
  },
  {
    name: 'cnn-pool4',
    description: 'Three convolutions around one 4x4 pooling; the smallest good model',
    input: image,
    classes,
    layers: [conv(32, 3, 'relu'), conv(64, 3, 'relu'), pool(4), conv(64, 3, 'relu'), flatten, classify],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'RMSprop' }, batchSize: 64, epochs: 5 },
  },
  {
    name: 'dnn',
    description: 'Dense 400 and 100, dropout',
    input: flat,
    classes,
    layers: [dense(400, 'relu'), dense(100, 'relu'), dropout(0.5), classify],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'Adam' }, batchSize: 64, epochs: 10 },
  },
  {
    name: 'cnn-5x5',
    description: 'Two 5x5 convolutions, each with pooling, dense 320, dropout',
    input: image,
    classes,
    layers: [
      conv(10, 5, 'relu'),
      pool(2),
      conv(20, 5, 'relu'),
      dropout(0.5),
      pool(2),
      flatten,
      dense(320, 'relu'),
      dropout(0.5),
      classify,
    ],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'Adam' }, batchSize: 64, epochs: 10 },
  },
  {
    name: 'ann-sigmoid',
    description: 'Dense 512 and 128 with sigmoids and squared error: a baseline that learns little',
    input: flat,
    classes,
    layers: [dense(512, 'sigmoid'), dense(128, 'sigmoid'), classify],
    training: { loss: 'mean_squared_error', optimizer: { ...sgd, learningRate: 0.01 }, batchSize: 128, epochs: 5 },
  },
  {
    name: 'fashion-mlp',
    description: 'Dense 128 on pictures of clothes',
    input: flat,
    classes,
    layers: [dense(128, 'relu'), classify],
    training: {
      data: 'fashion-mnist',
      loss: 'sparse_categorical_crossentropy',
      optimizer: { name: 'Adam' },
      batchSize: 32,
      epochs: 5,
    },
  },
  logisticMlp('optdigits', counts, 128, 128),
  logisticMlp('mnist', flat, 196, 50),
  reluNet('optdigits', counts, 512, 0.01, 1e-4, 2000),
  reluNet('mnist', flat, 196, 0.1, 1e-3, 3000),
  {
    name: 'mlp-deep',
    description: 'Four dense layers of 784 with dropout and L2',
    input: flat,
    classes,
    layers: [
      ...Array.from({ length: 4 }, () => [steady(784, 'relu'), dropout(0.25)]).flat(),
      steady(classes, 'softmax'),
    ],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { ...sgd, learningRate: 0.05 },
      batchSize: 256,
      epochs: 13,
      steps: 3001,
    },
  },
  {
    name: 'mlp-wide',
    description: 'Dense 196 and 784 with dropout, Nesterov momentum',
    input: flat,
    classes,
    layers: [dense(196, 'relu'), dropout(0.1), dense(784, 'relu'), dropout(0.1), classify],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { ...sgd, learningRate: 0.01, decay: 1e-6, momentum: 0.9, nesterov: true },
      batchSize: 64,
      epochs: 20,
      validationSplit: 0.1,
      keep: 'best',
    },
  },
  {
    name: 'cnn-7x7',
    description: 'A 7x7 and a 3x3 convolution, each with pooling, dense 128 and 64',
    input: image,
    classes,
    layers: [
      conv(56, 7, 'relu'),
      pool(2),
      conv(28, 3, 'relu'),
      pool(2),
      dropout(0.1),
      flatten,
      dense(128, 'relu'),
      dense(64, 'relu'),
      classify,
    ],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam' },
      batchSize: 128,
      epochs: 20,
      validationSplit: 0.1,
      keep: 'best',
    },
  },
  {
    name: 'sgd-mlp',
    description: 'Dense 196 with L2, until the loss stands still',
    input: flat,
    classes,
    layers: [scikit(196, 'relu'), scikit(classes, 'softmax')],
    training: {
      loss: 'categorical_crossentropy',
      optimizer: { ...sgd, learningRate: 0.1, momentum: 0.9, nesterov: true },
      batchSize: 200,
      epochs: 50,
      earlyStopping: { monitor: 'loss', minDelta: 1e-4, patience: 10 },
    },
  },
  {
    name: 'pair',
    description: 'Two digits on one 56x56 image, by two heads',
    input: { image: [56, 56], scale: 255, as: 'image' },
    classes,
    slots: 2,
    layers: [
      normalize,
      conv(56, 3, 'relu'),
      pool(2),
      dropout(0.25),
      conv(104, 3, 'relu'),
      pool(2),
      dropout(0.25),
      flatten,
      dense(208, 'relu'),
      dropout(0.5),
      { type: 'Heads', count: 2, units: classes },
    ],
    training: {
      data: 'pairs',
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam' },
      batchSize: 128,
      epochs: 10,
    },
  },
  {
    name: 'string',
    description: 'Up to five digits on one 28x140 image, by five heads; class 10 is a blank',
    input: { image: [28, 140], scale: 255, as: 'image' },
    classes: 11,
    slots: 5,
    layers: [
      normalize,
      conv(28, 3, 'relu'),
      pool(2),
      conv(28, 3, 'relu'),
      pool(2),
      dropout(0.2),
      conv(56, 3, 'relu'),
      conv(56, 3, 'relu'),
      dropout(0.2),
      flatten,
      dense(784, 'relu'),
      dropout(0.4),
      { type: 'Heads', count: 5, units: 11 },
    ],
    training: {
      data: 'strings',
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam' },
      batchSize: 128,
      epochs: 20,
    },
  },
];

/** The data set that a system is made for, by name. */
export const dataOf = ({ training }: Architecture): string => training.data ?? 'mnist';

/** The architecture of that name, for that data set where there are several. Throws `not-found`, listing the names there are. */
export function findArchitecture(name: string, data?: string): Architecture {
  const named = catalogue.filter((architecture) => architecture.name === name);
  const found = named.find((architecture) => dataOf(architecture) === data) ?? named[0];
  if (found) return found;
  throw new DenaryError({
    code: 'not-found',
    who: 'findArchitecture',
    expected: `one of ${[...new Set(catalogue.map((architecture) => architecture.name))].join(', ')}`,
    received: `"${name}"`,
    remedy: 'See `denary list`.',
  });
}
