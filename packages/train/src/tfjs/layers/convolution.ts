/** Convolutions. A kernel of Keras' is [...window, inputs, outputs], one of ONNX [outputs, inputs, ...window]. */

import type { Tensor, Value } from '@denary/core';
import { type Edge, transposed } from '../channels-last.js';
import { activate } from './activations.js';
import { biasOf } from './dense.js';
import { type LayerContext, type LayerRow, requireRank, single, when } from './row.js';

/** The value that ONNX's operators take, channels second, and the way back; `channels_first` has it like that already. */
export function channelsSecond(c: LayerContext, x: Edge): { value: Value; back: (y: Value) => Edge } {
  const { layout } = c;
  return c.config.choice('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_last'
    ? { value: layout.first(x), back: (y) => layout.fromFirst(y) }
    : { value: layout.last(x), back: (y) => layout.fromLast(y) };
}

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: 'valid' | 'same' | 'causal';
}

/** TensorFlow's padding as ONNX's pads: with `same`, what is left over goes to the end. */
export function padsOf(c: LayerContext, value: Value, { kernel, strides, dilations, padding }: Window): number[] {
  if (padding === 'valid') return kernel.flatMap(() => [0, 0]);
  const totals = kernel.map((width, axis) => {
    const covered = (width - 1) * dilations[axis]! + 1;
    if (padding === 'causal') return covered - 1;
    const size = c.fixed(value.shape[2 + axis]);
    const stride = strides[axis]!;
    return Math.max((Math.ceil(size / stride) - 1) * stride + covered - size, 0);
  });
  const before = totals.map((total) => (padding === 'causal' ? total : Math.floor(total / 2)));
  return [...before, ...totals.map((total, axis) => total - before[axis]!)];
}

function windowOf({ config }: LayerContext, rank: number): Window {
  return {
    kernel: config.sizes('kernel_size', rank),
    strides: config.sizes('strides', rank, 1),
    dilations: config.sizes('dilation_rate', rank, 1),
    padding: config.choice('padding', rank === 1 ? ['valid', 'same', 'causal'] : ['valid', 'same'], 'valid'),
  };
}

/** [...window, a, b] as [b, a, ...window]. */
const outputsFirst = (kernel: Tensor): Tensor => {
  const rank = kernel.shape.length;
  return transposed(kernel, [rank - 1, rank - 2, ...Array.from({ length: rank - 2 }, (_, i) => i)]);
};

/** A kernel for each channel, [...window, channels, multiplier], as that of a grouped convolution. */
const perChannel = (kernel: Tensor): Tensor => {
  const rank = kernel.shape.length;
  const [channels, multiplier] = kernel.shape.slice(-2) as [number, number];
  const { dtype, shape, data } = transposed(kernel, [
    rank - 2,
    rank - 1,
    ...Array.from({ length: rank - 2 }, (_, i) => i),
  ]);
  return { dtype, shape: [channels * multiplier, 1, ...shape.slice(2)], data } as Tensor;
};

function conv(c: LayerContext, value: Value, window: Window, kernel: Value, bias: Value | undefined, group = 1): Value {
  const { kernel: kernel_shape, strides, dilations } = window;
  const attributes = { kernel_shape, strides, dilations, pads: padsOf(c, value, window), group };
  return c.op('Conv', [value, kernel, ...(bias ? [bias] : [])], attributes);
}

const convolution = (rank: number): LayerRow =>
  single((c, x) => {
    requireRank(c, x, rank + 2);
    const { value, back } = channelsSecond(c, x);
    const window = windowOf(c, rank);
    const filters = c.config.whole('filters', 1);
    const groups = c.config.whole('groups', 1, 1);
    const kernel = c.weight('kernel', [...window.kernel, c.fixed(value.shape[1]) / groups, filters]);
    const y = conv(c, value, window, c.initializer('kernel', outputsFirst(kernel)), biasOf(c, filters), groups);
    return activate(c, back(y));
  });

/** Each channel by kernels of its own, then all of them by one of a single point. */
const separable = (rank: number): LayerRow =>
  single((c, x) => {
    requireRank(c, x, rank + 2);
    const { value, back } = channelsSecond(c, x);
    const window = windowOf(c, rank);
    const channels = c.fixed(value.shape[1]);
    const filters = c.config.whole('filters', 1);
    const ones = window.kernel.map(() => 1);
    // TensorFlow.js forgets the multiplier when it saves the configuration; the kernel tells it.
    const depthwise = c.weight('depthwise_kernel', [...window.kernel, channels, undefined]);
    const multiplier = depthwise.shape.at(-1)!;
    const pointwise = c.weight('pointwise_kernel', [...ones, channels * multiplier, filters]);
    const deep = conv(c, value, window, c.initializer('depthwise_kernel', perChannel(depthwise)), undefined, channels);
    const point = { kernel: ones, strides: ones, dilations: ones, padding: 'valid' } as const;
    const y = conv(c, deep, point, c.initializer('pointwise_kernel', outputsFirst(pointwise)), biasOf(c, filters));
    return activate(c, back(y));
  });

export const convolutionLayers = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  SeparableConv1D: separable(1),
  SeparableConv2D: separable(2),

  DepthwiseConv2D: single((c, x) => {
    requireRank(c, x, 4);
    const { value, back } = channelsSecond(c, x);
    // TensorFlow.js passes over the dilation of this layer; so does what is converted from it.
    const window = { ...windowOf(c, 2), ...(c.dialect === 'tfjs' && { dilations: [1, 1] }) };
    const channels = c.fixed(value.shape[1]);
    const multiplier = c.config.whole('depth_multiplier', 1, 1);
    const kernel = c.weight('depthwise_kernel', [...window.kernel, channels, multiplier]);
    const bias = biasOf(c, channels * multiplier);
    return activate(
      c,
      back(conv(c, value, window, c.initializer('depthwise_kernel', perChannel(kernel)), bias, channels)),
    );
  }),

  // The gradient of a convolution: kernel [...window, outputs, inputs]. With `same` it is as large as the stride times the input.
  Conv2DTranspose: single(
    (c, x) => {
      requireRank(c, x, 4);
      const { value, back } = channelsSecond(c, x);
      const { kernel, strides, padding } = windowOf(c, 2);
      const filters = c.config.whole('filters', 1);
      const weights = c.weight('kernel', [...kernel, filters, c.fixed(value.shape[1])]);
      const bias = biasOf(c, filters);
      const overlap = kernel.map((width, axis) => width - strides[axis]!);
      const cut = overlap.map((size) => (padding === 'same' ? Math.max(size, 0) : 0));
      const before = cut.map((size) => Math.floor(size / 2));
      const y = c.op(
        'ConvTranspose',
        [value, c.initializer('kernel', outputsFirst(weights)), ...(bias ? [bias] : [])],
        {
          kernel_shape: kernel,
          strides,
          pads: [...before, ...cut.map((size, axis) => size - before[axis]!)],
          output_padding: overlap.map((size) => Math.max(-size, 0)),
        },
      );
      return activate(c, back(y));
    },
    (config) => [
      ...when(config.has('output_padding'), 'output_padding'),
      ...when(
        config.has('dilation_rate') && config.sizes('dilation_rate', 2).some((rate) => rate > 1),
        'dilation_rate',
      ),
    ],
  ),
} satisfies Record<string, LayerRow>;
