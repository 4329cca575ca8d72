/** Finds the paper that a digit is drawn on: its grey level and noise, and how the light falls where it is uneven. */

import type { GreyImage } from './image.js';
import { shrink } from './resample.js';

/** So many pixels are enough to see how the light falls. */
const LIGHT_PIXELS = 64 * 64;
/** The coefficients of a quadratic surface: 1, x, y, xx, xy, yy. */
const TERMS = 6;
/** Enough for a vignette that takes half of the light. */
const ROUNDS = 12;

const histogram = new Int32Array(256);
const votes = new Int32Array(256);
const basis = new Float64Array(TERMS);

export interface Paper {
  /** The range of grey levels that holds half of the paper. */
  readonly low: number;
  readonly high: number;
  /** int32 [256]: how many pixels of the page have each grey level; valid until the next call of findPaper. */
  readonly histogram: Int32Array;
  readonly pixels: number;
}

/**
 * The paper is where most pixels agree: the narrowest range of grey levels that holds half of the votes (the shorth of
 * Andrews et al. 1972), where the border has as many votes as the page, so that a thick digit can't outvote it.
 * Of equally narrow ranges, the one with most votes is taken.
 */
export function findPaper(page: GreyImage): Paper {
  const total = countVotes(page);
  let bestLow = 0;
  let bestHigh = 255;
  let most = 0;
  for (let low = 0, high = -1, held = 0; low < 256; held -= votes[low++]!) {
    while (held * 2 < total && high < 255) held += votes[++high]!;
    if (held * 2 < total) break;
    const gain = bestHigh - bestLow - (high - low);
    if (gain < 0 || (gain === 0 && held <= most)) continue;
    bestLow = low;
    bestHigh = high;
    most = held;
  }
  return { low: bestLow, high: bestHigh, histogram, pixels: page.data.length };
}

/** Fills `histogram` and `votes`; returns the number of votes. */
function countVotes({ data, width, height }: GreyImage): number {
  const count = width * height;
  histogram.fill(0);
  for (let i = 0; i < count; i++) histogram[data[i]!]!++;
  votes.set(histogram);
  const share = Math.max(1, Math.round(count / (2 * (width + height))));
  for (let top = 0, bottom = count - width; top < width; top++, bottom++) {
    votes[data[top]!]! += share;
    votes[data[bottom]!]! += share;
  }
  for (let left = 0, right = width - 1; left < count; left += width, right += width) {
    votes[data[left]!]! += share;
    votes[data[right]!]! += share;
  }
  return count + 2 * (width + height) * share;
}

/**
 * The page as if lit evenly: less a quadratic surface, found by least trimmed squares (Rousseeuw 1984), that is, fitted
 * again and again to the half of the pixels that agree with it best. Ink, dark or bright, is in the other half.
 */
export function evenLight(page: GreyImage): GreyImage {
  const sample = shrink(page, LIGHT_PIXELS);
  let evened = sample;
  let surface = new Float64Array(TERMS);
  for (let round = 0; round < ROUNDS; round++) {
    surface = fitSurface(sample, evened, findPaper(evened));
    evened = lessSurface(sample, surface);
  }
  return lessSurface(page, surface);
}

/** The surface through those pixels that are paper when `evened`, over x and y in [-1, 1]. */
function fitSurface(page: GreyImage, evened: GreyImage, { low, high }: Paper): Float64Array<ArrayBuffer> {
  const normal = new Float64Array(TERMS * TERMS);
  const right = new Float64Array(TERMS);
  let count = 1;
  for (let y = 0, p = 0; y < page.height; y++) {
    for (let x = 0; x < page.width; x++, p++) {
      if (evened.data[p]! < low || evened.data[p]! > high) continue;
      count++;
      addToFit(normal, right, unit(x, page.width), unit(y, page.height), page.data[p]!);
    }
  }
  // A little ridge on all but the constant: a page of few pixels, or of one row, still has one answer.
  for (let i = 1; i < TERMS; i++) normal[i * (TERMS + 1)]! += 1e-3 * count;
  return solve(normal, right);
}

function addToFit(normal: Float64Array, right: Float64Array, x: number, y: number, level: number): void {
  basis[0] = 1;
  basis[1] = x;
  basis[2] = y;
  basis[3] = x * x;
  basis[4] = x * y;
  basis[5] = y * y;
  for (let i = 0; i < TERMS; i++) {
    right[i]! += basis[i]! * level;
    for (let j = 0; j < TERMS; j++) normal[i * TERMS + j]! += basis[i]! * basis[j]!;
  }
}

/** Gauss-Jordan elimination, without pivoting as the matrix is positive definite. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array<ArrayBuffer> {
  for (let i = 0; i < TERMS; i++) {
    const pivot = matrix[i * (TERMS + 1)]!;
    for (let row = 0; row < TERMS; row++) {
      if (row === i) continue;
      const factor = matrix[row * TERMS + i]! / pivot;
      for (let j = i; j < TERMS; j++) matrix[row * TERMS + j]! -= factor * matrix[i * TERMS + j]!;
      right[row]! -= factor * right[i]!;
    }
  }
  return Float64Array.from(right, (value, i) => value / matrix[i * (TERMS + 1)]!);
}

/** The page with its paper, wherever it lies on the surface, at the level that the surface has in the middle. */
function lessSurface({ data, width, height }: GreyImage, surface: Float64Array): GreyImage {
  const evened = new Uint8ClampedArray(width * height);
  const [, c1, c2, c3, c4, c5] = surface as unknown as [number, number, number, number, number, number];
  for (let row = 0, p = 0; row < height; row++) {
    const y = unit(row, height);
    const constant = (c2 + c5 * y) * y;
    const slope = c1 + c4 * y;
    for (let column = 0; column < width; column++, p++) {
      const x = unit(column, width);
      evened[p] = data[p]! - (constant + (slope + c3 * x) * x);
    }
  }
  return { data: new Uint8Array(evened.buffer), width, height };
}

/** A pixel's place in [-1, 1]. */
function unit(pixel: number, size: number): number {
  return size === 1 ? 0 : (2 * pixel) / (size - 1) - 1;
}
