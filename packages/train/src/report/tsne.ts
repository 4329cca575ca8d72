/**
 * Exact t-SNE into the plane (van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008), for up to some thousand
 * points: each step looks at all pairs. Set up as scikit-learn does: principal components as the start, early exaggeration,
 * the learning rate by the number of points (Belkina et al., Nature Communications 2019).
 */

import { DenaryError, normal, stream } from '@denary/core';

export interface TsneOptions {
  /** About how many neighbours a point has; default 30, and never more than a third of the other points. */
  readonly perplexity?: number;
  /** Default 1000. */
  readonly iterations?: number;
  /** Of the vectors that the search for the principal components starts with; default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Embedding {
  /** float64 [count, 2]. */
  readonly points: Float64Array;
  /** What was minimised: the Kullback-Leibler divergence of the two neighbourhoods, in nats. */
  readonly divergence: number;
  readonly perplexity: number;
}

const EXAGGERATION = 12;
const EXAGGERATED_ITERATIONS = 250;

/** Embeds `count` points, the rows of `data`. Throws `bad-argument` for fewer than four points, and when told to stop. */
export async function tsne(data: ArrayLike<number>, count: number, options: TsneOptions = {}): Promise<Embedding> {
  if (!(count >= 4) || data.length === 0 || data.length % count !== 0) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'tsne',
      expected: 'four points or more, each with as many numbers',
      received: `${data.length} numbers for ${count} points`,
      remedy: 'Give more points.',
    });
  }
  const { iterations = 1000, seed = 0, signal } = options;
  const perplexity = Math.min(options.perplexity ?? 30, Math.floor((count - 1) / 3));
  const distances = squaredDistances(data, count);
  const p = affinities(distances, count, perplexity);
  const y = principalComponents(distances, count, seed);
  const near = new Float64Array(p.length);
  const rate = Math.max(count / EXAGGERATION / 4, 50);
  const [velocity, gains] = [new Float64Array(2 * count), new Float64Array(2 * count).fill(1)];
  for (let i = 0; i < iterations; i++) {
    const early = i < EXAGGERATED_ITERATIONS;
    const gradient = gradientOf(p, y, near, early ? EXAGGERATION : 1);
    const momentum = early ? 0.5 : 0.8;
    for (let k = 0; k < y.length; k++) {
      gains[k] = Math.max(0.01, velocity[k]! * gradient[k]! < 0 ? gains[k]! + 0.2 : gains[k]! * 0.8);
      velocity[k] = momentum * velocity[k]! - rate * gains[k]! * gradient[k]!;
      y[k]! += velocity[k]!;
    }
    if (i % 50 > 0) continue;
    // Lets others have a turn, among them whoever would stop this.
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return { points: y, divergence: divergenceOf(p, y, near), perplexity };
}

/** Where row i, column j < i of a symmetric matrix is kept. */
const below = (i: number, j: number): number => (i * (i - 1)) / 2 + j;

/** float64 [count, count] between the rows. */
function squaredDistances(data: ArrayLike<number>, count: number): Float64Array {
  const size = data.length / count;
  const distances = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += (data[i * size + k]! - data[j * size + k]!) ** 2;
      distances[i * count + j] = sum;
      distances[j * count + i] = sum;
    }
  }
  return distances;
}

/**
 * How probable it is that two points are neighbours, all pairs summing to 1, row by row below the diagonal: p(j|i) is a
 * Gaussian around i whose width, found by bisection, gives it the perplexity asked for; p(i, j) = (p(j|i) + p(i|j)) / 2n.
 */
function affinities(distances: Float64Array, count: number, perplexity: number): Float64Array {
  const joint = new Float64Array(below(count, 0));
  const row = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const near = distances.subarray(i * count, (i + 1) * count);
    let [low, high, beta] = [0, Infinity, 1 / (mean(near) || 1)];
    for (let tries = 0; tries < 100; tries++) {
      const entropy = gaussian(near, i, beta, row);
      if (Math.abs(entropy - Math.log(perplexity)) < 1e-5) break;
      if (entropy > Math.log(perplexity)) low = beta;
      else high = beta;
      beta = high === Infinity ? 2 * beta : (low + high) / 2;
    }
    for (let j = 0; j < count; j++) {
      if (j !== i) joint[below(Math.max(i, j), Math.min(i, j))]! += row[j]! / (2 * count);
    }
  }
  return joint;
}

