/**
 * TensorFlow.js: node tfjs.mjs ORDER, a work order as JSON with mode node (on TensorFlow's library), wasm or cpu (pure
 * JavaScript); see ../clock.mjs. A step is an optimizer's `minimize` over layers, which does less than `trainOnBatch`.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { loadTfjs } from '@denary/train/node';
import { race, readOrder } from '../clock.mjs';
import { batchesOf, noise, rawBatches, scaled } from '../noise.mjs';

const order = readOrder();
const { mode, image, slots, classes } = order;
process.env.TF_CPP_MIN_LOG_LEVEL = '3';
process.env.TF_NUM_INTRAOP_THREADS = `${order.threads}`;
const require = createRequire(order.require);
// tfjs-node by denary's loader, which gives Node 23 and later what it calls of older ones.
const tf =
  mode === 'node'
    ? (await loadTfjs({ device: 'cpu', from: [dirname(order.require)] })).tf
    : require('@tensorflow/tfjs');
if (mode === 'wasm') require('@tensorflow/tfjs-backend-wasm');
await tf.setBackend(mode === 'node' ? 'tensorflow' : mode);

const { layers } = tf;
const conv = (filters, activation) => layers.conv2d({ filters, kernelSize: 3, ...(activation && { activation }) });
const dense = (units, activation) => layers.dense({ units, ...(activation && { activation }) });
const pool = () => layers.maxPooling2d({ poolSize: 2 });
const dropout = (rate) => layers.dropout({ rate });
const flatten = () => layers.flatten();
const normalised = (layer) => [layer, layers.batchNormalization(), layers.activation({ activation: 'relu' })];
const rows = (shape) => ({ apply: (x) => x.reshape(shape), trainableWeights: [] });

const systems = {
  mlp: () => [dense(64, 'relu'), dropout(0.1), dense(64, 'relu'), dropout(0.1), dense(10)],
  cnn: () => [
    ...[conv(32, 'relu'), conv(64, 'relu'), pool(), dropout(0.25), flatten()],
    ...[dense(128, 'relu'), dropout(0.5), dense(10)],
  ],
  'cnn-bn': () => [
    ...[...normalised(conv(32)), ...normalised(conv(32)), pool(), flatten()],
    ...[...normalised(dense(128)), dropout(0.2), dense(10)],
  ],
  // All rows of a batch at once: timeDistributed would take them one after the other.
  hrnn: () => [
    rows([-1, 28, 1]),
    layers.lstm({ units: 32 }),
    rows([-1, 28, 32]),
    layers.lstm({ units: 32 }),
    dense(10),
  ],
  string: () => [
    ...[layers.batchNormalization(), conv(28, 'relu'), pool(), conv(28, 'relu'), pool(), dropout(0.2)],
    ...[conv(56, 'relu'), conv(56, 'relu'), dropout(0.2), flatten(), dense(784, 'relu'), dropout(0.4), dense(55)],
  ],
};
const optimizers = {
  mlp: () => tf.train.rmsprop(1e-3, 0.9),
  cnn: () => tf.train.adadelta(1, 0.95),
  'cnn-bn': () => tf.train.adam(0.01),
  hrnn: () => tf.train.rmsprop(1e-3, 0.9),
  string: () => tf.train.adam(1e-3),
};

const inputOf = { mlp: [image[0] * image[1]], hrnn: image }[order.system] ?? [...image, 1];
const stack = systems[order.system]();
const forward = (x, training) => stack.reduce((value, layer) => layer.apply(value, { training }), x);
const data = noise(order);
/** [batch, ...input] float32 in 0..1. */
const toTensor = (pixels, batch) => tf.tensor(scaled(pixels), [batch, ...inputOf]);

function training(batch) {
  const next = batchesOf(order, data, batch);
  const optimizer = optimizers[order.system]();
  tf.tidy(() => forward(tf.zeros([1, ...inputOf]), false));
  const variables = stack.flatMap((layer) => layer.trainableWeights.map((weight) => weight.val));
  async function step() {
    const { images, labels } = next();
    const loss = tf.tidy(() => {
      const x = toTensor(images, batch);
      const targets = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
      const lossOf = () => tf.losses.softmaxCrossEntropy(targets, forward(x, true).reshape([-1, classes])).mul(slots);
      return optimizer.minimize(lossOf, true, variables);
    });
    const [value] = await loss.data();
    loss.dispose();
    return value;
  }
  return { step, close: () => optimizer.dispose() };
}

function inference(batch) {
  const next = rawBatches(order, data, batch);
  async function step() {
    const probabilities = tf.tidy(() => tf.softmax(forward(toTensor(next(), batch), false).reshape([-1, classes])));
    await probabilities.data();
    probabilities.dispose();
  }
  return { step };
}

const versions = mode === 'node' ? { TensorFlow: tf.backend().binding.TF_Version } : {};
await race(order, order.task === 'training' ? training : inference, { 'TensorFlow.js': tf.version.tfjs, ...versions });
