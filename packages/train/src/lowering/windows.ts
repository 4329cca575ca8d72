/** Convolutions and pools in the forms that have gradients: over two axes, and averages without padding. */

import { type Attribute, attribute, fromNumbers, type GraphBuilder, type Node, padsOf } from '@denary/core';
import { type Maths, sizes } from '../math.js';

/** Whether it slides along one axis alone, as over a sequence. */
export const isOneDimensional = (node: Node, graph: GraphBuilder): boolean =>
  graph.value(node.inputs[0]!).shape.length === 3;

/** The same over an image of height 1; `append` is given the node in the middle. */
export function overImage(node: Node, { graph }: Maths, append: (node: Node) => void): void {
  const lists = new Map<string, readonly [value: number, at: readonly number[]]>([
    ['kernel_shape', [1, [0]]],
    ['strides', [1, [0]]],
    ['dilations', [1, [0]]],
    ['pads', [0, [0, 2]]],
  ]);
  const attributes = Object.entries(node.attributes).map(([name, item]): [string, Attribute] => {
    const found = item.type === 'ints' ? lists.get(name) : undefined;
    if (!found || item.type !== 'ints') return [name, item];
    const [value, places] = found;
    return [
      name,
      { type: 'ints', value: places.reduce<readonly number[]>((list, at) => list.toSpliced(at, 0, value), item.value) },
    ];
  });
  const taller = (name: string) => graph.op('Unsqueeze', [graph.value(name), graph.int64s([2])]).name;
  const [x, kernel, ...rest] = node.inputs;
  const inputs = [taller(x!), ...(kernel ? [taller(kernel)] : []), ...rest];
  const [output] = node.outputs as [string];
  append({
    ...node,
    name: `${node.name}/image`,
    inputs,
    outputs: [`${output}/image`],
    attributes: Object.fromEntries(attributes),
  });
  graph.op('Squeeze', [graph.value(`${output}/image`), graph.int64s([2])], {}, { name: node.name, outputs: [output] });
}

/** Whether an average leaves out its padding, so that its windows are of different sizes. */
export function leavesOutPadding({ attributes }: Node): boolean {
  const pads = attribute(attributes, 'pads', 'ints') ?? [];
  const same = (attribute(attributes, 'auto_pad', 'string') ?? '').startsWith('SAME');
  const plain = !attribute(attributes, 'ceil_mode', 'int') && !attribute(attributes, 'count_include_pad', 'int');
  return plain && (same || pads.some((size) => size > 0));
}

/** The average over zeros as well, times the window's area over the number of pixels in it. */
export function averageOverZeros(node: Node, { graph, pad }: Maths): void {
  const x = graph.value(node.inputs[0]!);
  const kernel = attribute(node.attributes, 'kernel_shape', 'ints')!;
  const strides = attribute(node.attributes, 'strides', 'ints') ?? kernel.map(() => 1);
  const [height, width] = sizes(x).slice(2) as [number, number];
  const [top, left, bottom, right] = padsOf(node, [height, width], kernel) as [number, number, number, number];
  const average = graph.op('AveragePool', [pad(x, [0, 0, top, left, 0, 0, bottom, right])], {
    kernel_shape: kernel,
    strides,
  });
  const inside = (axis: 0 | 1, before: number, size: number) =>
    Array.from({ length: sizes(average)[2 + axis]! }, (_, i) => {
      const start = i * strides[axis]! - before;
      return Math.min(start + kernel[axis]!, size) - Math.max(start, 0);
    });
  const rows = inside(0, top, height);
  const columns = inside(1, left, width);
  const area = kernel[0]! * kernel[1]!;
  const factors = rows.flatMap((row) => columns.map((column) => area / (row * column)));
  const factor = graph.constant(fromNumbers(x.dtype, factors, [1, 1, rows.length, columns.length]));
  graph.op('Mul', [average, factor], {}, { name: node.name, outputs: [node.outputs[0]!] });
}
