/** Max pooling's gradient without its Indices, where windows neither overlap nor leave gaps: five kernels on a GPU. */

import { fromNumbers, type Value } from '@denary/core';
import { sizes } from '../../math.js';
import type { RuleContext } from '../rule.js';
import type { Window } from './convolution.js';

/** Whether the windows lie side by side; a rest at the bottom and the right may belong to none. */
export function isTiling(c: RuleContext, { kernel, strides, dilations, pads }: Window): boolean {
  const aligned = kernel.every((size, axis) => strides[axis] === size && dilations[axis] === 1);
  const inside = kernel.every((size, axis) => sizes(c.y)[2 + axis]! * size <= sizes(c.x)[2 + axis]!);
  return aligned && inside && pads.every((size) => size === 0);
}

/**
 * d max over a window = dy, to the first pixel that equals the maximum: the image as [rows, height, columns, width] lies
 * beside its maxima as [rows, 1, columns, 1]; among the equal ones, the highest number wins, counted from the last pixel.
 */
export function tiledMaxPool(c: RuleContext, { kernel }: Window): Value {
  const { graph, equal, where, max, slice, reshape, pad } = c;
  const [batch, channels, height, width] = sizes(c.x) as [number, number, number, number];
  const [rows, columns] = sizes(c.y).slice(2) as [number, number];
  const [down, across] = kernel as [number, number];
  const covered = [rows * down, columns * across] as const;
  const whole = covered[0] === height && covered[1] === width;
  const x = whole ? c.x : slice(c.x, [2, 3], [0, 0], covered);
  const inWindows = (value: Value) => reshape(value, [batch, channels, rows, down, columns, across]);
  const perWindow = (value: Value) => reshape(value, [batch, channels, rows, 1, columns, 1]);

  const area = down * across;
  const numbers = Array.from({ length: area }, (_, i) => area - i);
  const fromLast = graph.constant(fromNumbers(c.x.dtype, numbers, [1, 1, 1, down, 1, across]));
  const largest = where(equal(inWindows(x), perWindow(c.y)), fromLast, 0);
  const first = equal(largest, max(largest, [3, 5]));
  const dx = reshape(where(first, perWindow(c.dy), 0), [batch, channels, ...covered]);
  return whole ? dx : pad(dx, [0, 0, 0, 0, 0, 0, height - covered[0], width - covered[1]]);
}
