/** What a recognizer of single digits should refuse, made from a seed and from digits: pictures to measure rejection on. */

import { DenaryError, hash32, type Image, stream, uniform } from '@denary/core';
import type { Dataset } from './dataset.js';
import { DIGIT } from './digits.js';
import { drawStrokes, type Point, splineThrough } from './drawing.js';
import { makeLetters } from './letters.js';

const SIDE = 96;
const SCRIBBLE = stream('outsiders-scribble');
const NOISE = stream('outsiders-noise');
const PAPER = stream('outsiders-paper');
const TEXTURE = stream('outsiders-texture');
/** Digits that look like no digit when they are turned by a quarter or mirrored. */
const TURNABLE = [2, 3, 4, 5, 7];

/** Dark lines on white, 96x96: smooth curves through 5 to 14 random points, drawn with a pen of 3 to 7 pixels. */
export function makeScribbles(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const key = hash32(seed, SCRIBBLE, i);
    const number = 5 + Math.floor(uniform(key, SCRIBBLE, 0) * 10);
    const radius = 1.5 + 2 * uniform(key, SCRIBBLE, 1);
    const points = Array.from({ length: number }, (_, j): Point => [place(key, 2 + 2 * j), place(key, 3 + 2 * j)]);
    return drawStrokes([splineThrough(points, 32)], radius, SIDE);
  });
}

const place = (key: number, i: number) => SIDE * (0.1 + 0.8 * uniform(key, SCRIBBLE, i));

/** Pixels of any grey, each on its own: half the images in single pixels of 28x28, half in blocks of 4x4. */
export function makeNoise(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const block = i % 2 === 0 ? 1 : 4;
    const cells = DIGIT / block;
    const key = hash32(seed, NOISE, i);
    const pixels = Uint8Array.from({ length: DIGIT * DIGIT }, (_, p) => {
      const [row, column] = [Math.floor(p / DIGIT / block), Math.floor((p % DIGIT) / block)];
      return hash32(key, NOISE, row * cells + column) & 255;
    });
    return grey(pixels, DIGIT, DIGIT);
  });
}

/** Paper without ink, 96x96: of a brightness of its own, darker to one side, with grain of up to 4 of 255 levels. */
export function makeBlank(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const key = hash32(seed, PAPER, i);
    const [light, shade] = [200 + 50 * uniform(key, PAPER, 0), 20 * uniform(key, PAPER, 1)];
    const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, p) => {
      const grain = 4 * uniform(key, PAPER, 2 + p);
      return light - (shade * (p % SIDE)) / SIDE - grain;
    });
    return grey(pixels, SIDE, SIDE);
  });
}

/** Clouds of grey, 96x96, as a photograph of something else has them: smooth noise of cells of 32, 16 and 8 pixels. */
export function makeTextures(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const key = hash32(seed, TEXTURE, i);
    const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, p) => {
      const [x, y] = [p % SIDE, Math.floor(p / SIDE)];
      const [coarse, middle, fine] = [32, 16, 8].map((cell) => smoothNoise(hash32(key, cell), x / cell, y / cell));
      return 255 * (0.5 * coarse! + 0.3 * middle! + 0.2 * fine!);
    });
    return grey(pixels, SIDE, SIDE);
  });
}

/** Between random values, 0 to 1, at the whole numbers. */
function smoothNoise(key: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column: number, row: number) => uniform(key, TEXTURE, row * SIDE + column);
  const ease = (t: number) => t * t * (3 - 2 * t);
  const [right, down] = [ease(x - left), ease(y - top)];
  const above = at(left, top) * (1 - right) + at(left + 1, top) * right;
  const below = at(left, top + 1) * (1 - right) + at(left + 1, top + 1) * right;
  return above * (1 - down) + below * down;
}

/** For each pixel of an image that is no digit any more, which pixel of the digit it is. */
const turns = {
  left: (x: number, y: number) => x * DIGIT + (DIGIT - 1 - y),
  right: (x: number, y: number) => (DIGIT - 1 - x) * DIGIT + y,
  mirrored: (x: number, y: number) => y * DIGIT + (DIGIT - 1 - x),
  flipped: (x: number, y: number) => (DIGIT - 1 - y) * DIGIT + x,
};
export type Turn = keyof typeof turns;
export const TURNS = Object.keys(turns) as Turn[];

/** Digits turned by a quarter (by default counterclockwise) or mirrored: 2, 3, 4, 5 and 7 alone, for others then look like digits. */
export function makeTurned(digits: Dataset, count: number, turn: Turn = 'left'): Image[] {
  return pick(digits, count, (label) => TURNABLE.includes(label)).map(({ data }) =>
    grey(
      data.map((_, p) => data[turns[turn](p % DIGIT, Math.floor(p / DIGIT))]!),
      DIGIT,
      DIGIT,
    ),
  );
}

/** How many digits makeTurned has to choose from. */
export const countTurnable = ({ labels }: Dataset): number =>
  labels.reduce((sum, label) => sum + (TURNABLE.includes(label) ? 1 : 0), 0);

/** Two digits side by side in one image, 28x48, as a number of two digits that was not taken apart. */
export function makeDoubles(digits: Dataset, count: number): Image[] {
  const [width, step] = [48, 20];
  const both = pick(digits, 2 * count, () => true);
  return Array.from({ length: count }, (_, i) => {
    const pixels = new Uint8Array(DIGIT * width);
    for (const [at, { data }] of [both[2 * i]!, both[2 * i + 1]!].entries()) {
      for (let p = 0; p < data.length; p++) {
        const q = Math.floor(p / DIGIT) * width + at * step + (p % DIGIT);
        pixels[q] = Math.max(pixels[q]!, data[p]!);
      }
    }
    return grey(pixels, width, DIGIT);
  });
}

/** Kinds that need nothing but digits: 100 to 1000 of each, fewer of few digits. */
export function madeOutsiders(digits: Dataset, seed = 0): { kind: string; images: Image[] }[] {
  return [
    { kind: 'letters', images: makeLetters(1000, seed) },
    { kind: 'blank paper', images: makeBlank(100, seed) },
    { kind: 'textures', images: makeTextures(200, seed) },
    { kind: 'scribbles', images: makeScribbles(1000, seed) },
    { kind: 'noise', images: makeNoise(1000, seed) },
    { kind: 'two digits', images: makeDoubles(digits, Math.min(1000, digits.count >> 1)) },
    { kind: 'digits on their side', images: makeTurned(digits, Math.min(1000, countTurnable(digits))) },
  ];
}

/** Throws `bad-data` where the digits are not 28x28, or too few. */
function pick(digits: Dataset, count: number, wanted: (label: number) => boolean): Image[] {
  const area = DIGIT * DIGIT;
  const found: Image[] = [];
  const fits = digits.height === DIGIT && digits.width === DIGIT && digits.slots === 1;
  for (let i = 0; fits && i < digits.count && found.length < count; i++) {
    if (wanted(digits.labels[i]!)) found.push(grey(digits.images.subarray(i * area, (i + 1) * area), DIGIT, DIGIT));
  }
  if (found.length === count) return found;
  throw new DenaryError({
    code: 'bad-data',
    who: 'outsiders',
    expected: `${count} digits of 28x28 to make them of`,
    received: `${found.length} in ${digits.name}`,
    remedy: 'Ask for fewer, or give more digits.',
  });
}

const grey = (data: Image['data'], width: number, height: number): Image => ({ data, width, height, channels: 1 });
