/** Gradients of convolution and pooling over images [batch, channels, height, width]. */

import { fromNumbers, padsOf, type Value } from '@denary/core';
import { sizes } from '../../math.js';
import type { Rule, RuleContext } from '../rule.js';
import { isTiling, tiledMaxPool } from './pooling.js';

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** [top, left, bottom, right]. */
  readonly pads: readonly number[];
}

function windowOf(c: RuleContext, kernel: readonly number[]): Window {
  if (kernel.length !== 2) c.unsupported(`a window of ${kernel.length} dimensions`);
  return {
    kernel,
    strides: c.attr('strides', 'ints', [1, 1]),
    dilations: c.attr('dilations', 'ints', [1, 1]),
    pads: padsOf(c.node, sizes(c.x).slice(2), kernel),
  };
}

/** The positions of a window, row by row, each by its offset in the padded image. */
function offsets({ kernel, dilations }: Window): [number, number][] {
  const [height, width] = kernel as [number, number];
  return Array.from({ length: height * width }, (_, i) => [
    Math.floor(i / width) * dilations[0]!,
    (i % width) * dilations[1]!,
  ]);
}

/**
 * d conv(x, w) by w, as matrix products over the positions of the window: im2col (Chellapilla et al., 2006). On a CPU this
 * takes a quarter of the time of a Conv on transposed operands. The columns are gathered pixel by pixel, channels last,
 * and each image has a product of its own, whose operands stay in the cache. With few channels a pixel is too short to
 * copy: each offset is sliced into a row of its own instead, for one product over all images.
 */
function kernelGradient(c: RuleContext, window: Window): Value {
  const [outChannels, channels, height, width] = sizes(c.inputs[1]!) as [number, number, number, number];
  const [batch, , ...positions] = sizes(c.dy) as [number, number, number, number];
  const area = height * width * channels;
  const count = positions[0] * positions[1];
  const flat =
    channels < 4
      ? c.gemm(
          c.reshape(c.transpose(c.dy, [1, 0, 2, 3]), [outChannels, -1]),
          c.reshape(slicedRows(c, window), [area, -1]),
          { transB: true },
        )
      : c.sum(
          c.matmul(
            c.reshape(c.dy, [batch, outChannels, count]),
            c.reshape(gatheredColumns(c, window), [batch, count, area]),
          ),
          [0],
          false,
        );
  return c.transpose(c.reshape(flat, [outChannels, height, width, channels]), [0, 3, 1, 2]);
}

/** For each offset of the window the pixels that it meets: [offsets * channels, batch, height, width]. */
function slicedRows(c: RuleContext, window: Window): Value {
  const x = padImage(c, c.transpose(c.x, [1, 0, 2, 3]), window.pads, 2);
  const steps = window.strides.some((stride) => stride > 1) ? window.strides : undefined;
  const patches = offsets(window).map((offset) => {
    const ends = offset.map((start, i) => start + (sizes(c.y)[2 + i]! - 1) * window.strides[i]! + 1);
    return c.slice(x, [2, 3], offset, ends, steps);
  });
  return c.concat(patches, 0);
}

/** For each position of the window the pixels that it covers: [batch, positions * offsets, channels]. */
function gatheredColumns(c: RuleContext, window: Window): Value {
  const x = padImage(c, c.transpose(c.x, [0, 2, 3, 1]), window.pads, 1);
  const [batch, height, width, channels] = sizes(x) as [number, number, number, number];
  const [down, across] = window.strides as [number, number];
  const [rows, columns] = sizes(c.y).slice(2) as [number, number];
  const within = offsets(window).map(([row, column]) => row * width + column);
  const pixels = Array.from({ length: rows * columns }, (_, position) => {
    const corner = Math.floor(position / columns) * down * width + (position % columns) * across;
    return within.map((offset) => corner + offset);
  });
  const indices = c.graph.constant(fromNumbers('int32', pixels.flat()));
  return c.graph.op('Gather', [c.reshape(x, [batch, height * width, channels]), indices], { axis: 1 });
}

/** Zeros around the two axes from `rowAxis` on. */
function padImage(c: RuleContext, x: Value, [top, left, bottom, right]: readonly number[], rowAxis: number): Value {
  const begin = x.shape.map((_, axis) => (axis === rowAxis ? top! : axis === rowAxis + 1 ? left! : 0));
  const end = x.shape.map((_, axis) => (axis === rowAxis ? bottom! : axis === rowAxis + 1 ? right! : 0));
  return c.pad(x, [...begin, ...end]);
}

