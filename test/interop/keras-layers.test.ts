/** Layers, and forms of them, that Keras has and TensorFlow.js has not, or computes otherwise: converted, they give Keras' numbers. */

import { encodeModel, type Tensor } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { convertKeras } from '@denary/train/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ofKerasAlone } from '../tfjs/layer-cases.js';
import { type Answers, python } from './exchange.js';
import { largestDifference } from './measures.js';

interface Item {
  readonly layer: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Of the inputs, without the batch. */
  readonly shapes: readonly (readonly number[])[];
}

interface Answer {
  readonly file: Tensor<'uint8'>;
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
}

const image = [6, 7, 3];
const steps = [6, 4];
const one = (layer: string, config: object, shape: number[]): Item => ({
  layer,
  config: { ...config },
  shapes: [shape],
});

const items: Record<string, Item> = {
  Subtract: { layer: 'Subtract', config: {}, shapes: [image, image] },
  ActivityRegularization: one('ActivityRegularization', { l2: 0.1 }, image),
  SpatialDropout2D: one('SpatialDropout2D', { rate: 0.3 }, image),
  Cropping1D: one('Cropping1D', { cropping: [1, 2] }, steps),
  ZeroPadding1D: one('ZeroPadding1D', { padding: [1, 2] }, steps),
  UpSampling1D: one('UpSampling1D', { size: 3 }, steps),
  SeparableConv1D: one('SeparableConv1D', { filters: 3, kernel_size: 2, depth_multiplier: 2, padding: 'same' }, steps),
  Resizing: one('Resizing', { height: 9, width: 4 }, image),
  'BatchNormalization over the second axis': one('BatchNormalization', { axis: 1 }, image),
  'Conv1D, causal': one('Conv1D', { filters: 3, kernel_size: 3, dilation_rate: 2, padding: 'causal' }, steps),
  'Conv2D in groups': one('Conv2D', { filters: 4, kernel_size: 3, groups: 2 }, [6, 7, 4]),
  'DepthwiseConv2D, dilated': one('DepthwiseConv2D', { kernel_size: 2, dilation_rate: 2 }, image),
  'UpSampling2D, bilinear': one('UpSampling2D', { size: [2, 3], interpolation: 'bilinear' }, image),
  'GlobalMaxPooling2D, keepdims': one('GlobalMaxPooling2D', { keepdims: true }, image),
  'GlobalAveragePooling2D, keepdims': one('GlobalAveragePooling2D', { keepdims: true }, image),
  'GRU, reset after': one('GRU', { units: 3, reset_after: true, return_sequences: true }, steps),
  'GRU, reset before': one('GRU', { units: 3, reset_after: false }, steps),
  'LSTM, hard sigmoid': one('LSTM', { units: 3, recurrent_activation: 'hard_sigmoid' }, steps),
  ...Object.fromEntries(
    ['gelu', 'hard_sigmoid', 'hard_swish', 'leaky_relu', 'log_softmax', 'mish', 'silu', 'exponential'].map(
      (activation) => [`the activation ${activation}`, one('Dense', { units: 5, activation }, [4])],
    ),
  ),
};

describe('layers of Keras', () => {
  let answers: Answers<Answer>;
  beforeAll(async () => {
    answers = await python('keras_layers', items);
  });

  it('are all here that TensorFlow.js can not be asked about', () => {
    const asked = new Set(Object.values(items).map(({ layer }) => layer));
    expect(ofKerasAlone.filter((layer) => !asked.has(layer))).toEqual([]);
  });

  it.each(Object.keys(items))('%s', async (name) => {
    const { file, inputs, output } = answers.get(name);
    const { graph, ...rest } = convertKeras(file.data, name);
    const session = await createSession(encodeModel({ ...rest, graph }));
    const found = await session.run(Object.fromEntries(graph.inputs.map((value, i) => [value.name, inputs[i]!])));
    await session.close();
    const [first] = Object.values(found);
    expect(first!.shape).toEqual(output.shape);
    expect(largestDifference(first!, output)).toBeLessThan(1e-5);
  });
});
