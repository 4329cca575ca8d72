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
 * d conv(x, w) by w, as one matrix product over all positions of all images: im2col (Chellapilla et al., 2006). The batch
 * comes last: a pixel of all images is then a run of memory to gather, and both operands have their long axis inside,
 * which is what the kernels like best. On a CPU this takes a sixth of the time of a Conv on transposed operands.
 */
function kernelGradient(c: RuleContext, dy: Value, window: Window): Value {
  const { image, places } = columnsOf(c, window);
  const groups = c.attr('group', 'int', 1);
  const [images, dys] = [image, dy].map((value) => c.split(value, 0, even(sizes(value)[0]!, groups)));
  return c.concat(
    images!.map((part, group) => groupGradient(c, part, places, dys![group]!)),
    0,
  );
}

/** The kernels of one group of channels; a usual convolution has one group. */
function groupGradient(c: RuleContext, image: Value, places: Value, dy: Value): Value {
  const [, channels, ...kernel] = sizes(c.inputs[1]!) as [number, number, number, number];
  const area = kernel[0] * kernel[1];
  const parts = partsOf(channels, area, sizes(places)[0]! * sizes(image)[2]!);
  const products = c.split(image, 0, even(channels, parts)).map((part) => {
    const columns = c.graph.op('Gather', [part, places], { axis: 1 });
    return c.gemm(c.reshape(columns, [(channels / parts) * area, -1]), dy, { transB: true });
  });
  return c.transpose(c.reshape(c.concat(products, 0), [channels, ...kernel, sizes(dy)[0]!]), [3, 0, 1, 2]);
}

const even = (total: number, parts: number): number[] => new Array<number>(parts).fill(total / parts);

/** Columns of more elements are made, and used up, in parts; a part has as many rows at least as a product wants. */
const [MOST_ELEMENTS, LEAST_ROWS] = [6e6, 64];

/** How many parts the channels are cut into: few enough that each is of some size, and all of the same. */
function partsOf(channels: number, area: number, elements: number): number {
  const wanted = Math.min(Math.ceil((channels * elements) / MOST_ELEMENTS), (channels * area) / LEAST_ROWS);
  let parts = 1;
  for (let divisor = 2; divisor <= wanted; divisor++) if (channels % divisor === 0) parts = divisor;
  return parts;
}

/** A value [batch, channels, ...] with the batch last, as [channels, rest * batch]. */
function batchLast(c: RuleContext, value: Value): Value {
  const [batch, channels] = sizes(value) as [number, number];
  return c.reshape(c.transpose(c.reshape(value, [batch, -1]), [1, 0]), [channels, -1]);
}

/**
 * The padded image [channels, pixels, batch], and for each offset of the window the pixels that it meets, position by
 * position: [offsets * positions].
 */
function columnsOf(c: RuleContext, window: Window): { image: Value; places: Value } {
  const [batch, channels, ...image] = sizes(c.x) as [number, number, number, number];
  const x = padImage(c, c.reshape(batchLast(c, c.x), [channels, ...image, batch]), window.pads);
  const [, height, width] = sizes(x) as [number, number, number];
  const [down, across] = window.strides as [number, number];
  const [rows, columns] = sizes(c.y).slice(2) as [number, number];
  // Three short lists, whose sum ONNX Runtime computes once, when it loads the graph.
  const list = (numbers: readonly number[], shape: readonly number[]) =>
    c.graph.constant(fromNumbers('int32', numbers, shape));
  const counted = (count: number, stride: number) => Array.from({ length: count }, (_, i) => i * stride);
  const within = offsets(window).map(([row, column]) => row * width + column);
  const starts = c.add(
    list(counted(rows, down * width), [1, rows, 1]),
    list(counted(columns, across), [1, 1, columns]),
  );
  const places = c.reshape(c.add(list(within, [within.length, 1, 1]), starts), [-1]);
  return { image: c.reshape(x, [channels, height * width, batch]), places };
}

/** Zeros around an image [channels, height, width, batch]. */
function padImage(c: RuleContext, x: Value, [top, left, bottom, right]: readonly number[]): Value {
  return c.pad(x, [0, top!, left!, 0, 0, bottom!, right!, 0]);
}

/** d conv(x, w) by x: dy spread out again by the kernel, with what the strides left over at the end. */
function imageGradient(c: RuleContext, { kernel, strides, dilations, pads }: Window): Value {
  const rest = [0, 1].map((i) => {
    const covered = (sizes(c.y)[2 + i]! - 1) * strides[i]! + dilations[i]! * (kernel[i]! - 1) + 1;
    return sizes(c.x)[2 + i]! + pads[i]! + pads[2 + i]! - covered;
  });
  const group = c.attr('group', 'int', 1);
  const attributes = {
    kernel_shape: kernel,
    strides,
    dilations,
    pads,
    output_padding: rest,
    ...(group > 1 && { group }),
  };
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
    const window = windowOf(c, sizes(c.inputs[1]!).slice(2));
    const dy = batchLast(c, c.dy);
    return [
      c.wanted(0) ? imageGradient(c, window) : undefined,
      c.wanted(1) ? kernelGradient(c, dy, window) : undefined,
      // d (conv + b) by b = dy summed over images and positions
      c.wanted(2) ? c.sum(dy, [1], false) : undefined,
    ];
  },

  ConvTranspose: (c) => c.unsupported('a transposed convolution'),

  // d mean over the image = dy / its area, to every pixel
  GlobalAveragePool: (c) => [c.expand(c.mul(c.dy, 1 / (sizes(c.x)[2]! * sizes(c.x)[3]!)), sizes(c.x))],

  // d max over the image = dy, shared among the pixels that equal it
  GlobalMaxPool: (c) => {
    const hits = c.cast(c.equal(c.x, c.y), c.dy.dtype);
    return [c.mul(c.div(hits, c.sum(hits, [2, 3])), c.dy)];
  },

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
