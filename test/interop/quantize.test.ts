/** Models in eight bits, as onnx's checker, ONNX Runtime in Python and its own quantizer see them. */

import type { Tensor } from '@denary/core';
import { createSession, readModel } from '@denary/runtime-node';
import { evaluate, quantizeModel, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { describe, expect, it } from 'vitest';
import { python } from './exchange.js';

interface Answer {
  /** By kernels for bytes, by floats that are rounded to bytes, and what onnxruntime.quantization made of the model. */
  readonly merged: Tensor<'float32'>;
  readonly plain: Tensor<'float32'>;
  readonly theirs: Tensor<'float32'>;
}

const names = ['mlp', 'cnn', 'cnn-pool4'];
const train = subset(await loadDataset('mnist', 'train'), { from: 0, to: 500 });
const test = subset(await loadDataset('mnist', 'test'), { from: 0, to: 2000 });
const tensor = ({ images, count }: typeof test) => ({ dtype: 'uint8', shape: [count, 28, 28], data: images }) as const;

const models = await Promise.all(
  names.map(async (name) => {
    const model = new Uint8Array((await readModel(name)).bytes);
    const { bytes: quantized } = await quantizeModel({ createSession, model, dataset: train, samples: 500 });
    return { model, quantized };
  }),
);
const given = models.map(({ model, quantized }) => ({ model, quantized, images: tensor(test), seen: tensor(train) }));
const answers = await python<Answer>('quantize', Object.fromEntries(names.map((name, i) => [name, given[i]])));

const digit = (probabilities: Float32Array, image: number) => {
  const row = probabilities.subarray(10 * image, 10 * image + 10);
  return row.indexOf(Math.max(...row));
};
const share = (right: (image: number) => boolean) => [...Array(test.count).keys()].filter(right).length / test.count;

describe.each(names)('%s in eight bits', (name) => {
  const { model, quantized } = models[names.indexOf(name)]!;
  const { merged, plain, theirs } = answers.get(name);
  const predicted = async (bytes: Uint8Array) =>
    (await evaluate({ createSession, model: bytes, dataset: test })).probabilities;

  it('is the same to ONNX Runtime in Node and in Python, with kernels for bytes and without', async () => {
    const ours = await predicted(quantized);
    for (const others of [merged.data, plain.data]) {
      expect(share((i) => digit(ours, i) === digit(others, i))).toBeGreaterThan(0.998);
      const apart = ours.reduce((sum, value, i) => sum + Math.abs(value - others[i]!), 0) / test.count;
      expect(apart).toBeLessThan(0.004);
    }
  });

  it("is as near to the model as what ONNX Runtime's own quantizer makes of the same images", async () => {
    const whole = await predicted(model);
    const ours = await predicted(quantized);
    const distance = (probabilities: Float32Array) =>
      probabilities.reduce((sum, value, i) => sum + Math.abs(value - whole[i]!), 0) / test.count;
    expect(distance(ours)).toBeLessThan(1.1 * distance(theirs.data));
    expect(share((i) => digit(ours, i) === test.labels[i])).toBeGreaterThan(
      share((i) => digit(theirs.data, i) === test.labels[i]) - 0.002,
    );
  });
});
