/** TensorFlow.js as the engine of `fit`, in its pure JavaScript form: it trains what our own engine trains, step for step. */

import { initializersOf, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  type Architecture,
  type Checkpoint,
  type FitOptions,
  fit,
  type Layer,
  type OptimizerSpec,
} from '@denary/train';
import { tfjsEngine } from '@denary/train/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';

const classes = 4;
const images = { name: 'made up', height: 6, width: 6, classes, slots: 1 };
const dataset = (count: number) => ({
  ...images,
  count,
  images: Uint8Array.from({ length: count * 36 }, (_, i) => (i * 97 + (i >> 3) * 31) % 256),
  labels: Uint8Array.from({ length: count }, (_, i) => (i * 7) % classes),
});

const flatten: Layer = { type: 'Flatten' };
const classify: Layer = { type: 'Dense', units: classes, activation: 'softmax' };
const system = (as: Architecture['input']['as'], ...layers: Layer[]): Architecture => ({
  name: 'small',
  description: '',
  input: { image: [6, 6], scale: 255, as },
  classes,
  layers,
  training: {
    loss: 'categorical_crossentropy',
    optimizer: { name: 'SGD', learningRate: 0.1 },
    batchSize: 8,
    epochs: 2,
  },
});

const conv: Layer = { type: 'Conv2D', filters: 3, kernelSize: [3, 3], activation: 'elu', padding: 'same' };
const mlp = system('flat', { type: 'Dense', units: 5, activation: 'tanh' }, classify);
const systems: Readonly<Record<string, Architecture>> = {
  mlp,
  'no biases, penalties': system(
    'flat',
    { type: 'Dense', units: 5, useBias: false, kernelRegularizer: { l1: 1e-3, l2: 1e-2 } },
    { type: 'Activation', activation: 'sigmoid' },
    classify,
  ),
  'convolutions, strides, pooling': system(
    'image',
    conv,
    { type: 'Conv2D', filters: 4, kernelSize: [2, 3], strides: [2, 1] },
    { type: 'MaxPooling2D', poolSize: [2, 2], padding: 'same' },
    flatten,
    { type: 'BatchNormalization' },
    { type: 'Dropout', rate: 0 },
    classify,
  ),
  'batch normalization of images': system(
    'image',
    conv,
    { type: 'BatchNormalization', momentum: 0.9 },
    flatten,
    classify,
  ),
  'rows by LSTM': system(
    'rows',
    { type: 'TimeDistributed', layer: { type: 'LSTM', units: 3 } },
    { type: 'LSTM', units: 4, returnSequences: true },
    { type: 'LSTM', units: 3, useBias: false },
    classify,
  ),
  'sigmoids, sum': {
    ...system('flat', { type: 'Dense', units: classes, activation: 'sigmoid' }),
    training: {
      loss: 'logistic_loss',
      reduction: 'sum',
      optimizer: { name: 'SGD', learningRate: 0.01 },
      minibatches: 3,
      epochs: 2,
    },
  },
};

const optimizers: readonly OptimizerSpec[] = [
  { name: 'SGD', momentum: 0.9, nesterov: true, decay: 0.1, emaMomentum: 0.5 },
  { name: 'RMSprop' },
  { name: 'Adam' },
  { name: 'Adadelta', learningRate: 1 },
  { name: 'Adagrad' },
  { name: 'Adamax' },
  { name: 'Nadam' },
];

const train = dataset(20);
const run = (architecture: Architecture, options: Partial<FitOptions> = {}) =>
  fit({ createSession, architecture, train, seed: 3, ...options });
const engine = () => tfjsEngine(tf);

function expectClose(actual: Tensors, expected: Tensors): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(actual[name]!.shape, name).toEqual(shape);
    data.forEach((value: number | bigint, i: number) => {
      expect(Math.abs(Number(actual[name]!.data[i]) - Number(value)), `${name}[${i}]`).toBeLessThan(1e-4);
    });
  }
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('the same steps as the default engine', () => {
  it.each(Object.keys(systems))('%s', async (name) => {
    const [ours, theirs] = [await run(systems[name]!), await run(systems[name]!, { engine: engine() })];
    expectClose(initializersOf(theirs.model), initializersOf(ours.model));
    theirs.history.forEach((log, i) => {
      expect(log.loss).toBeCloseTo(ours.history[i]!.loss, 4);
      expect(log.accuracy).toBeCloseTo(ours.history[i]!.accuracy, 5);
    });
    expect(theirs.engine).toBe('TensorFlow.js (cpu)');
  });

  it.each(optimizers.map((optimizer) => [optimizer.name, optimizer] as const))('%s', async (_, optimizer) => {
    const schedule = { name: 'cosine', warmup: 0.2 } as const;
    const [ours, theirs] = [
      await run(mlp, { optimizer, schedule }),
      await run(mlp, { optimizer, schedule, engine: engine() }),
    ];
    expectClose(initializersOf(theirs.model), initializersOf(ours.model));
  });

  it('several heads', async () => {
    const strings = { ...train, slots: 2, labels: Uint8Array.from({ length: 40 }, (_, i) => (i * 3) % classes) };
    const heads = { ...system('image', conv, flatten, { type: 'Heads', count: 2, units: classes }), slots: 2 };
    const [ours, theirs] = [
      await run(heads, { train: strings }),
      await run(heads, { train: strings, engine: engine() }),
    ];
    expectClose(initializersOf(theirs.model), initializersOf(ours.model));
    expect(theirs.history[1]!.accuracy).toBeCloseTo(ours.history[1]!.accuracy, 5);
  });
});

describe('the course of a training', () => {
  const dropping = system('flat', { type: 'Dense', units: 16 }, { type: 'Dropout', rate: 0.5 }, classify);

  it('repeats dropout from the seed, with other masks in each step', async () => {
    const results = await Promise.all([3, 3, 4].map((seed) => run(dropping, { seed, epochs: 3, engine: engine() })));
    const [a, b, c] = results.map(({ model }) => initializersOf(model)['dense/kernel']!.data);
    expect(b).toEqual(a);
    expect(c).not.toEqual(a);
  });

  it('goes on from a checkpoint, and refuses that of the other engine', async () => {
    const optimizer = { name: 'Adam', emaMomentum: 0.5 } as const;
    const kept: Checkpoint[] = [];
    const stop = new AbortController();
    const callbacks = {
      onEpoch: () => stop.abort(),
      onCheckpoint: (checkpoint: Checkpoint) => void kept.push(checkpoint),
    };
    const whole = await run(dropping, { optimizer, engine: engine() });
    const part = await run(dropping, { optimizer, engine: engine(), signal: stop.signal, callbacks });
    expect(part.finished).toBe(false);
    const rest = await run(dropping, { optimizer, engine: engine(), resume: kept.at(-1)! });
    expectClose(initializersOf(rest.model), initializersOf(whole.model));
    await expect(run(dropping, { optimizer, resume: kept.at(-1)! })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('leaves no tensors behind', async () => {
    await run(mlp, { engine: engine() });
    const before = tf.memory().numTensors;
    await run(mlp, { engine: engine() });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says what the backend cannot do', async () => {
    const broken = Object.assign(Object.create(tf), { oneHot: () => tf.zeros([1, 1]) });
    await expect(run(mlp, { engine: tfjsEngine(broken) })).rejects.toMatchObject({ code: 'session-failed' });
  });
});
