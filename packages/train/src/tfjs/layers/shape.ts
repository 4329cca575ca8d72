/** Layers that only move, repeat or cut values, and upsampling. */

import type { Value } from '@denary/core';
import type { Edge } from '../channels-last.js';
import { bilinear } from '../resize.js';
import type { Config } from './config.js';
import { channelsSecond } from './convolution.js';
import { type LayerContext, type LayerRow, requireRank, single, when } from './row.js';

/** Pairs of sizes, before and after, of height and width: one number, one for each, or two for each. */
function pairs(config: Config, key: string): readonly (readonly number[])[] {
  const value = config.values[key] ?? 1;
  const list = typeof value === 'number' ? [value, value] : value;
  const found = Array.isArray(list) && list.map((item) => (typeof item === 'number' ? [item, item] : item));
  const fits =
    found &&
    found.length === 2 &&
    found.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((n) => Number.isInteger(n) && n >= 0));
  return fits ? (found as number[][]) : config.wrong(key, 'sizes before and after height and width', value);
}

/** An image with more or fewer places, by the ONNX operator; the axes of height and width are those of channels first. */
const places = (emit: (c: LayerContext, image: Value) => Value, lacks?: LayerRow['lacks']): LayerRow =>
  single((c, x) => {
    requireRank(c, x, 4);
    const { value, back } = channelsSecond(c, x);
    return back(emit(c, value));
  }, lacks);

const flatten = (c: LayerContext, x: Edge): Edge => {
  const first = c.config.has('data_format') && c.config.choice('data_format', ['channels_last', 'channels_first']);
  const last = [0, ...x.shape.slice(2).map((_, i) => i + 2), 1];
  const moved = first === 'channels_first' && x.shape.length > 2 ? c.layout.permuted(x, last) : c.layout.last(x);
  return c.layout.fromLast(c.op('Flatten', [moved], { axis: 1 }));
};

function targetShape(c: LayerContext, x: Edge): number[] {
  const given = c.config.values.target_shape;
  if (!Array.isArray(given)) return c.config.wrong('target_shape', 'a shape', given);
  const target = given.map((size) => (typeof size === 'number' && Number.isInteger(size) && size >= 0 ? size : -1));
  if (!target.includes(-1)) return target;
  const total = c.inner(x).reduce((product, size) => product * size, 1);
  const known = target.reduce((product, size) => (size < 0 ? product : product * size), 1);
  return target.map((size) => (size < 0 ? total / known : size));
}

export const shapeLayers = {
  Flatten: single(flatten),

  Reshape: single((c, x) => {
    const shape = [-1, ...targetShape(c, x)];
    return c.layout.fromLast(c.op('Reshape', [c.layout.last(x), c.graph.int64s(shape)]));
  }),

  Permute: single((c, x) => c.layout.fromLast(c.layout.permuted(x, [0, ...c.config.wholes('dims')]))),

  RepeatVector: single((c, x) => {
    requireRank(c, x, 2);
    const step = c.op('Unsqueeze', [c.layout.last(x), c.graph.int64s([1])]);
    return c.layout.fromLast(c.op('Expand', [step, c.graph.int64s([1, c.config.whole('n', 1), 1])]));
  }),

  ZeroPadding1D: single((c, x) => {
    requireRank(c, x, 3);
    const [before, after] = c.config.wholes('padding', [1]) as [number, number?];
    return c.layout.map(x, (value, axisOf) => {
      const pads = [0, 0, 0, 0, 0, 0];
      pads[axisOf(1)] = before;
      pads[axisOf(1) + 3] = after ?? before;
      return c.op('Pad', [value, c.graph.int64s(pads)]);
    });
  }),

  ZeroPadding2D: places((c, image) => {
    const [rows, columns] = pairs(c.config, 'padding') as [number[], number[]];
    return c.op('Pad', [image, c.graph.int64s([0, 0, rows[0]!, columns[0]!, 0, 0, rows[1]!, columns[1]!])]);
  }),

  Cropping1D: single((c, x) => {
    requireRank(c, x, 3);
    const [before, after] = c.config.wholes('cropping', [1]) as [number, number?];
    const end = c.fixed(x.shape[1]) - (after ?? before);
    return c.layout.map(x, (value, axisOf) => c.math.slice(value, [axisOf(1)], [before], [end]));
  }),

  Cropping2D: places((c, image) => {
    const [rows, columns] = pairs(c.config, 'cropping') as [number[], number[]];
    const [height, width] = image.shape.slice(2).map((size) => c.fixed(size)) as [number, number];
    return c.math.slice(image, [2, 3], [rows[0]!, columns[0]!], [height - rows[1]!, width - columns[1]!]);
  }),

  UpSampling1D: single((c, x) => {
    requireRank(c, x, 3);
    const [steps, features] = c.inner(x) as [number, number];
    const size = c.config.whole('size', 1, 2);
    const apart = c.op('Unsqueeze', [c.layout.last(x), c.graph.int64s([2])]);
    const repeated = c.op('Expand', [apart, c.graph.int64s([1, steps, size, features])]);
    return c.layout.fromLast(c.op('Reshape', [repeated, c.graph.int64s([-1, steps * size, features])]));
  }),

  // In operators that have gradients: each place repeated, or, where it is bilinear, a product along each axis.
  UpSampling2D: places(
    (c, image) => {
      const size = c.config.sizes('size', 2, 2) as readonly [number, number];
      const [channels, height, width] = image.shape.slice(1).map((item) => c.fixed(item)) as [number, number, number];
      if (c.config.choice('interpolation', ['nearest', 'bilinear'], 'nearest') === 'bilinear') {
        return bilinear(
          c.math,
          image,
          [height * size[0], width * size[1]],
          c.dialect === 'tfjs' ? 'asymmetric' : 'half-pixel',
        );
      }
      const apart = c.op('Reshape', [image, c.graph.int64s([-1, channels, height, 1, width, 1])]);
      const repeated = c.op('Expand', [apart, c.graph.int64s([1, channels, height, size[0], width, size[1]])]);
      return c.op('Reshape', [repeated, c.graph.int64s([-1, channels, height * size[0], width * size[1]])]);
    },
    (config) =>
      when(
        config.has('interpolation') && !['nearest', 'bilinear'].includes(`${config.values.interpolation}`),
        `interpolation ${config.values.interpolation}`,
      ),
  ),
} satisfies Record<string, LayerRow>;
