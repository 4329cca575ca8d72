/** Finds the digit's ink on a page, a small one: on which side of the paper's grey it is, from where on it is certain, its pieces. */

import type { GreyImage } from './image.js';
import { evenLight, findPaper, type Paper } from './paper.js';
import type { Region } from './resample.js';

/** Paper whose grey levels spread wider than this is lit unevenly, or noisy. */
const EVEN_SPREAD = 2;
/** Departures from the paper below this many standard deviations are noise. */
const NOISE_FLOOR = 3;
/** Ink departs from the paper by this many standard deviations on average, and by this many grey levels. */
const MIN_DEVIATIONS = 4.5;
const MIN_CONTRAST = 16;
/** Where pixels are to spare, ink so many times its threshold is as good as any. */
const SOLID = 1.5;
/** A component with less than this share of the largest one's ink is a speck: a comma, dust. */
const SPECK = 0.03;
/** A digit smaller than 3 pixels and this share of the page is a speck too; one in more pieces than these is noise. */
const MIN_SIDE = 0.015;
const MAX_PIECES = 16;

/** The ink of each pixel of the page, in a frame of zeros, so that no neighbour lies outside. */
let ink = new Uint8Array(0);
/** The components of the ink, one after the other: places in `ink`, and what was there. */
let places = new Int32Array(0);
let levels = new Uint8Array(0);

/** The digit's bounding box in the ink of its page (0 is paper); valid until the next call of findDigit. */
export interface InkBox extends Region {
  /** The level beyond which ink is certain. */
  readonly threshold: number;
}

/** Nothing where the page is blank, or bears but noise or specks. */
export function findDigit(image: GreyImage): InkBox | undefined {
  let page = image;
  let paper = findPaper(page);
  if (paper.high - paper.low > EVEN_SPREAD) {
    page = evenLight(page);
    paper = findPaper(page);
  }
  const contrast = findContrast(paper);
  if (contrast === undefined) return undefined;
  writeInk(page, contrast);
  return keepDigit(page, findComponents(page, contrast.threshold), contrast.threshold);
}

/** Makes strokes solid, as NIST's scans were black and white before they were scaled down. */
export function saturate({ data, start, stride, width, height, threshold }: InkBox): void {
  const solid = threshold * SOLID;
  for (let y = 0; y < height; y++) {
    for (let x = 0, p = start + y * stride; x < width; x++, p++) if (data[p]! > solid) data[p] = solid;
  }
}

/** How to tell ink from paper: ink is sign * (paper - pixel) - floor, and beyond the threshold it is certain. */
export interface Contrast {
  readonly paper: number;
  readonly sign: 1 | -1;
  readonly floor: number;
  readonly threshold: number;
}

/** Nothing where no ink stands out. Ink is on the side that departs more, unless it is known: 1 is dark, -1 bright. */
export function findContrast({ low, high, histogram, pixels }: Paper, side?: 1 | -1): Contrast | undefined {
  const paper = (low + high) >> 1;
  // The standard deviation of normal noise is 1.4826 times its median deviation.
  const noise = (1.4826 * (high - low)) / 2;
  const floor = Math.ceil(NOISE_FLOOR * noise);
  const sign = side ?? (energy(histogram, paper, 1, floor) >= energy(histogram, paper, -1, floor) ? 1 : -1);
  const threshold = otsu(histogram, pixels, paper, sign, floor);
  const least = Math.max(MIN_CONTRAST, MIN_DEVIATIONS * noise);
  if (meanBeyond(histogram, paper, sign, floor + threshold) < least) return undefined;
  return { paper, sign, floor, threshold };
}

/** How far away 0 or 255 is. */
function reach(paper: number, sign: number): number {
  return sign === 1 ? paper : 255 - paper;
}

/** How much, squared, the pixels depart from the paper to its dark side (sign 1) or to its bright side (-1). */
function energy(histogram: Int32Array, paper: number, sign: number, floor: number): number {
  let sum = 0;
  for (let amount = reach(paper, sign) - floor; amount > 0; amount--) {
    sum += histogram[paper - sign * (floor + amount)]! * amount * amount;
  }
  return sum;
}

