/** Learns what the digits of each class look like: the principal components of their features (`distanceFrom` in core). */

import { type Domain, decodeDomain, encodeDomain, FEATURES, featuresOf, hash32 } from '@denary/core';

/** Directions for each class: more fit the digits better, and letters too. */
const COMPONENTS = 20;
/** Of subspace iteration: the components beyond need not be told apart to the last digit. */
const ROUNDS = 40;

export interface DomainOptions {
  /** Images that have been normalised, uint8 [28, 28] each. */
  readonly images: readonly Uint8Array[];
  readonly labels: Uint8Array;
  readonly classes: number;
  /** Default 20. */
  readonly components?: number;
}

/** As it comes back from a file: in bytes, so that limits that are chosen with it hold. */
export function fitDomain({ images, labels, classes, components = COMPONENTS }: DomainOptions): Domain {
  const features = images.map((pixels) => featuresOf(pixels));
  const means = new Float32Array(classes * FEATURES);
  const directions = new Float32Array(classes * components * FEATURES);
  for (let label = 0; label < classes; label++) {
    const own = features.filter((_, i) => labels[i] === label);
    const mean = meanOf(own);
    means.set(mean, label * FEATURES);
    directions.set(leadingDirections(covarianceOf(own, mean), components), label * components * FEATURES);
  }
  return decodeDomain(encodeDomain({ classes, means, directions }), classes);
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(FEATURES);
  for (const row of rows) for (let i = 0; i < FEATURES; i++) mean[i]! += row[i]! / rows.length;
  return mean;
}

function covarianceOf(rows: readonly Float64Array[], mean: Float64Array): Float64Array {
  const covariance = new Float64Array(FEATURES * FEATURES);
  for (const row of rows) {
    const z = row.map((value, i) => value - mean[i]!);
    for (let i = 0; i < FEATURES; i++) {
      const factor = z[i]! / rows.length;
      for (let j = 0; j <= i; j++) covariance[i * FEATURES + j]! += factor * z[j]!;
    }
  }
  for (let i = 0; i < FEATURES; i++) {
    for (let j = i + 1; j < FEATURES; j++) covariance[i * FEATURES + j] = covariance[j * FEATURES + i]!;
  }
  return covariance;
}

/** float64 [count, 196]: the eigenvectors of the largest eigenvalues, by subspace iteration with Gram and Schmidt's steps. */
function leadingDirections(covariance: Float64Array, count: number): Float64Array {
  let basis = Float64Array.from({ length: count * FEATURES }, (_, i) => hash32(0, i) / 2 ** 31 - 1);
  for (let round = 0; round < ROUNDS; round++) {
    orthonormalise(basis, count);
    const next = new Float64Array(basis.length);
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < FEATURES; i++) {
        const amount = basis[k * FEATURES + i]!;
        for (let j = 0; j < FEATURES; j++) next[k * FEATURES + j]! += amount * covariance[i * FEATURES + j]!;
      }
    }
    basis = next;
  }
  orthonormalise(basis, count);
  return basis;
}

function orthonormalise(basis: Float64Array, count: number): void {
  for (let k = 0; k < count; k++) {
    const row = basis.subarray(k * FEATURES, (k + 1) * FEATURES);
    for (let before = 0; before < k; before++) {
      const other = basis.subarray(before * FEATURES, (before + 1) * FEATURES);
      const shared = row.reduce((sum, value, i) => sum + value * other[i]!, 0);
      for (let i = 0; i < FEATURES; i++) row[i]! -= shared * other[i]!;
    }
    const length = Math.hypot(...row);
    // A class of fewer digits than components leaves directions over: along nothing.
    for (let i = 0; i < FEATURES; i++) row[i] = length > 1e-12 ? row[i]! / length : 0;
  }
}
