/** Small models drawn by a seed: layers of the table in chains, with branches, shared layers, models inside, several inputs and outputs. */

import { hash32, uniform } from '@denary/core';
import { drawWeights, tf } from './tfjs.js';

type X = tf.SymbolicTensor;
type Layer = tf.layers.Layer;
const l = tf.layers;

interface Dice {
  /** A whole number below `n`. */
  below(n: number): number;
  of<T>(items: readonly T[]): T;
  chance(p: number): boolean;
}

function diceOf(seed: number): Dice {
  let thrown = 0;
  const next = () => uniform(seed, hash32(seed), thrown++);
  return {
    below: (n) => Math.floor(next() * n),
    of: (items) => items[Math.floor(next() * items.length)]!,
    chance: (p) => next() < p,
  };
}

const activations = [
  'relu',
  'elu',
  'tanh',
  'sigmoid',
  'softmax',
  'swish',
  'softplus',
  'linear',
  'relu6',
  'selu',
] as const;
const activation = (d: Dice) => d.of(activations) as 'relu';
const padding = (d: Dice) => d.of(['same', 'valid'] as const);

/** Layers that take a value of any rank and leave its shape alone. */
const anywhere: readonly ((d: Dice) => Layer)[] = [
  (d) => l.activation({ activation: activation(d) }),
  () => l.batchNormalization(),
  () => l.layerNormalization(),
  () => l.leakyReLU({ alpha: 0.1 }),
  () => l.prelu(),
  (d) => l.reLU({ maxValue: 1 + d.below(3) }),
  () => l.thresholdedReLU({ theta: 0.3 }),
  () => l.dropout({ rate: 0.3 }),
  () => l.gaussianNoise({ stddev: 0.1 }),
  () => l.rescaling({ scale: 0.7, offset: 0.1 }),
];

const ofVectors: readonly ((d: Dice, x: X) => Layer)[] = [
  (d) => l.dense({ units: 2 + d.below(5), activation: activation(d) }),
  (d) => l.dense({ units: 2 + d.below(5), useBias: false }),
  (d) => l.repeatVector({ n: 2 + d.below(3) }),
  (_, x) => l.reshape({ targetShape: [x.shape[1]!, 1] }),
  (_, x) => l.reshape({ targetShape: [1, 1, x.shape[1]!] }),
];

type Recurrent = (args: { units: number; returnSequences: boolean; goBackwards: boolean }) => tf.RNN;
const recurrent: readonly Recurrent[] = [
  (args) => l.lstm(args) as tf.RNN,
  (args) => l.lstm({ ...args, recurrentActivation: 'sigmoid' }) as tf.RNN,
  (args) => l.gru(args) as tf.RNN,
  (args) => l.simpleRNN({ ...args, activation: 'relu' }) as tf.RNN,
];
const anyRecurrent = (d: Dice) =>
  d.of(recurrent)({ units: 1 + d.below(4), returnSequences: d.chance(0.6), goBackwards: d.chance(0.3) });

const ofSequences: readonly ((d: Dice, x: X) => Layer)[] = [
  (d) => l.dense({ units: 2 + d.below(3), activation: activation(d) }),
  (d) =>
    l.conv1d({ filters: 1 + d.below(4), kernelSize: 1 + d.below(2), padding: padding(d), activation: activation(d) }),
  (d) => l.conv1d({ filters: 2, kernelSize: 2, dilationRate: 2, padding: 'same', useBias: d.chance(0.5) }),
  (d) => l.maxPooling1d({ poolSize: 2, padding: 'same', strides: 1 + d.below(2) }),
  (d) => l.averagePooling1d({ poolSize: 2, padding: 'same', strides: 1 + d.below(2) }),
  () => l.globalAveragePooling1d({}),
  () => l.globalMaxPooling1d({}),
  () => l.flatten(),
  () => l.permute({ dims: [2, 1] }),
  anyRecurrent,
  (d) => l.bidirectional({ layer: anyRecurrent(d), mergeMode: d.of(['concat', 'sum', 'mul', 'ave'] as const) }),
  (d) => l.timeDistributed({ layer: l.dense({ units: 1 + d.below(4), activation: activation(d) }) }),
  () => l.spatialDropout1d({ rate: 0.2 }),
  (_, x) => l.reshape({ targetShape: [x.shape[1]!, 1, x.shape[2]!] }),
];