/** d conv(x, w) by x: dy spread out again by the kernel, with what the strides left over at the end. */
function imageGradient(c: RuleContext, { kernel, strides, dilations, pads }: Window): Value {
  const rest = [0, 1].map((i) => {
    const covered = (sizes(c.y)[2 + i]! - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1;
    return sizes(c.x)[2 + i]! + pads[i]! + pads[2 + i]! - covered;
  });
  const attributes = { kernel_shape: kernel, strides, dilations, pads, output_padding: rest };
  return c.graph.op('ConvTranspose', [c.dy, c.inputs[1]!], attributes);
}

/** A value for each window, put at one offset of each window in an image of x's size, zeros elsewhere. */
function scattered(c: RuleContext, part: Value, offset: readonly number[], { strides, pads }: Window): Value {
  const [batch, channels, rows, columns] = sizes(part) as [number, number, number, number];
  const [down, across] = strides as [number, number];
  const spaced = c.pad(c.reshape(part, [batch, channels, rows, 1, columns, 1]), [
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    down - 1,
    0,
    across - 1,
  ]);
  const dilated = c.reshape(spaced, [batch, channels, rows * down, columns * across]);
  const begin = offset.map((start, i) => start - pads[i]!);
  const end = begin.map((start, i) => sizes(c.x)[2 + i]! - start - sizes(dilated)[2 + i]!);
  return c.pad(dilated, [0, 0, ...begin, 0, 0, ...end]);
}

const total = (c: RuleContext, parts: readonly Value[]): Value =>
  parts.length === 1 ? parts[0]! : c.graph.op('Sum', parts);

/**
 * MaxPool's gradient without its Indices: each window's dy goes to the first offset whose pixel equals the maximum. Slow
 * on a CPU, but made of operators that every execution provider has, and right for overlapping windows.
 */
function poolByComparison(c: RuleContext, window: Window): Value {
  const lowest = c.graph.scalar(-3.4028234663852886e38, c.x.dtype);
  const [top, left] = window.pads as [number, number];
  // With ceil_mode the last window may reach further than the padding.
  const [bottom, right] = [0, 1].map((i) => {
    const reach = (sizes(c.y)[2 + i]! - 1) * window.strides[i]! + window.dilations[i]! * (window.kernel[i]! - 1) + 1;
    return Math.max(0, reach - sizes(c.x)[2 + i]! - window.pads[i]!);
  }) as [number, number];
  const padded = [top, left, bottom, right].some((size) => size > 0)
    ? c.graph.op('Pad', [c.x, c.graph.int64s([0, 0, top, left, 0, 0, bottom, right]), lowest])
    : c.x;
  let rest = c.dy;
  const parts = offsets(window).map((offset) => {
    const ends = offset.map((start, i) => start + (sizes(c.y)[2 + i]! - 1) * window.strides[i]! + 1);
    const pixels = c.slice(padded, [2, 3], offset, ends, window.strides);
    const chosen = c.mul(rest, c.cast(c.equal(pixels, c.y), c.dy.dtype));
    rest = c.sub(rest, chosen);
    return scattered(c, chosen, offset, window);
  });
  return total(c, parts);
}

export const convolution = {
  AveragePool: (c) => {
    const window = windowOf(c, c.attr('kernel_shape', 'ints', []));
    const padded = window.pads.some((size) => size > 0) && c.attr('count_include_pad', 'int', 0) === 0;
    if (padded || c.attr('ceil_mode', 'int', 0)) c.unsupported('average pooling with windows of different sizes');
    // d mean over a window = dy / its area, to every pixel in it
    const share = c.mul(c.dy, 1 / (window.kernel[0]! * window.kernel[1]!));
    return [
      total(
        c,
        offsets(window).map((offset) => scattered(c, share, offset, window)),
      ),
    ];
  },

  Conv: (c) => {
    if (c.attr('group', 'int', 1) !== 1) c.unsupported('a grouped convolution');
    const window = windowOf(c, sizes(c.inputs[1]!).slice(2));
    return [
      c.wanted(0) ? imageGradient(c, window) : undefined,
      c.wanted(1) ? kernelGradient(c, window) : undefined,
      // d (conv + b) by b = dy summed over images and positions
      c.wanted(2) ? c.sum(c.dy, [0, 2, 3], false) : undefined,
    ];
  },

  ConvTranspose: (c) => c.unsupported('a transposed convolution'),

  // d mean over the image = dy / its area, to every pixel
  GlobalAveragePool: (c) => [c.expand(c.mul(c.dy, 1 / (sizes(c.x)[2]! * sizes(c.x)[3]!)), sizes(c.x))],

  MaxPool: (c) => {
    const window = windowOf(c, c.attr('kernel_shape', 'ints', []));
    const indices = c.outputs[1];
    if (!indices) return [isTiling(c, window) ? tiledMaxPool(c, window) : poolByComparison(c, window)];
    // d max over a window = dy, to the pixel that was the largest
    const pads = window.pads.some((size) => size > 0) ? { pads: window.pads } : {};
    const attributes = { kernel_shape: window.kernel, strides: window.strides, ...pads };
    return [c.graph.op('MaxUnpool', [c.dy, indices, c.graph.int64s(sizes(c.x))], attributes)];
  },

  MaxUnpool: (c) => c.unsupported('an unpooling'),
} as const satisfies Record<string, Rule>;
