/** Batch and layer normalization. */

import { filled, type Tensor } from '@denary/core';
import type { Edge } from '../channels-last.js';
import { type LayerContext, type LayerRow, single, when } from './row.js';

/** A weight that the layer has, or what it stands for where it was left out. */
const weightOr = (c: LayerContext, name: string, has: boolean, size: readonly number[], value: number): Tensor =>
  has ? c.weight(name, size) : filled('float32', size, value);

const axesOf = (c: LayerContext, x: Edge): number[] =>
  c.config.wholes('axis', [-1]).map((axis) => (axis < 0 ? axis + x.shape.length : axis));

export const normalizationLayers = {
  // ONNX normalizes the second axis: the channels where they come first, or whatever is there as TensorFlow sees it.
  BatchNormalization: single(
    (c, x) => {
      const [axis] = axesOf(c, x);
      const rank = x.shape.length;
      const isLast = axis === rank - 1;
      if (!isLast && axis !== 1) c.fail('an axis that is the second or the last', `${axis} of ${rank}`);
      const size = [c.fixed(x.shape[axis!])];
      const weights = {
        gamma: weightOr(c, 'gamma', c.config.flag('scale', true), size, 1),
        beta: weightOr(c, 'beta', c.config.flag('center', true), size, 0),
        moving_mean: c.weight('moving_mean', size),
        moving_variance: c.weight('moving_variance', size),
      };
      const value = isLast ? c.layout.first(x) : c.layout.last(x);
      const inputs = Object.entries(weights).map(([name, tensor]) => c.initializer(name, tensor));
      const attributes = { epsilon: c.config.number('epsilon', 1e-3), momentum: c.config.number('momentum', 0.99) };
      const y = c.op('BatchNormalization', [value, ...inputs], attributes);
      return isLast ? c.layout.fromFirst(y) : c.layout.fromLast(y);
    },
    (config) => when(config.wholes('axis', [-1]).length > 1, 'several axes'),
  ),

  // ONNX normalizes the last axes, from one of them on.
  LayerNormalization: single((c, x) => {
    const rank = x.shape.length;
    const axes = axesOf(c, x);
    const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const perm = [...others, ...axes];
    const size = axes.map((axis) => c.fixed(x.shape[axis]));
    const gamma = c.initializer('gamma', weightOr(c, 'gamma', c.config.flag('scale', true), size, 1));
    const beta = c.initializer('beta', weightOr(c, 'beta', c.config.flag('center', true), size, 0));
    const epsilon = c.config.number('epsilon', 1e-3);
    const attributes = { axis: rank - axes.length, epsilon };
    const y = c.op('LayerNormalization', [c.layout.permuted(x, perm), gamma, beta], attributes);
    return c.layout.unpermuted(y, perm);
  }),
} satisfies Record<string, LayerRow>;
