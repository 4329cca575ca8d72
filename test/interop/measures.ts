/** How far two results are apart. */

import type { Tensor, Tensors } from '@denary/core';
import type { Outcome } from './denary.js';

/** The values of a tensor of floats. */
const values = ({ data }: Tensor): ArrayLike<number> => data as Float32Array | Float64Array;

function largest({ data }: Tensor): number {
  let most = 0;
  for (const x of data) most = Math.max(most, Math.abs(Number(x)));
  return most;
}

/** The largest difference between two tensors' values. */
export function largestDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) throw new Error(`the shape [${a.shape}] against [${b.shape}]`);
  const [xs, ys] = [values(a), values(b)];
  let most = 0;
  for (let i = 0; i < xs.length; i++) most = Math.max(most, Math.abs(xs[i]! - ys[i]!));
  return most;
}

/**
 * For each tensor, the largest difference as a part of the largest expected value. Where the exact value is zero (the
 * gradient of a bias before batch normalization: float64 says 1e-15), as a part of the largest value in its layer.
 */
export function relativeErrors(actual: Tensors, expected: Tensors): number[] {
  const layerOf = (name: string) => name.slice(0, name.lastIndexOf('/'));
  const scales = Object.keys(expected).map((name) => ({ name, layer: layerOf(name), own: largest(expected[name]!) }));
  return scales.map(({ name, layer, own }) => {
    const whole = Math.max(...scales.filter((other) => other.layer === layer).map((other) => other.own));
    return largestDifference(actual[name]!, expected[name]!) / (own > 1e-9 * whole ? own : whole);
  });
}

/** The largest error of each probe's gradients and moving statistics. */
export const probeErrors = (actual: Outcome, expected: Outcome): number[] =>
  expected.probes.map(({ gradients, statistics }, i) => {
    const probe = actual.probes[i]!;
    return Math.max(...relativeErrors(probe.gradients, gradients), ...relativeErrors(probe.statistics, statistics));
  });

/** The Euclidean distance between two ends of a training run, as a part of the way from start to expected end. */
export function pathError(start: Tensors, actual: Tensors, expected: Tensors, names = Object.keys(start)): number {
  let [apart, gone] = [0, 0];
  for (const name of names) {
    const [from, to, end] = [values(start[name]!), values(actual[name]!), values(expected[name]!)];
    for (let i = 0; i < end.length; i++) {
      apart += (to[i]! - end[i]!) ** 2;
      gone += (end[i]! - from[i]!) ** 2;
    }
  }
  return Math.sqrt(apart / gone);
}

/** Measured errors in a line, as the tests print them. */
export const shown = (name: string, errors: Readonly<Record<string, number>>): string =>
  `${name.padEnd(44)} ${Object.entries(errors)
    .map(([what, error]) => `${what} ${error.toExponential(1)}`)
    .join('  ')}`;
