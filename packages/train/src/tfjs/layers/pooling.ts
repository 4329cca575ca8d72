/** Pooling. TensorFlow's average counts only what lies inside the image, which is ONNX's default, too. */

import { channelsSecond, padsOf } from './convolution.js';
import { type LayerRow, requireRank, single } from './row.js';

const pooling = (op: 'MaxPool' | 'AveragePool', rank: number): LayerRow =>
  single((c, x) => {
    requireRank(c, x, rank + 2);
    const { value, back } = channelsSecond(c, x);
    const kernel = c.config.sizes('pool_size', rank, 2);
    const strides = c.config.sizes('strides', rank, kernel);
    const padding = c.config.choice('padding', ['valid', 'same'], 'valid');
    const pads = padsOf(c, value, { kernel, strides, dilations: kernel.map(() => 1), padding });
    return back(c.op(op, [value], { kernel_shape: kernel, strides, ...paddingOf(pads, kernel, strides) }));
  });

/**
 * ONNX Runtime (1.30) moves a Pad that stands before a pool into its `pads`, which for a pool mean another thing than zeros;
 * it leaves a pool with `auto_pad` alone, and gets that wrong only where windows leave gaps.
 */
function paddingOf(pads: readonly number[], kernel: readonly number[], strides: readonly number[]) {
  if (pads.every((size) => size === 0)) return { auto_pad: 'VALID' };
  return kernel.every((width, axis) => width >= strides[axis]!) ? { auto_pad: 'SAME_UPPER' } : { pads };
}

/** Over all places of an image or all steps of a sequence. */
const globalPooling = (reduce: 'max' | 'mean', rank: number): LayerRow =>
  single((c, x) => {
    requireRank(c, x, rank + 2);
    const keep = c.config.flag('keepdims', false);
    if (c.config.choice('data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_first') {
      const axes = Array.from({ length: rank }, (_, i) => i + 2);
      return c.layout.fromLast(c.math[reduce](c.layout.last(x), axes, keep));
    }
    if (rank === 2 && reduce === 'mean') {
      const y = c.op('GlobalAveragePool', [c.layout.first(x)]);
      return keep ? c.layout.fromFirst(y) : c.layout.fromLast(c.op('Flatten', [y], { axis: 1 }));
    }
    const axes = Array.from({ length: rank }, (_, i) => i + 1);
    if (keep) return c.layout.map(x, (value, axisOf) => c.math[reduce](value, axes.map(axisOf)));
    const reduced = c.layout.map(x, (value, axisOf) => c.math[reduce](value, axes.map(axisOf), true));
    return c.layout.fromLast(c.op('Flatten', [c.layout.any(reduced)], { axis: 1 }));
  });

export const poolingLayers = {
  MaxPooling1D: pooling('MaxPool', 1),
  MaxPooling2D: pooling('MaxPool', 2),
  MaxPooling3D: pooling('MaxPool', 3),
  AveragePooling1D: pooling('AveragePool', 1),
  AveragePooling2D: pooling('AveragePool', 2),
  AveragePooling3D: pooling('AveragePool', 3),
  GlobalMaxPooling1D: globalPooling('max', 1),
  GlobalMaxPooling2D: globalPooling('max', 2),
  GlobalAveragePooling1D: globalPooling('mean', 1),
  GlobalAveragePooling2D: globalPooling('mean', 2),
} satisfies Record<string, LayerRow>;
