/**
 * Strings: runs of digits, each tilted by a whole angle in [-15, 15) degrees, set side by side and stretched to 28x140, with
 * five labels: blanks (10) at the left, then the digits. Each digit is used once. All arithmetic is in integers, and the
 * sines and cosines are constants, so that the same seed gives the same bytes on every platform.
 */

import { stream, uniform } from '@denary/core';
import { createDataset, type Dataset } from './dataset.js';
import { badArgument, DIGIT, drawOrder, requireWhole } from './digits.js';

/** The slots of an image; a string has at most so many digits. */
const SLOTS = 5;
/** The class of a slot without a digit. */
export const BLANK = 10;
const WIDTH = SLOTS * DIGIT;
const LENGTH = stream('strings-length');
const ANGLE = stream('strings-angle');

/** Of the shortest and of the longest string, where nothing else is asked for. */
export const LENGTHS = [3, 5] as const;

/** Sines and cosines of 0..15 degrees, times 2^16, rounded. */
const SINES = [0, 1144, 2287, 3430, 4572, 5712, 6850, 7987, 9121, 10252, 11380, 12505, 13626, 14742, 15855, 16962];
const COSINES = [
  65536, 65526, 65496, 65446, 65376, 65287, 65177, 65048, 64898, 64729, 64540, 64332, 64104, 63856, 63589, 63303,
];

export interface StringsOptions {
  /** Default 0. */
  readonly seed?: number | undefined;
  /** How many strings; by default they go on until the digits are used up. */
  readonly count?: number | undefined;
  /** The digits of the shortest and of the longest string, within 1 to 5; default [3, 5]. */
  readonly lengths?: readonly [shortest: number, longest: number] | undefined;
}

/**
 * A smaller count gives the first of a larger one. Throws `bad-argument` for digits that are not 28x28, a bad seed or
 * lengths, or more strings than the digits allow.
 */
export function makeStrings(digits: Dataset, { seed = 0, count, lengths = LENGTHS }: StringsOptions = {}): Dataset {
  const order = drawOrder('strings', digits, seed);
  const runs = runLengths(digits.count, seed, lengths);
  const strings = count ?? runs.length;
  requireWhole('strings', 'count', strings, 1, runs.length);
  const images = new Uint8Array(strings * DIGIT * WIDTH);
  const labels = new Uint8Array(strings * SLOTS).fill(BLANK);
  const run = new Uint8Array(DIGIT * WIDTH);
  let next = 0;
  for (let i = 0; i < strings; i++) {
    const length = runs[i]!;
    for (let place = 0; place < length; place++, next++) {
      const digit = order[next]!;
      const angle = Math.floor(uniform(seed, ANGLE, next) * 30) - 15;
      tilt(digits.images.subarray(digit * DIGIT * DIGIT), angle, run, place * DIGIT, length * DIGIT);
      labels[(i + 1) * SLOTS - length + place] = digits.labels[digit]!;
    }
    stretch(run, length, images.subarray(i * DIGIT * WIDTH));
  }
  const shape = { height: DIGIT, width: WIDTH, classes: BLANK + 1, slots: SLOTS };
  return createDataset({ name: `strings of ${digits.name}`, images, labels, ...shape });
}

/** Lengths drawn until the next string would need more digits than are left. */
function runLengths(digits: number, seed: number, [shortest, longest]: readonly [number, number]): number[] {
  requireWhole('strings', 'shortest length', shortest, 1, SLOTS);
  requireWhole('strings', 'longest length', longest, shortest, SLOTS);
  const runs: number[] = [];
  for (let used = 0; ; ) {
    const length = shortest + Math.floor(uniform(seed, LENGTH, runs.length) * (longest - shortest + 1));
    used += length;
    if (used > digits) break;
    runs.push(length);
  }
  if (runs.length > 0) return runs;
  throw badArgument('strings', `digits for a string of ${shortest}`, `${digits}`, 'Give more digits.');
}

/** A digit turned counterclockwise about its centre, into the columns from `left` of an image that is `stride` wide. */
function tilt(digit: Uint8Array, degrees: number, into: Uint8Array, left: number, stride: number): void {
  const sine = Math.sign(degrees) * SINES[Math.abs(degrees)]!;
  const cosine = COSINES[Math.abs(degrees)]!;
  const pixel = (x: number, y: number) => (x < 0 || y < 0 || x >= DIGIT || y >= DIGIT ? 0 : digit[y * DIGIT + x]!);
  for (let y = 0; y < DIGIT; y++) {
    for (let x = 0; x < DIGIT; x++) {
      // Twice the distance to the centre is whole. The source's place is in 1/65536 pixel, its weights in 1/256.
      const [dx, dy] = [2 * x - (DIGIT - 1), 2 * y - (DIGIT - 1)];
      const sx = (dx * cosine - dy * sine + (DIGIT - 1) * 65536) >> 1;
      const sy = (dx * sine + dy * cosine + (DIGIT - 1) * 65536) >> 1;
      const [x0, y0] = [sx >> 16, sy >> 16];
      const [wx, wy] = [(sx >> 8) & 255, (sy >> 8) & 255];
      const above = pixel(x0, y0) * (256 - wx) + pixel(x0 + 1, y0) * wx;
      const below = pixel(x0, y0 + 1) * (256 - wx) + pixel(x0 + 1, y0 + 1) * wx;
      into[y * stride + left + x] = (above * (256 - wy) + below * wy + 32768) >> 16;
    }
  }
}

/** A run of `length` digits to the full width; pixels' centres correspond, as in OpenCV's and PIL's bilinear resizing. */
function stretch(run: Uint8Array, length: number, into: Uint8Array): void {
  const stride = length * DIGIT;
  for (let x = 0; x < WIDTH; x++) {
    // (x + 1/2) * length / 5 - 1/2, in tenths.
    const tenths = Math.max(0, (2 * x + 1) * length - SLOTS);
    const x0 = Math.floor(tenths / 10);
    const x1 = Math.min(x0 + 1, stride - 1);
    const weight = tenths % 10;
    for (let y = 0; y < DIGIT; y++) {
      const row = y * stride;
      into[y * WIDTH + x] = (run[row + x0]! * (10 - weight) + run[row + x1]! * weight + 5) / 10;
    }
  }
}
