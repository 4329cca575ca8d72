import {
  decodeModel,
  encodeModel,
  type Model,
  normal,
  openModel,
  type Tensor,
  uniform,
  withWeights,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { cnn as exportedCnn } from '../../../../test/exported.js';
import { findArchitecture } from '../architectures/catalogue.js';
import { createDataset, type Dataset } from '../data/dataset.js';
import { evaluate } from '../evaluate.js';
import { wrapClassifier } from '../foreign/wrap-classifier.js';
import { buildModel } from '../forward/build-model.js';
import { quantizeModel } from './quantize-model.js';

const COUNT = 96;

function drawings(height: number, width: number, slots = 1): Dataset {
  const images = Uint8Array.from({ length: COUNT * height * width }, (_, i) =>
    uniform(1, 0, i) < 0.7 ? 0 : Math.floor(256 * uniform(2, 0, i)),
  );
  const labels = Uint8Array.from({ length: COUNT * slots }, (_, i) => i % 10);
  return createDataset({ name: 'drawings', images, labels, height, width, classes: 10, slots });
}

/** Moving statistics that are not those of an untrained model. */
function lively(model: Model): Model {
  const statistics = [...model.graph.initializers].filter(([name]) => /moving|gamma|beta/.test(name));
  const drawn = statistics.map(([name, { shape, data }], at) => {
    const values = Float32Array.from(
      { length: data.length },
      (_, i) => 0.1 * normal(at, 1, i) + (name.includes('beta') ? 0 : name.includes('gamma') ? 0.8 : 1),
    );
    return [name, { dtype: 'float32', shape, data: values } as Tensor] as const;
  });
  return withWeights(model, Object.fromEntries(drawn));
}

const modelOf = (name: string) => lively(buildModel(findArchitecture(name), 1).model);
const probabilitiesOf = async (model: Uint8Array, dataset: Dataset) =>
  (await evaluate({ createSession, model, dataset })).probabilities;
const quantize = (model: Model, dataset = drawings(28, 28)) =>
  quantizeModel({ createSession, model: encodeModel(model), dataset, samples: 64 });
const opsOf = (bytes: Uint8Array) => decodeModel(bytes).graph.nodes.map(({ op }) => op);

/** Probabilities, less what they are in the mean of all images. */
function varying(probabilities: Float32Array): Float32Array {
  const classes = probabilities.length / COUNT;
  const means = new Float32Array(classes);
  probabilities.forEach((value, i) => {
    means[i % classes]! += value / COUNT;
  });
  return probabilities.map((value, i) => value - means[i % classes]!);
}

function correlation(a: Float32Array, b: Float32Array): number {
  const product = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

describe('quantizeModel', () => {
  it.each([
    ['mlp', 3, 1],
    ['cnn', 4, 1],
    ['cnn-bn', 0, 1],
    ['string', 0, 5],
  ])('%s predicts nearly as before, with weights of a byte', async (name, layers, slots) => {
    const model = modelOf(name);
    const [, height, width] = model.graph.inputs[0]!.shape as number[];
    const dataset = drawings(height!, width!, slots);
    const quantized = await quantize(model, dataset);
    if (layers > 0) expect(quantized).toMatchObject({ layers, kept: [] });
    const { graph, metadata } = openModel(quantized.bytes).model;
    expect(metadata).toEqual(model.metadata);
    const weights = [...graph.initializers].filter(([, { shape }]) => shape.length > 1);
    expect(weights.length).toBeGreaterThan(1);
    for (const [name, { dtype, data }] of weights) {
      expect([name, dtype]).toEqual([name, 'int8']);
      // Two products of a uint8 and one of these fit into 16 bits.
      expect((data as Int8Array).reduce((most, value) => Math.max(most, Math.abs(value)), 0)).toBe(64);
    }
    // In string, it stands behind a Relu.
    if (name === 'cnn-bn') expect(opsOf(quantized.bytes)).not.toContain('BatchNormalization');
    const [before, after] = [
      await probabilitiesOf(encodeModel(model), dataset),
      await probabilitiesOf(quantized.bytes, dataset),
    ];
    expect(correlation(varying(before), varying(after))).toBeGreaterThan(0.99);
  });

  it('takes the image as the bytes that it is', async () => {
    const { graph } = decodeModel((await quantize(modelOf('cnn'))).bytes);
    expect(graph.nodes.map(({ op }) => op)).not.toContain('Cast');
    const [scale] = graph.nodes.find(({ op }) => op === 'DequantizeLinear')!.inputs.slice(1);
    expect(graph.initializers.get(scale!)!.data[0]).toBeCloseTo(1 / 255, 9);
  });

  it('finds the steps of an image whose zero lies between two grey values', async () => {
    const { model } = wrapClassifier(exportedCnn('logits'), { scale: 255, mean: [0.1307], std: [0.3081] });
    const [, side] = model.graph.inputs[0]!.shape as number[];
    const dataset = drawings(side!, side!);
    const { bytes } = await quantize(model, dataset);
    expect(opsOf(bytes)).toContain('Cast');
    const before = await probabilitiesOf(encodeModel(model), dataset);
    const after = await probabilitiesOf(bytes, dataset);
    after.forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 1));
  });

  it('gives the same file again', async () => {
    const model = modelOf('mlp');
    expect((await quantize(model)).bytes).toEqual((await quantize(model)).bytes);
  });

  it('leaves recurrent layers as they are, and says so', async () => {
    const { layers, kept } = await quantize(modelOf('hrnn'));
    expect({ layers, kept }).toEqual({ layers: 1, kept: ['LSTM', 'LSTM'] });
  });

  it('says what it can do nothing with', async () => {
    const model = modelOf('mlp');
    const { bytes } = await quantize(model);
    const again = quantizeModel({ createSession, model: bytes, dataset: drawings(28, 28) });
    await expect(again).rejects.toMatchObject({ code: 'unsupported-operator', who: 'quantizeModel' });
    await expect(quantize(model, drawings(8, 8))).rejects.toMatchObject({ code: 'bad-data' });
    await expect(quantize({ ...model, opset: 12 })).rejects.toMatchObject({ code: 'bad-model' });
  });

  it('can be stopped', async () => {
    const signal = AbortSignal.abort();
    const model = encodeModel(modelOf('mlp'));
    await expect(quantizeModel({ createSession, model, dataset: drawings(28, 28), signal })).rejects.toThrow();
  });
});
