/**
 * Any grey picture of one digit -> the 28x28 field that MNIST was made with: bright ink on black, fitted into 20x20
 * with its aspect ratio kept, its centre of mass in the middle (LeCun, Cortes, Burges: yann.lecun.com/exdb/mnist).
 * The way: shrink -> even the light -> tell ink from paper -> drop specks -> resample -> stretch -> centre.
 */

import { checkImage, type GreyImage } from './image.js';

export interface Normalised {
  /** uint8 [28, 28], row-major: 0 is paper, 255 is ink. */
  readonly pixels: Uint8Array;
  /** True where no ink was found: a blank page, noise, a speck. All pixels are then 0. */
  readonly empty: boolean;
}

/** The side of the result. */
export const FIELD = 28;
/** The larger side of the digit inside it. */
const BOX = 20;
/** This percentile of the digit's brightness becomes 255: the strokes, not where they cross. */
const STROKE = 0.85;

// Scratch memory, kept between calls, here and below: normalise is synchronous and never calls itself.
const bins = new Int32Array(256);
const digit = new Uint8Array(BOX * BOX);

/**
 * A grey picture of one digit, of any size, dark on light or light on dark, as MNIST would show it.
 * MNIST's own images come out nearly as they went in. Throws `bad-image` where data and sizes don't fit.
 */
export function normalise(grey: GreyImage): Normalised {
  checkImage({ data: grey.data, width: grey.width, height: grey.height, channels: 1 }, 'normalise');
  const pixels = new Uint8Array(FIELD * FIELD);
  const box = findDigit(grey);
  if (box === undefined) return { pixels, empty: true };
  const scale = BOX / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  if (scale <= 0.5) saturate(box);
  const resized = resample(box, width, height);
  place(resized, width, height, strokeGain(resized, width * height), pixels);
  return { pixels, empty: false };
}

/** What makes strokes white: thin ones have lost brightness to the paper around them, pale ones never had it. */
function strokeGain(resized: Float64Array, count: number): number {
  let brightest = 0;
  for (let i = 0; i < count; i++) if (resized[i]! > brightest) brightest = resized[i]!;
  const toBin = 255 / brightest;
  bins.fill(0);
  for (let i = 0; i < count; i++) bins[(resized[i]! * toBin + 0.5) | 0]!++;
  const brighter = (1 - STROKE) * (count - bins[0]!);
  let bin = 255;
  for (let above = bins[255]!; above < brighter; above += bins[--bin]!);
  return (255 * toBin) / bin;
}

/**
 * Writes the digit into the field so that its centre of mass falls on pixel (14, 14), shifted by whole pixels, as in
 * MNIST: there the centres of mass spread evenly over 13.5 to 14.5, pixel 0's centre being 0. The field's rim stops it.
 */
function place(resized: Float64Array, width: number, height: number, gain: number, pixels: Uint8Array): void {
  let mass = 0;
  let momentX = 0;
  let momentY = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const level = Math.min(255, (resized[i]! * gain + 0.5) | 0);
      digit[i] = level;
      mass += level;
      momentX += x * level;
      momentY += y * level;
    }
  }
  const left = offset(momentX / mass, width);
  const top = offset(momentY / mass, height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, p = (top + y) * FIELD + left; x < width; x++, i++, p++) pixels[p] = digit[i]!;
  }
}

function offset(centreOfMass: number, side: number): number {
  return Math.min(FIELD - side, Math.max(0, FIELD / 2 - Math.round(centreOfMass)));
}

// Finds the digit's ink on a page: on which side of the paper's grey it is, from where on it is certain, its pieces.

/** Larger pages are first averaged down to fewer pixels: still enough to find ink, with less noise. */
const PAGE_PIXELS = 400 * 400;
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
interface InkBox extends Region {
  /** The level beyond which ink is certain. */
  readonly threshold: number;
}

