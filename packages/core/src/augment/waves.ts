/**
 * The displacement field of elastic deformation: even noise from [-1, 1], smoothed by a Gaussian, times alpha. Smoothing
 * noise for every image would cost more than the training step, so it is done once, on a large field whose edges meet, and
 * each sample reads two windows of it at random places: 2^36 fields, of the same distribution as new ones.
 */

import { stream, uniform } from '../random.js';
import type { Work } from '../slices.js';

/** The field's height and width, a power of two. */
export const SIZE = 512;
const NOISE = stream('augment-elastic');

/** int32 [SIZE, SIZE]: displacements in 1/65536 pixel. */
export type Waves = Int32Array;

/** Rows that are made in one go, some milliseconds. */
const ROWS = 32;

/** The smoothed noise of the latest sigma, which is what takes time. */
let latest: { readonly sigma: number; readonly field: Float64Array } | undefined;

export function* waves(alpha: number, sigma: number): Work<Waves> {
  if (latest?.sigma !== sigma) latest = { sigma, field: yield* smoothNoise(gaussian(sigma)) };
  const { field } = latest;
  const scaled = new Int32Array(field.length);
  // Int32Array.from would go through an iterator, and make a lot of garbage.
  for (let i = 0; i < field.length; i++) scaled[i] = Math.round(field[i]! * alpha * 65536);
  return scaled;
}

function* smoothNoise(kernel: Float64Array): Work<Float64Array> {
  const noise = new Float64Array(SIZE * SIZE);
  yield* inRows((i) => {
    noise[i] = 2 * uniform(0, NOISE, i) - 1;
  });
  return yield* acrossColumns(yield* acrossColumns(noise, kernel), kernel);
}

function* inRows(each: (i: number) => void): Work<void> {
  for (let i = 0; i < SIZE * SIZE; ) {
    for (const end = i + ROWS * SIZE; i < end; i++) each(i);
    yield;
  }
}

/** The weights at 0, 1, 2, ... pixels, to four deviations; all of them, the others' mirror images included, sum to 1. */
function gaussian(sigma: number): Float64Array {
  const weights = Float64Array.from({ length: Math.ceil(4 * sigma) + 1 }, (_, i) => Math.exp(-0.5 * (i / sigma) ** 2));
  const sum = 2 * weights.reduce((total, weight) => total + weight, 0) - weights[0]!;
  return weights.map((weight) => weight / sum);
}

/** Each row smoothed, and the whole transposed, so that doing it twice smooths both ways. */
function* acrossColumns(field: Float64Array, kernel: Float64Array): Work<Float64Array> {
  const result = new Float64Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let sum = field[y * SIZE + x]! * kernel[0]!;
      for (let i = 1; i < kernel.length; i++) {
        sum += kernel[i]! * (field[y * SIZE + ((x - i) & (SIZE - 1))]! + field[y * SIZE + ((x + i) & (SIZE - 1))]!);
      }
      result[x * SIZE + y] = sum;
    }
    if (y % ROWS === 0) yield;
  }
  return result;
}