const ofImages: readonly ((d: Dice, x: X) => Layer)[] = [
  (d) => l.conv2d({ filters: 1 + d.below(4), kernelSize: 1 + d.below(3), padding: 'same', activation: activation(d) }),
  (d) => l.conv2d({ filters: 2, kernelSize: 2, strides: 2, padding: 'same', useBias: d.chance(0.5) }),
  (d) => l.conv2d({ filters: 2, kernelSize: 2, dilationRate: 2, padding: 'same', activation: activation(d) }),
  (d) => l.depthwiseConv2d({ kernelSize: 1 + d.below(3), depthMultiplier: 1 + d.below(2), padding: 'same' }),
  (d) => l.separableConv2d({ filters: 1 + d.below(4), kernelSize: 2, padding: 'same', activation: activation(d) }),
  (d) => l.conv2dTranspose({ filters: 2, kernelSize: 1 + d.below(3), strides: 1 + d.below(2), padding: padding(d) }),
  (d) => l.maxPooling2d({ poolSize: 1 + d.below(3), strides: 1 + d.below(2), padding: 'same' } as never),
  (d) => l.averagePooling2d({ poolSize: 1 + d.below(3), strides: 1 + d.below(2), padding: 'same' } as never),
  () => l.globalAveragePooling2d({}),
  () => l.globalMaxPooling2d({}),
  () => l.flatten(),
  (d) =>
    l.zeroPadding2d({
      padding: [
        [d.below(2), d.below(2)],
        [1, d.below(2)],
      ],
    }),
  (d) => l.upSampling2d({ size: [1 + d.below(2), 2], interpolation: d.of(['nearest', 'bilinear'] as const) }),
  (d) =>
    l.permute({
      dims: d.of([
        [2, 1, 3],
        [3, 1, 2],
        [1, 3, 2],
      ]),
    }),
  (d) => l.dense({ units: 1 + d.below(3) }),
  (_, x) => l.reshape({ targetShape: [x.shape[1]!, x.shape[2]! * x.shape[3]!] }),
  (d) => l.timeDistributed({ layer: anyRecurrent(d) }),
];

const fitting = (x: X) => [ofVectors, ofSequences, ofImages][x.shape.length - 2] ?? [];
const sizeOf = (x: X) => x.shape.slice(1).reduce<number>((product, size) => product * size!, 1);

function step(d: Dice, x: X): X {
  const make = d.chance(0.3) ? d.of(anywhere) : d.of(fitting(x));
  // A window may be larger than what is there; another layer is drawn then.
  try {
    const y = make(d, x).apply(x) as X;
    return sizeOf(y) > 0 && sizeOf(y) < 500 && y.shape.length <= 4 ? y : x;
  } catch {
    return x;
  }
}

const chain = (d: Dice, x: X, length: number): X => Array.from({ length }).reduce<X>((y) => step(d, y), x);

/** Two ways from x that meet again, by a layer that keeps the shape, so that they can. */
function branches(d: Dice, x: X): X {
  const shared = d.of(anywhere)(d);
  const ways = [shared.apply(x) as X, d.of(anywhere)(d).apply(x) as X];
  if (d.chance(0.5)) ways.push(shared.apply(ways[1]!) as X);
  const merge = d.of([l.add, l.multiply, l.average, l.maximum, l.minimum, l.concatenate] as (() => Layer)[]);
  return merge().apply(ways) as X;
}

/** A model inside the model, of layers drawn for x. */
function inner(d: Dice, x: X): X {
  const input = tf.input({ shape: x.shape.slice(1) });
  const output = chain(d, input, 2);
  return output === input ? x : (tf.model({ inputs: input, outputs: output }).apply(x) as X);
}

const shapes = [[6], [4, 3], [5, 2], [6, 5, 2], [5, 5, 3]];

/** The model of a seed, with drawn weights. */
export function randomModel(seed: number): tf.LayersModel {
  const d = diceOf(seed);
  const inputs = Array.from({ length: d.chance(0.3) ? 2 : 1 }, () => tf.input({ shape: d.of(shapes) }));
  const ends = inputs.map((input) => {
    let x = chain(d, input, 1 + d.below(3));
    if (d.chance(0.4)) x = branches(d, x);
    if (d.chance(0.3)) x = inner(d, x);
    x = chain(d, x, 1 + d.below(3));
    return l.dense({ units: 3, activation: activation(d) }).apply(x) as X;
  });
  const flat = ends.map((x) => (x.shape.length > 2 ? (l.flatten().apply(x) as X) : x));
  const outputs = ends.length > 1 && d.chance(0.6) ? [l.concatenate().apply(flat) as X] : [...ends];
  if (d.chance(0.2)) outputs.push(l.activation({ activation: 'tanh' }).apply(ends[0]!) as X);
  return drawWeights(tf.model({ inputs, outputs }), seed);
}
