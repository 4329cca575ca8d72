/**
 * Classifiers of TensorFlow.js, converted and wrapped, train on: the losses of the first steps are those that TensorFlow.js itself
 * has, with the same data and plain descent. No dropout, since masks are drawn in other ways.
 */

import { encodeModel, type Model, stream, Trainer, uniform } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { createTrainingGraph, wrapClassifier } from '@denary/train';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { drawWeights, filesIn, savedFiles, tf } from './tfjs.js';

const l = tf.layers;
const SIZE = 8;
const BATCH = 6;
const STEPS = 4;
const RATE = 0.05;
const CLASSES = 3;

const image = [SIZE, SIZE, 1];
const rows = [SIZE, SIZE];
const classify = () => l.dense({ units: CLASSES, activation: 'softmax' });
const model = (inputShape: number[], ...layers: tf.layers.Layer[]) => {
  const input = tf.input({ shape: inputShape });
  const output = [...layers, classify()].reduce((x, layer) => layer.apply(x) as tf.SymbolicTensor, input);
  return tf.model({ inputs: input, outputs: output });
};

const classifiers: Record<string, () => tf.LayersModel> = {
  'dense layers': () =>
    model([SIZE * SIZE], l.dense({ units: 9, activation: 'selu' }), l.dense({ units: 7, activation: 'softplus' })),
  convolutions: () =>
    model(
      image,
      l.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }),
      l.maxPooling2d({ poolSize: 2 }),
      l.flatten(),
    ),
  'batch normalization': () =>
    model(
      image,
      l.conv2d({ filters: 3, kernelSize: 3, useBias: false }),
      l.batchNormalization(),
      l.reLU(),
      l.globalAveragePooling2d({}),
    ),
  'a small MobileNet': () =>
    model(
      image,
      l.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu6' as 'relu' }),
      l.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
      l.separableConv2d({ filters: 5, kernelSize: 2, padding: 'same', activation: 'elu' }),
      // Not `same`: there TensorFlow.js' gradient divides by the whole window, other than its average.
      l.averagePooling2d({ poolSize: 2, strides: 1 }),
      l.flatten(),
    ),
  'a convolution over steps': () =>
    model(
      rows,
      l.conv1d({ filters: 4, kernelSize: 3, activation: 'tanh' }),
      l.maxPooling1d({ poolSize: 2 }),
      l.flatten(),
    ),
  'an LSTM with hard gates': () => model(rows, l.lstm({ units: 4 })),
  'an LSTM with sigmoids': () =>
    model(rows, l.lstm({ units: 4, recurrentActivation: 'sigmoid', returnSequences: true }), l.flatten()),
  'a GRU': () => model(rows, l.gru({ units: 4, recurrentActivation: 'sigmoid' })),
  'both ways': () =>
    model(
      rows,
      l.bidirectional({ layer: l.simpleRNN({ units: 4, returnSequences: true }) as tf.RNN, mergeMode: 'concat' }),
      l.globalMaxPooling1d({}),
    ),
  'layer normalization and slopes': () =>
    model(rows, l.dense({ units: 5 }), l.layerNormalization(), l.prelu(), l.leakyReLU({ alpha: 0.2 }), l.flatten()),
  upsampling: () =>
    model(
      image,
      l.conv2d({ filters: 2, kernelSize: 3, strides: 2, padding: 'same', activation: 'sigmoid' }),
      l.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }),
      l.upSampling2d({ size: [1, 2] }),
      l.globalAveragePooling2d({}),
    ),
  'two ways that meet': () => {
    const input = tf.input({ shape: image });
    const [a, b] = [2, 3].map((kernelSize) =>
      l.conv2d({ filters: 2, kernelSize, padding: 'same', activation: 'relu' }).apply(input),
    );
    const met = l
      .concatenate()
      .apply([l.add().apply([a, b] as tf.SymbolicTensor[]) as tf.SymbolicTensor, a as tf.SymbolicTensor]);
    return tf.model({ inputs: input, outputs: classify().apply(l.flatten().apply(met)) as tf.SymbolicTensor });
  },
};

const pixels = Uint8Array.from({ length: BATCH * SIZE * SIZE }, (_, i) =>
  Math.floor(256 * uniform(1, stream('pixels'), i)),
);
const labels = Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES);

async function ownLosses(net: tf.LayersModel): Promise<number[]> {
  net.compile({ optimizer: tf.train.sgd(RATE), loss: 'categoricalCrossentropy' });
  const shape = [BATCH, ...(net.inputs[0]!.shape.slice(1) as number[])];
  const x = tf.tensor(
    Float32Array.from(pixels, (pixel) => pixel / 255),
    shape,
  );
  const y = tf.oneHot(tf.tensor1d(labels, 'int32'), CLASSES);
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) losses.push((await net.trainOnBatch(x, y)) as number);
  return losses;
}

async function ourLosses(converted: Model): Promise<number[]> {
  const { model: wrapped } = wrapClassifier(converted);
  const training = createTrainingGraph(wrapped, {
    loss: 'sparse_categorical_crossentropy',
    optimizer: { name: 'SGD', learningRate: RATE },
    batchSize: BATCH,
  });
  const weights = Object.fromEntries(wrapped.graph.initializers);
  const trainer = await Trainer.create({ createSession, training: encodeModel(training), weights });
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) losses.push(await trainer.step({ images: pixels, labels }));
  await trainer.close();
  return losses;
}

describe('a converted classifier', () => {
  it.each(Object.entries(classifiers))('of %s trains as in TensorFlow.js', async (_, build) => {
    const net = drawWeights(build(), 3);
    const ours = await ourLosses(await convertTfjsFiles(filesIn(await savedFiles(net))));
    const theirs = await ownLosses(net);
    ours.forEach((loss, step) => expect(Math.abs(loss - theirs[step]!), `step ${step}`).toBeLessThan(2e-5));
    expect(ours.at(-1)).toBeLessThan(ours[0]!);
  });
});