/** Fills `row` with p(j|i) and gives its entropy. The nearest point is taken as the zero, so that no sum vanishes. */
function gaussian(near: Float64Array, i: number, beta: number, row: Float64Array): number {
  let least = Infinity;
  for (let j = 0; j < near.length; j++) if (j !== i) least = Math.min(least, near[j]!);
  let [sum, weighted] = [0, 0];
  for (let j = 0; j < near.length; j++) {
    const distance = near[j]! - least;
    row[j] = j === i ? 0 : Math.exp(-beta * distance);
    sum += row[j]!;
    weighted += row[j]! * distance;
  }
  for (let j = 0; j < near.length; j++) row[j]! /= sum;
  return Math.log(sum) + (beta * weighted) / sum;
}

/** The two principal components, of length 1e-4 a point: eigenvectors of the doubly centred distances, by power iteration. */
function principalComponents(distances: Float64Array, count: number, seed: number): Float64Array {
  const rowOf = (matrix: Float64Array, i: number) => matrix.subarray(i * count, (i + 1) * count);
  const means = Float64Array.from({ length: count }, (_, i) => mean(rowOf(distances, i)));
  const all = mean(means);
  const inner = distances.map((value, at) => (means[Math.floor(at / count)]! + means[at % count]! - all - value) / 2);
  const unit = (vector: Float64Array) => vector.map((value) => value / (Math.sqrt(dot(vector, vector)) || 1));
  const components: Float64Array[] = [];
  for (const axis of [0, 1]) {
    let vector = Float64Array.from({ length: count }, (_, i) => normal(seed, stream('tsne'), 2 * i + axis));
    for (let tries = 0; tries < 100; tries++) {
      const turned = vector.map((_, i) => dot(rowOf(inner, i), vector));
      const [first] = components;
      const shared = first ? dot(turned, first) : 0;
      vector = unit(first ? turned.map((value, i) => value - shared * first[i]!) : turned);
    }
    components.push(vector);
  }
  return Float64Array.from({ length: 2 * count }, (_, k) => 1e-4 * Math.sqrt(count) * components[k % 2]![k >> 1]!);
}

/**
 * Fills `near` with the points' similarities in the plane, row by row below the diagonal, and gives the sum over all pairs:
 * 1 / (1 + d²), Student's t with one degree of freedom.
 */
function similarities(y: Float64Array, near: Float64Array): number {
  let sum = 0;
  for (let i = 1, at = 0; i < y.length / 2; i++) {
    const [x0, y0] = [y[2 * i]!, y[2 * i + 1]!];
    for (let j = 0; j < i; j++, at++) {
      const dx = x0 - y[2 * j]!;
      const dy = y0 - y[2 * j + 1]!;
      near[at] = 1 / (1 + dx * dx + dy * dy);
      sum += 2 * near[at]!;
    }
  }
  return sum;
}

/** dC/dy(i) = 4 Σj (p(i, j) - q(i, j)) (y(i) - y(j)) / (1 + |y(i) - y(j)|²), q being the similarities over their sum. */
function gradientOf(p: Float64Array, y: Float64Array, near: Float64Array, exaggeration: number): Float64Array {
  const total = similarities(y, near);
  const gradient = new Float64Array(y.length);
  for (let i = 1, at = 0; i < y.length / 2; i++) {
    const [x0, y0] = [y[2 * i]!, y[2 * i + 1]!];
    let [sumX, sumY] = [0, 0];
    for (let j = 0; j < i; j++, at++) {
      const force = 4 * (exaggeration * p[at]! - near[at]! / total) * near[at]!;
      const pullX = force * (x0 - y[2 * j]!);
      const pullY = force * (y0 - y[2 * j + 1]!);
      sumX += pullX;
      sumY += pullY;
      gradient[2 * j]! -= pullX;
      gradient[2 * j + 1]! -= pullY;
    }
    gradient[2 * i]! += sumX;
    gradient[2 * i + 1]! += sumY;
  }
  return gradient;
}

/** Σ p ln(p / q) over all pairs. */
function divergenceOf(p: Float64Array, y: Float64Array, near: Float64Array): number {
  const total = similarities(y, near);
  return p.reduce((sum, value, at) => (value > 0 ? sum + 2 * value * Math.log((value * total) / near[at]!) : sum), 0);
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
