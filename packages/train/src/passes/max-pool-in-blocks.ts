/**
 * Max pooling over 2x2 that tells where each maximum was, in blocks of channels. ONNX Runtime's own kernel with Indices is a
 * loop with branches that no processor foresees; without it a step of `cnn` takes 146 ms on one thread in place of 156.
 */

import { attribute, type DType, elementTypeOf, fromNumbers, type Node, padsOf } from '@denary/core';
import { type Attributes, int, ints, type NodeWriter } from './node-writer.js';

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

/**
 * Writes the node's two outputs from its input in blocks of so many channels. Pixels in pairs first, then pairs in pairs: the
 * left one wins over its equal on the right, the upper over its equal below. So the first of four equals, row by row, wins, as
 * in ONNX Runtime's own kernel.
 */
export function poolInBlocks(write: NodeWriter, node: Node, input: string, shape: ImageShape, block: number): void {
  const [batch, channels, height, width] = shape;
  const [rows, columns] = [height / 2, width / 2];
  const of = (part: string) => `${node.name}/${part}`;
  const op = (name: string, inputs: readonly string[], part: string, attributes: Attributes = {}) =>
    write.standard(name, inputs, attributes, of(part));
  const every = (x: string, window: readonly number[], strides: readonly number[], part: string) =>
    write.blocked('MaxPool', [x], { kernel_shape: ints(window), strides: ints(strides) }, of(part));
  const unblocked = (x: string, part: string, output = of(part)) =>
    write.blocked('ReorderOutput', [x], { channels: int(channels) }, of(part), output);
  const cast = (x: string, dtype: DType, part: string) => op('Cast', [x], part, { to: int(elementTypeOf(dtype)) });
  const shaped = (x: string, to: readonly number[], part: string) => op('Reshape', [x, write.numbers(to)], part);

  const pairs = every(input, [1, 2], [1, 2], 'pairs');
  const best = every(pairs, [2, 1], [2, 1], 'best');
  unblocked(best, 'values', node.outputs[0]!);

  const right = op('Less', [every(input, [1, 1], [1, 2], 'left'), pairs], 'right');
  const below = cast(op('Less', [every(pairs, [1, 1], [2, 1], 'upper'), best], 'lower'), 'float32', 'below');
  // The two rows of a pair of pairs, which lie one after the other.
  const rowPairs = shaped(right, [-1, 2, columns * block], 'row_pairs');
  const halves = [of('upper_right'), of('lower_right')];
  write.split(rowPairs, 1, [1, 1], halves, of('rows'));
  const [inUpper, inLower] = halves.map((half) =>
    cast(shaped(half, [batch, channels, rows, columns], `${half}/image`), 'float32', `${half}/number`),
  ) as [string, string];

  // offset from the first of the four = below ? width + inLower : inUpper
  const down = op('Add', [op('Sub', [inLower, inUpper], 'across'), write.scalar(width)], 'down');
  const offset = op('Add', [op('Mul', [below, down], 'moved'), inUpper], 'offset');
  const offsets = cast(unblocked(offset, 'offset/image'), 'int64', 'offset/whole');
  write.standard('Add', [offsets, firstPixels(write, of('windows'), shape)], {}, of('indices'), node.outputs[1]!);
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
