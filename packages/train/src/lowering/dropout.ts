/**
 * Dropout as a mask that the graph computes itself: an in-graph uint32 hash of (seed, step, sample, element), made of
 * Add, Mul, Div, Less and Cast alone, so that CPU, WASM and WebGPU draw the same bits and a resumed run goes on with them.
 */

import { hash32, type Node, sizeOf, stream, tensor, type Value } from '@denary/core';
import { type Maths, sizes } from '../math.js';
import type { TrainingContext } from './training-form.js';

/** 2^32 divided by the golden ratio, and two odd multipliers of MurmurHash3: good at spreading neighbouring numbers. */
const [GOLDEN, MIX_1, MIX_2] = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

/** The rows of a batch that a graph is for. */
export interface Rows {
  readonly first: number;
  readonly count: number;
}

/** A random odd uint32 for each of these samples of a step, [count, 1]: rounds of fold the high bits down and multiply. */
export function rowKeysOf(math: Maths, seed: Value, step: Value, { first, count }: Rows): Value {
  const { graph, add, mul, div } = math;
  const rows = graph.initializer(
    'dropout/rows',
    tensor(
      'uint32',
      [count, 1],
      Uint32Array.from({ length: count }, (_, row) => hash32(first + row, stream('rows'))),
    ),
  );
  const fold = (x: Value, divisor: number) => add(x, div(x, divisor));
  let x = add(rows, add(mul(seed, GOLDEN), mul(step, MIX_1)));
  x = mul(fold(x, 2 ** 15), MIX_1);
  x = mul(fold(x, 2 ** 13), MIX_2);
  x = fold(x, 2 ** 15);
  return add(mul(mul(x, add(div(x, 2 ** 16), GOLDEN)), 2), 1);
}

/**
 * y = x mask / (1 - rate); the division comes last, where a product that follows can take it over. An element's bits are
 * row key times element key mod 2^32: both are odd and random already, and as a product with an odd number permutes the
 * odd numbers, its upper bits are spread evenly (tested: rate, and independence in rows, columns and squares).
 */
export function dropout(x: Value, rate: number, node: Node, { math, rowKeys }: TrainingContext): void {
  const { graph, mul, less, cast, reshape } = math;
  const [batch, ...element] = sizes(x);
  const layer = stream(node.name);
  const keys = Uint32Array.from({ length: sizeOf(element) }, (_, i) => (hash32(layer, i) | 1) >>> 0);
  const elementKeys = graph.initializer(`${node.name}/keys`, tensor('uint32', [1, ...element], keys));
  const bits = mul(reshape(rowKeys(), [batch!, ...element.map(() => 1)]), elementKeys);
  const kept = cast(less(bits, Math.min(Math.round((1 - rate) * 2 ** 32), 2 ** 32 - 1)), x.dtype);
  graph.op('Mul', [mul(x, kept), 1 / (1 - rate)], {}, { name: node.name, outputs: [node.outputs[0]!] });
}