/** The threshold on ink that parts it best from the rest: the variance between the classes is largest (Otsu 1979). */
function otsu(histogram: Int32Array, total: number, paper: number, sign: number, floor: number): number {
  const most = reach(paper, sign) - floor;
  let moment = 0;
  for (let amount = most; amount > 0; amount--) moment += amount * histogram[paper - sign * (floor + amount)]!;
  let above = 0;
  let momentAbove = 0;
  let best = 0;
  let threshold = 0;
  for (let amount = most; amount > 0; amount--) {
    const count = histogram[paper - sign * (floor + amount)]!;
    if (count === 0) continue;
    above += count;
    momentAbove += amount * count;
    const gap = momentAbove * total - moment * above;
    const variance = (gap * gap) / (above * (total - above));
    if (variance <= best) continue;
    best = variance;
    threshold = amount - 1;
  }
  return threshold;
}

/** The mean departure of the pixels that depart from the paper further than `least`. */
function meanBeyond(histogram: Int32Array, paper: number, sign: number, least: number): number {
  let count = 0;
  let sum = 0;
  for (let departure = reach(paper, sign); departure > least; departure--) {
    count += histogram[paper - sign * departure]!;
    sum += histogram[paper - sign * departure]! * departure;
  }
  return count === 0 ? 0 : sum / count;
}

function writeInk({ data, width, height }: GreyImage, { paper, sign, floor }: Contrast): void {
  const size = (width + 2) * (height + 2);
  if (ink.length < size) {
    ink = new Uint8Array(size);
    places = new Int32Array(size);
    levels = new Uint8Array(size);
  }
  ink.fill(0, 0, size);
  const zero = sign * paper - floor;
  for (let y = 0, i = 0, p = width + 3; y < height; y++, p += 2) {
    for (let x = 0; x < width; x++, i++, p++) {
      const amount = zero - sign * data[i]!;
      if (amount > 0) ink[p] = amount;
    }
  }
}

/** Where each component ends in `places` and `levels`, and how much ink it has. */
interface Components {
  readonly ends: number[];
  readonly masses: number[];
}

/** Moves the connected pieces of ink out of `ink`. They grow from certain ink into faint ink: Canny's hysteresis. */
function findComponents({ width, height }: GreyImage, threshold: number): Components {
  const stride = width + 2;
  const components: Components = { ends: [], masses: [] };
  let tail = 0;
  for (let seed = stride; seed < stride * (height + 1); seed++) {
    if (ink[seed]! <= threshold) continue;
    const end = grow(seed, tail, stride, threshold >> 2);
    let mass = 0;
    for (; tail < end; tail++) mass += levels[tail]!;
    components.ends.push(end);
    components.masses.push(mass);
  }
  return components;
}

/**
 * Moves the component of `seed` into `places` and `levels` from `start` on, and returns where it ends.
 * Pixels up to `faint` are taken, as the smooth edge of a stroke, but not walked on: shadows are as faint.
 */
function grow(seed: number, start: number, stride: number, faint: number): number {
  let end = take(seed, start);
  for (let head = start; head < end; head++) {
    if (levels[head]! <= faint) continue;
    const p = places[head]!;
    for (let q = p - stride; q <= p + stride; q += stride) {
      end = take(q - 1, end);
      end = take(q, end);
      end = take(q + 1, end);
    }
  }
  return end;
}

function take(p: number, end: number): number {
  const level = ink[p]!;
  if (level === 0) return end;
  places[end] = p;
  levels[end] = level;
  ink[p] = 0;
  return end + 1;
}

/** Puts back into `ink` the pieces of the digit, and nothing else; its bounding box, or nothing where it isn't one. */
function keepDigit(page: GreyImage, { ends, masses }: Components, threshold: number): InkBox | undefined {
  const stride = page.width + 2;
  ink.fill(0, 0, stride * (page.height + 2));
  const mass = masses.reduce((largest, next) => Math.max(largest, next), 0);
  let pieces = 0;
  let largest = 0;
  let left = stride;
  let right = 0;
  let top = page.height;
  let bottom = 0;
  for (let piece = 0, i = 0; piece < ends.length; i = ends[piece++]!) {
    if (masses[piece]! < SPECK * mass) continue;
    pieces++;
    largest = Math.max(largest, ends[piece]! - i);
    for (; i < ends[piece]!; i++) {
      const p = places[i]!;
      ink[p] = levels[i]!;
      const y = (p / stride) | 0;
      const x = p - y * stride;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < top) top = y;
      if (y > bottom) bottom = y;
    }
  }
  const width = right - left + 1;
  const height = bottom - top + 1;
  const least = 3 + MIN_SIDE * Math.max(page.width, page.height);
  if (pieces > MAX_PIECES || Math.min(largest, Math.max(width, height)) < least) return undefined;
  return { data: ink, start: top * stride + left, stride, width, height, threshold };
}
