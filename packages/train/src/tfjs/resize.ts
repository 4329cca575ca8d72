/** Bilinear resizing as two products with constant matrices, exact for any size and coordinates, and with a gradient. */

import { filled, type Tensor, type Value } from '@denary/core';
import type { Maths } from '../math.js';

/**
 * Where a pixel of the result lies in the image: `asymmetric` i / scale (TensorFlow.js' and TensorFlow 1's default), `half-pixel`
 * (i + 1/2) / scale - 1/2 (TensorFlow 2's), `align-corners` i (from - 1) / (to - 1).
 */
export type Coordinates = 'asymmetric' | 'half-pixel' | 'align-corners';

/** An image [batch, channels, height, width] in another size, [height, width]. */
export function bilinear(math: Maths, image: Value, to: readonly [number, number], coordinates: Coordinates): Value {
  const { graph, matmul } = math;
  const [height, width] = image.shape.slice(2) as [number, number];
  // Behind an operator that leaves it as it is, so that nobody takes it for a layer's weight and trains it.
  const fixed = (matrix: Tensor) =>
    graph.op('Expand', [graph.initializer(graph.unique('resize'), matrix), graph.int64s([1])]);
  const across = matmul(image, fixed(weights(width, to[1], coordinates, true)));
  return matmul(fixed(weights(height, to[0], coordinates, false)), across);
}

/** How much of each of `from` pixels is in each of `to`, [to, from], or [from, to] where it is `turned`. */
function weights(from: number, to: number, coordinates: Coordinates, turned: boolean): Tensor {
  const matrix = filled('float32', turned ? [from, to] : [to, from]);
  for (let i = 0; i < to; i++) {
    const place = Math.min(Math.max(placeOf(i, from, to, coordinates), 0), from - 1);
    const low = Math.floor(place);
    const high = Math.min(low + 1, from - 1);
    const at = (j: number) => (turned ? j * to + i : i * from + j);
    matrix.data[at(low)]! += 1 - (place - low);
    matrix.data[at(high)]! += place - low;
  }
  return matrix;
}

function placeOf(i: number, from: number, to: number, coordinates: Coordinates): number {
  if (coordinates === 'half-pixel') return ((i + 0.5) * from) / to - 0.5;
  if (coordinates === 'asymmetric') return (i * from) / to;
  return to > 1 ? (i * (from - 1)) / (to - 1) : 0;
}
