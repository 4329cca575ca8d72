/**
 * How far an image is from all digits of one class: its squared distance from the subspace of the class' principal
 * components (Watanabe's CLAFIC, 1967), over 14x14 features. A softmax can be sure of anything; this can't.
 */

import { DenaryError } from './errors.js';

/** The side of the images that have features, and the number of features. */
const SIDE = 28;
const HALF = SIDE / 2;
export const FEATURES = HALF * HALF;

export interface Domain {
  readonly classes: number;
  /** float32 [classes, 196]: the mean of each class' features. */
  readonly means: Float32Array;
  /** float32 [classes, components, 196]: directions of unit length, orthogonal but for rounding. */
  readonly directions: Float32Array;
}

/** float64 [196], 0 to 1: uint8 [28, 28] smoothed by 1-2-1 both ways, averaged 2x2, and the root of it, which evens strokes. */
export function featuresOf(pixels: ArrayLike<number>, start = 0): Float64Array {
  const features = new Float64Array(FEATURES);
  const [rows, columns] = [new Float64Array(HALF * SIDE), SIDE];
  // 1-2-1 and then the mean of two neighbours is 1-3-3-1.
  for (let y = 0; y < HALF; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = start + 2 * y * SIDE + x;
      const above = y > 0 ? pixels[at - SIDE]! : 0;
      const below = y < HALF - 1 ? pixels[at + 2 * SIDE]! : 0;
      rows[y * SIDE + x] = above + 3 * (pixels[at]! + pixels[at + SIDE]!) + below;
    }
  }
  for (let y = 0; y < HALF; y++) {
    for (let x = 0; x < HALF; x++) {
      const at = y * columns + 2 * x;
      const before = x > 0 ? rows[at - 1]! : 0;
      const after = x < HALF - 1 ? rows[at + 2]! : 0;
      features[y * HALF + x] = Math.sqrt((before + 3 * (rows[at]! + rows[at + 1]!) + after) / (64 * 255));
    }
  }
  return features;
}

/** |z|² - Σ (direction · z)² for z = features - mean: 0 within the class' subspace, some 1 to 3 for a digit of the class. */
export function distanceFrom({ means, directions, classes }: Domain, features: Float64Array, label: number): number {
  const components = directions.length / (classes * FEATURES);
  const z = features.map((value, i) => value - means[label * FEATURES + i]!);
  let distance = 0;
  for (let i = 0; i < FEATURES; i++) distance += z[i]! * z[i]!;
  for (let k = 0; k < components; k++) {
    const at = (label * components + k) * FEATURES;
    let along = 0;
    for (let i = 0; i < FEATURES; i++) along += directions[at + i]! * z[i]!;
    distance -= along * along;
  }
  return distance;
}

/** In base64, a byte a number: for each class its mean in 1/255, then each direction, the largest of its numbers as ±127. */
export function encodeDomain({ classes, means, directions }: Domain): string {
  const components = directions.length / (classes * FEATURES);
  const bytes = new Int8Array(classes * (1 + components) * FEATURES);
  for (let label = 0, to = 0; label < classes; label++) {
    const mean = means.subarray(label * FEATURES, (label + 1) * FEATURES);
    for (const value of mean) bytes[to++] = Math.round(255 * value);
    for (let k = 0; k < components; k++) {
      const at = (label * components + k) * FEATURES;
      const direction = directions.subarray(at, at + FEATURES);
      const most = direction.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      for (const value of direction) bytes[to++] = Math.round((127 * value) / (most || 1));
    }
  }
  const characters = Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte));
  return btoa(characters.join(''));
}

/** Throws `bad-model` where the text is not that of a domain of so many classes. */
export function decodeDomain(text: string, classes: number, who = 'decodeDomain'): Domain {
  const bytes = decode(text);
  const components = bytes.length / (classes * FEATURES) - 1;
  if (!Number.isInteger(components) || components < 0) {
    throw new DenaryError({
      code: 'bad-model',
      who,
      expected: `a domain of ${classes} classes, in base64`,
      received: `${text.length} characters`,
      remedy: 'Take the model file as it was written.',
    });
  }
  const means = new Float32Array(classes * FEATURES);
  const directions = new Float32Array(classes * components * FEATURES);
  for (let row = 0, mean = 0, direction = 0; row < classes * (components + 1); row++) {
    const from = bytes.subarray(row * FEATURES, (row + 1) * FEATURES);
    if (row % (components + 1) === 0) for (const byte of from) means[mean++] = byte / 255;
    else {
      const values = Int8Array.from(from);
      const length = Math.hypot(...values);
      for (const value of values) directions[direction++] = value / (length || 1);
    }
  }
  return { classes, means, directions };
}

/** Nothing for what is no base64. */
function decode(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(1);
  }
}

/** Of WHATWG's HTML, and in Node as in browsers; declared here, as core has neither's types. A codec would weigh on every page. */
declare function atob(base64: string): string;
declare function btoa(bytes: string): string;
