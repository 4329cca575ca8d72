/**
 * TensorFlow.js: node tfjs.mjs ORDER, a work order as JSON with mode node (on TensorFlow's library), wasm or cpu (pure
 * JavaScript); see ../clock.mjs. A step is an optimizer's `minimize` over layers, which does less than `trainOnBatch`.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { loadTfjs } from '@denary/train/node';
import { race, readOrder } from '../clock.mjs';
import { batchesOf, noise } from '../noise.mjs';
import { inferenceWith, networkOf } from './tfjs-network.mjs';

const order = readOrder();
const { mode, slots, classes } = order;
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

const optimizers = {
  mlp: () => tf.train.rmsprop(1e-3, 0.9),
  cnn: () => tf.train.adadelta(1, 0.95),
  'cnn-bn': () => tf.train.adam(0.01),
  hrnn: () => tf.train.rmsprop(1e-3, 0.9),
  string: () => tf.train.adam(1e-3),
};

const { stack, inputOf, forward, toTensor } = networkOf(tf, order);
const data = noise(order);

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

const versions = mode === 'node' ? { TensorFlow: tf.backend().binding.TF_Version } : {};
await race(order, order.task === 'training' ? training : inferenceWith(tf, order, data), {
  'TensorFlow.js': tf.version.tfjs,
  ...versions,
});