/** Nothing where the page is blank, or bears but noise or specks. */
function findDigit(image: GreyImage): InkBox | undefined {
  let page = shrink(image, PAGE_PIXELS);
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
function saturate({ data, start, stride, width, height, threshold }: InkBox): void {
  const solid = threshold * SOLID;
  for (let y = 0; y < height; y++) {
    for (let x = 0, p = start + y * stride; x < width; x++, p++) if (data[p]! > solid) data[p] = solid;
  }
}

/** How to tell ink from paper: ink is sign * (paper - pixel) - floor, and beyond the threshold it is certain. */
interface Contrast {
  readonly paper: number;
  readonly sign: 1 | -1;
  readonly floor: number;
  readonly threshold: number;
}

/** Nothing where no ink stands out. */
function findContrast({ low, high, histogram, pixels }: Paper): Contrast | undefined {
  const paper = (low + high) >> 1;
  // The standard deviation of normal noise is 1.4826 times its median deviation.
  const noise = (1.4826 * (high - low)) / 2;
  const floor = Math.ceil(NOISE_FLOOR * noise);
  const sign = energy(histogram, paper, 1, floor) >= energy(histogram, paper, -1, floor) ? 1 : -1;
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

// Finds the paper that a digit is drawn on: its grey level and noise, and how the light falls where it is uneven.

/** So many pixels are enough to see how the light falls. */
const LIGHT_PIXELS = 64 * 64;
/** The coefficients of a quadratic surface: 1, x, y, xx, xy, yy. */
const TERMS = 6;

const histogram = new Int32Array(256);
const votes = new Int32Array(256);
const basis = new Float64Array(TERMS);

interface Paper {
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
function findPaper(page: GreyImage): Paper {
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
function evenLight(page: GreyImage): GreyImage {
  const sample = shrink(page, LIGHT_PIXELS);
  let evened = sample;
  let surface = new Float64Array(TERMS);
  for (let round = 0; round < 5; round++) {
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

// Changes the size of grey pictures: exact area averaging downwards, linear interpolation upwards.

const resized = new Float64Array(BOX * BOX);
const firstTap = new Int32Array(BOX);
const endOfTaps = new Int32Array(BOX);
let weights = new Float64Array(0);
let columns = new Float64Array(0);

/** A rectangle of pixels in a larger picture: where it starts there, how far its rows are apart, and its size. */
interface Region {
  readonly data: Uint8Array;
  readonly start: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** The means of step x step blocks, with the least step that leaves about `most` pixels. With 1, the image itself. */
function shrink(image: GreyImage, most: number): GreyImage {
  const step = Math.ceil(Math.sqrt((image.width * image.height) / most));
  if (step === 1) return image;
  const width = Math.ceil(image.width / step);
  const height = Math.ceil(image.height / step);
  const data = new Uint8Array(width * height);
  const sums = new Uint32Array(width);
  for (let y = 0; y < height; y++) {
    const bottom = Math.min(image.height, (y + 1) * step);
    sums.fill(0);
    for (let row = y * step; row < bottom; row++) addBlocks(image, row * image.width, step, sums);
    for (let x = 0; x < width; x++) {
      const count = (bottom - y * step) * (Math.min(image.width, (x + 1) * step) - x * step);
      data[y * width + x] = sums[x]! / count + 0.5;
    }
  }
  return { data, width, height };
}

function addBlocks({ data, width }: GreyImage, start: number, step: number, sums: Uint32Array): void {
  for (let x = 0, block = 0; x < width; block++) {
    const end = Math.min(width, x + step);
    let sum = 0;
    for (; x < end; x++) sum += data[start + x]!;
    sums[block]! += sum;
  }
}

/**
 * A region in another size, up to 20x20: float64 [height, width], 0..255, valid until the next call.
 * First along the rows, then along the columns.
 */
function resample(region: Region, width: number, height: number): Float64Array {
  if (width === region.width && height === region.height) return copy(region);
  if (columns.length < region.height * width) columns = new Float64Array(region.height * width);
  setTaps(region.width, width);
  for (let y = 0; y < region.height; y++) resampleRow(region, region.start + y * region.stride, y * width, width);
  setTaps(region.height, height);
  for (let x = 0; x < width; x++) resampleColumn(x, width, height);
  return resized;
}

function copy({ data, start, stride, width, height }: Region): Float64Array {
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, p = start + y * stride; x < width; x++, i++, p++) resized[i] = data[p]!;
  }
  return resized;
}

function resampleRow({ data }: Region, from: number, to: number, width: number): void {
  for (let x = 0, tap = 0; x < width; x++) {
    let sum = 0;
    for (let p = from + firstTap[x]!; tap < endOfTaps[x]!; tap++, p++) sum += weights[tap]! * data[p]!;
    columns[to + x] = sum;
  }
}

function resampleColumn(x: number, width: number, height: number): void {
  for (let y = 0, tap = 0; y < height; y++) {
    let sum = 0;
    for (let p = firstTap[y]! * width + x; tap < endOfTaps[y]!; tap++, p += width) sum += weights[tap]! * columns[p]!;
    resized[y * width + x] = sum;
  }
}

/** Which pixels of `from` make up each one of `to`, and their weights, which sum to 1. */
function setTaps(from: number, to: number): void {
  if (weights.length < from + 2 * BOX) weights = new Float64Array(from + 2 * BOX);
  for (let i = 0, tap = 0; i < to; i++) {
    tap = from >= to ? setAreaTaps(i, tap, from, from / to) : setLinearTaps(i, tap, from, from / to);
    endOfTaps[i] = tap;
  }
}

function setAreaTaps(i: number, tap: number, from: number, ratio: number): number {
  const low = i * ratio;
  const high = low + ratio;
  firstTap[i] = Math.floor(low);
  for (let p = firstTap[i]!; p < from && p < high; p++) {
    weights[tap++] = (Math.min(high, p + 1) - Math.max(low, p)) / ratio;
  }
  return tap;
}

function setLinearTaps(i: number, tap: number, from: number, ratio: number): number {
  const centre = Math.min(from - 1, Math.max(0, (i + 0.5) * ratio - 0.5));
  const first = Math.floor(centre);
  firstTap[i] = first;
  weights[tap++] = first + 1 - centre;
  if (centre > first) weights[tap++] = centre - first;
  return tap;
}
