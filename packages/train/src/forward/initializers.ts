/** Keras' weight initializers, seeded by the weight's name: the same seed gives the same weights, whatever else a model has. */

import { DenaryError, filled, hash32, normal, sizeOf, stream, type Tensor, uniform } from '@denary/core';
import type { InitializerSpec } from '../architectures/layers.js';

/** How many values a unit of the layer reads and feeds. */
export interface Fans {
  readonly fanIn: number;
  readonly fanOut: number;
}

/** The deviation of a standard normal cut off at two deviations, by which Keras divides. */
const TRUNCATED_STDDEV = 0.87962566103423978;

type Draw = (i: number) => number;

/**
 * A float32 tensor. VarianceScaling as in Glorot and Bengio (2010) and He et al. (2015): a uniform draw has the limit
 * sqrt(3 scale / n), a normal one is truncated at two deviations and has the deviation sqrt(scale / n).
 */
export function initialize(
  spec: InitializerSpec,
  shape: readonly number[],
  { fanIn, fanOut }: Fans,
  seed: number,
  name: string,
): Tensor<'float32'> {
  const key = stream(name);
  if (spec === 'orthogonal') return orthogonal(shape, seed, key);
  const between =
    (low: number, high: number): Draw =>
    (i) =>
      low + (high - low) * uniform(seed, key, i);
  const bell =
    (mean: number, stddev: number): Draw =>
    (i) =>
      mean + stddev * normal(seed, key, i);
  const truncated =
    (mean: number, stddev: number): Draw =>
    (i) =>
      mean + stddev * truncatedNormal(seed, key, i);
  const glorot = (fanIn + fanOut) / 2;
  const draws = {
    glorot_uniform: () => between(-Math.sqrt(3 / glorot), Math.sqrt(3 / glorot)),
    glorot_normal: () => truncated(0, Math.sqrt(1 / glorot) / TRUNCATED_STDDEV),
    he_uniform: () => between(-Math.sqrt(6 / fanIn), Math.sqrt(6 / fanIn)),
    he_normal: () => truncated(0, Math.sqrt(2 / fanIn) / TRUNCATED_STDDEV),
    zeros: () => () => 0,
    ones: () => () => 1,
  };
  const draw =
    typeof spec === 'string'
      ? (draws[spec]?.() ?? unknown(spec))
      : spec.type === 'constant'
        ? () => spec.value
        : spec.type === 'random_uniform'
          ? between(spec.minval, spec.maxval)
          : spec.type === 'random_normal'
            ? bell(spec.mean ?? 0, spec.stddev)
            : spec.type === 'truncated_normal'
              ? truncated(spec.mean ?? 0, spec.stddev)
              : unknown((spec as { type: string }).type);
  const tensor = filled('float32', shape);
  for (let i = 0; i < sizeOf(shape); i++) tensor.data[i] = draw(i);
  return tensor;
}

/**
 * Saxe et al. (2013): all axes but the last joined to rows; the columns, or the rows where there are fewer of them, are
 * orthonormal. By Gram and Schmidt on normal draws.
 */
function orthogonal(shape: readonly number[], seed: number, key: number): Tensor<'float32'> {
  const columns = shape.at(-1) ?? 1;
  const rows = sizeOf(shape) / columns;
  const tall = rows >= columns;
  const [count, length] = tall ? [columns, rows] : [rows, columns];
  const vectors: Float64Array[] = [];
  for (let v = 0; v < count; v++) {
    const vector = Float64Array.from({ length }, (_, i) => normal(seed, key, v * length + i));
    // Twice, since once leaves rounding behind.
    for (const other of [...vectors, ...vectors]) {
      const overlap = other.reduce((sum, value, i) => sum + value * vector[i]!, 0);
      vector.forEach((value, i) => {
        vector[i] = value - overlap * other[i]!;
      });
    }
    const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
    vectors.push(vector.map((value) => value / norm));
  }
  const tensor = filled('float32', shape);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) tensor.data[i * columns + j] = tall ? vectors[j]![i]! : vectors[i]![j]!;
  }
  return tensor;
}

/** Drawn anew until it lies within two deviations, as TensorFlow does. */
function truncatedNormal(seed: number, key: number, i: number): number {
  for (let attempt = 0; ; attempt++) {
    const value = normal(attempt ? hash32(seed, attempt) : seed, key, i);
    if (Math.abs(value) <= 2) return value;
  }
}

function unknown(name: string): never {
  throw new DenaryError({
    code: 'unknown-layer',
    who: 'initialize',
    expected: "one of Keras' initializers",
    received: `"${name}"`,
    remedy:
      'Known are glorot_uniform, glorot_normal, he_uniform, he_normal, orthogonal, zeros, ones, constant, random_uniform, random_normal and truncated_normal.',
  });
}
