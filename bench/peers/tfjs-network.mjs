/** The systems in TensorFlow.js' layers, and their inference: in Node and in browsers alike. */
import { rawBatches, scaled } from '../noise.mjs';

/** `stack`: the layers, built by the first call of `forward`; `toTensor`: of raw pixels. */
export function networkOf(tf, { system, image }) {
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
  const inputOf = { mlp: [image[0] * image[1]], hrnn: image }[system] ?? [...image, 1];
  const stack = systems[system]();
  const forward = (x, training) => stack.reduce((value, layer) => layer.apply(value, { training }), x);
  /** [batch, ...input] float32 in 0..1. */
  const toTensor = (pixels, batch) => tf.tensor(scaled(pixels), [batch, ...inputOf]);
  return { stack, inputOf, forward, toTensor };
}

/** Prepares steps from raw pixels to probabilities. */
export function inferenceWith(tf, order, data) {
  const { forward, toTensor } = networkOf(tf, order);
  return (batch) => {
    const next = rawBatches(order, data, batch);
    async function step() {
      const probabilities = tf.tidy(() =>
        tf.softmax(forward(toTensor(next(), batch), false).reshape([-1, order.classes])),
      );
      await probabilities.data();
      probabilities.dispose();
    }
    return { step };
  };
}
