/**
 * Max pooling over 2x2 that tells where each maximum was, and its unpooling, in blocks of channels. ONNX Runtime's own kernel
 * with Indices is a loop with branches that no processor foresees, and that of MaxUnpool keeps to one thread.
 */

import { attribute, type DType, elementTypeOf, fromNumbers, type Node, padsOf } from '@denary/core';
import { int, ints, type NodeWriter } from './node-writer.js';

type ImageShape = readonly [batch: number, channels: number, height: number, width: number];

/** Whether a node is such a pooling of an image of this size, with nothing over at its edges. */
export function poolsTwoByTwo(node: Node, [, , height, width]: ImageShape): boolean {
  const { op, outputs, attributes } = node;
  if (op !== 'MaxPool' || outputs.length !== 2) return false;
  const lists = { kernel_shape: 2, strides: 2, dilations: 1 };
  const fits = Object.entries(lists).every(([name, wanted]) =>
    (attribute(attributes, name, 'ints') ?? [1, 1]).every((size) => size === wanted),
  );
  const plain = ['ceil_mode', 'storage_order'].every((name) => !attribute(attributes, name, 'int'));
  const whole = [height, width].every((size) => size % 2 === 0);
  return fits && plain && whole && padsOf(node, [height, width], [2, 2]).every((pad) => pad === 0);
}

/** Where the maxima of a pooling were, in blocks. */
export interface Choices {
  /** bool [batch, channels, height, width / 2]: of each pair of pixels, whether the right one is the greater. */
  readonly right: string;
  /** float32 [batch, channels, height / 2, width / 2], 0 or 1: whether the lower of two such pairs has the greatest. */
  readonly below: string;
  /** Of the image that was pooled. */
  readonly shape: ImageShape;
}

const cast = (write: NodeWriter, x: string, dtype: DType, name: string) =>
  write.standard('Cast', [x], { to: int(elementTypeOf(dtype)) }, name);
const reshaped = (write: NodeWriter, x: string, shape: readonly number[], name: string) =>
  write.standard('Reshape', [x, write.numbers(shape)], {}, name);

/**
 * Writes the node's two outputs from its input in blocks of so many channels. Pixels in pairs first, then pairs in pairs: the
 * left one wins over its equal on the right, the upper over its equal below. So the first of four equals, row by row, wins, as
 * in ONNX Runtime's own kernel.
 */
export function poolInBlocks(write: NodeWriter, node: Node, input: string, shape: ImageShape, block: number): Choices {
  const [batch, channels, height, width] = shape;
  const [rows, columns] = [height / 2, width / 2];
  const of = (part: string) => `${node.name}/${part}`;
  const op = (name: string, inputs: readonly string[], part: string) => write.standard(name, inputs, {}, of(part));
  const every = (x: string, window: readonly number[], strides: readonly number[], part: string) =>
    write.blocked('MaxPool', [x], { kernel_shape: ints(window), strides: ints(strides) }, of(part));
  const unblocked = (x: string, part: string, output = of(part)) =>
    write.blocked('ReorderOutput', [x], { channels: int(channels) }, of(part), output);

  const pairs = every(input, [1, 2], [1, 2], 'pairs');
  const best = every(pairs, [2, 1], [2, 1], 'best');
  unblocked(best, 'values', node.outputs[0]!);

  const right = op('Less', [every(input, [1, 1], [1, 2], 'left'), pairs], 'right');
  const lower = op('Less', [every(pairs, [1, 1], [2, 1], 'upper'), best], 'lower');
  const below = cast(write, lower, 'float32', of('below'));
  // The two rows of a pair of pairs, which lie one after the other.
  const rowPairs = reshaped(write, right, [-1, 2, columns * block], of('row_pairs'));
  const halves = [of('upper_right'), of('lower_right')];
  write.split(rowPairs, 1, [1, 1], halves, of('rows'));
  const [inUpper, inLower] = halves.map((half) => {
    const image = reshaped(write, half, [batch, channels, rows, columns], `${half}/image`);
    return cast(write, image, 'float32', `${half}/number`);
  }) as [string, string];

  // offset from the first of the four = below ? width + inLower : inUpper
  const down = op('Add', [op('Sub', [inLower, inUpper], 'across'), write.scalar(width)], 'down');
  const offset = op('Add', [op('Mul', [below, down], 'moved'), inUpper], 'offset');
  const offsets = cast(write, unblocked(offset, 'offset/image'), 'int64', of('offset/whole'));
  write.standard('Add', [offsets, firstPixels(write, of('windows'), shape)], {}, of('indices'), node.outputs[1]!);
  return { right, below, shape };
}

/**
 * Writes an image in blocks from the values of its windows in blocks: each goes to where its window's maximum was, zeros
 * elsewhere. The same pairs the other way: up or down first, then left or right.
 */
export function unpoolInBlocks(
  write: NodeWriter,
  name: string,
  values: string,
  choices: Choices,
  block: number,
): string {
  const { right, below, shape } = choices;
  const [batch, channels, height, width] = shape;
  const of = (part: string) => `${name}/${part}`;
  /** Those whose choice is 1 go to the second of two places, the others to the first; neighbours of so many numbers each. */
  const spread = (x: string, choice: string, neighbours: number, size: readonly number[], part: string) => {
    const second = write.standard('Mul', [x, choice], {}, of(`${part}/second`));
    const first = write.standard('Sub', [x, second], {}, of(`${part}/first`));
    const places = [first, second].map((half) => reshaped(write, half, [-1, 1, neighbours], `${half}/apart`));
    const both = write.standard('Concat', places, { axis: int(1) }, of(`${part}/both`));
    return reshaped(write, both, size, of(part));
  };
  const columns = width / 2;
  const pairs = spread(values, below, columns * block, [batch, channels, height, columns], 'pairs');
  const choice = cast(write, right, 'float32', of('right'));
  return spread(pairs, choice, block, [batch, channels, height, width], 'pixels');
}

/** The number of the first pixel of each window in the whole batch, a sum of short lists that ONNX Runtime computes once. */
function firstPixels(write: NodeWriter, name: string, [batch, channels, height, width]: ImageShape): string {
  const list = (part: string, count: number, stride: number, shape: readonly number[]) =>
    write.constant(`${name}/${part}`, () =>
      fromNumbers(
        'int64',
        Array.from({ length: count }, (_, i) => i * stride),
        shape,
      ),
    );
  const images = list('images', batch * channels, height * width, [batch, channels, 1, 1]);
  const rows = list('rows', height / 2, 2 * width, [height / 2, 1]);
  const columns = list('columns', width / 2, 2, [width / 2]);
  const within = write.standard('Add', [rows, columns], {}, `${name}/within`);
  return write.standard('Add', [images, within], {}, name);
}
