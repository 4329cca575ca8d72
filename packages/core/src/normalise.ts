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
/** Larger pages are first averaged down to fewer pixels: still enough to find ink, with less noise. */
const PAGE_PIXELS = 512 * 512;
/** As many show how the light falls. */
const LIGHT_PIXELS = 64 * 64;
/** Paper whose grey levels spread wider than this is lit unevenly, or noisy. */
const EVEN_SPREAD = 2;
/** Departures from the paper below this many standard deviations are noise. */
const NOISE_FLOOR = 3;
/** Ink departs from the paper by this many standard deviations on average, and by this many grey levels. */
const MIN_DEVIATIONS = 6;
const MIN_CONTRAST = 16;
/** A component with less than this share of the largest one's ink is a speck: a comma, dust. */
const SPECK = 0.03;
/** A digit smaller than this share of the page, or than 3 pixels, is a speck too. */
const MIN_SIDE = 0.015;
/** This percentile of the digit's brightness becomes 255: the strokes, not where they cross. */
const STROKE = 0.85;

// Scratch memory, kept between calls: normalise is synchronous and never calls itself.
const histogram = new Int32Array(256);
const votes = new Int32Array(256);
const resized = new Float64Array(BOX * BOX);
const digit = new Uint8Array(BOX * BOX);
const firstTap = new Int32Array(BOX);
const endOfTaps = new Int32Array(BOX);
let weights = new Float64Array(0);
let columns = new Float64Array(0);
/** The ink of each pixel of the page, in a frame of zeros, so that no neighbour lies outside. */
let ink = new Uint8Array(0);
/** The components of the ink, one after the other: places in `ink`, and what was there. */
let places = new Int32Array(0);
let levels = new Uint8Array(0);

/**
 * A grey picture of one digit, of any size, dark on light or light on dark, as MNIST would show it.
 * MNIST's own images come out nearly as they went in. Throws `bad-image` where data and sizes don't fit.
 */
export function normalise(grey: GreyImage): Normalised {
  checkImage({ data: grey.data, width: grey.width, height: grey.height, channels: 1 }, 'normalise');
  const pixels = new Uint8Array(FIELD * FIELD);
  const box = findDigit(shrink(grey, PAGE_PIXELS));
  if (box === undefined) return { pixels, empty: true };
  const scale = BOX / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(box.width * scale));
  const height = Math.max(1, Math.round(box.height * scale));
  if (scale === 1) copy(box);
  else resample(box, width, height);
  place(width, height, strokeGain(width * height), pixels);
  return { pixels, empty: false };
}

/** A rectangle of `ink`: where it starts there, how far its rows are apart, and its size. */
interface Box {
  readonly start: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

function findDigit(page: GreyImage): Box | undefined {
  let paper = findPaper(page);
  if (paper.high - paper.low > EVEN_SPREAD) {
    page = evenLight(page);
    paper = findPaper(page);
  }
  const contrast = findContrast(paper);
  if (contrast === undefined) return undefined;
  writeInk(page, contrast);
  return keepDigit(page, findComponents(page, contrast.threshold));
}

/** The mean of every block of pixels, where the image has more than `most` of them. */
function shrink(image: GreyImage, most: number): GreyImage {
  const step = Math.ceil(Math.sqrt((image.width * image.height) / most));
  if (step <= 1) return image;
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

/** The grey levels of the paper, half of it lying within, and how many pixels the page has. */
interface Paper {
  readonly low: number;
  readonly high: number;
  readonly pixels: number;
}

/**
 * The paper is where most pixels agree: the narrowest range of grey levels that holds half of the votes (the shorth of
 * Andrews et al. 1972), where the border has as many votes as the page, so that a thick digit can't outvote it.
 * Leaves the page's `histogram`. Of equally narrow ranges, the one with most votes is taken.
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
  return { low: bestLow, high: bestHigh, pixels: page.data.length };
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
  let surface = new Float64Array(6);
  for (let round = 0; round < 5; round++) {
    surface = fitSurface(sample, evened, findPaper(evened));
    evened = lessSurface(sample, surface);
  }
  return lessSurface(page, surface);
}

/** c0 + c1 x + c2 y + c3 xx + c4 xy + c5 yy over x and y in [-1, 1], through the pixels that were paper when evened. */
function fitSurface(page: GreyImage, evened: GreyImage, { low, high }: Paper): Float64Array<ArrayBuffer> {
  const normal = new Float64Array(36);
  const right = new Float64Array(6);
  let count = 1;
  for (let y = 0, p = 0; y < page.height; y++) {
    for (let x = 0; x < page.width; x++, p++) {
      if (evened.data[p]! < low || evened.data[p]! > high) continue;
      count++;
      addToFit(normal, right, unit(x, page.width), unit(y, page.height), page.data[p]!);
    }
  }
  // A little ridge on all but the constant: a page of few pixels, or of one row, still has one answer.
  for (let i = 1; i < 6; i++) normal[i * 7]! += 1e-3 * count;
  return solve(normal, right);
}

const basis = new Float64Array(6);

function addToFit(normal: Float64Array, right: Float64Array, x: number, y: number, level: number): void {
  basis[0] = 1;
  basis[1] = x;
  basis[2] = y;
  basis[3] = x * x;
  basis[4] = x * y;
  basis[5] = y * y;
  for (let i = 0; i < 6; i++) {
    right[i]! += basis[i]! * level;
    for (let j = 0; j < 6; j++) normal[i * 6 + j]! += basis[i]! * basis[j]!;
  }
}

/** Gauss-Jordan elimination, without pivoting as the matrix is positive definite. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array<ArrayBuffer> {
  for (let i = 0; i < 6; i++) {
    for (let row = 0; row < 6; row++) {
      if (row === i) continue;
      const factor = matrix[row * 6 + i]! / matrix[i * 7]!;
      for (let j = i; j < 6; j++) matrix[row * 6 + j]! -= factor * matrix[i * 6 + j]!;
      right[row]! -= factor * right[i]!;
    }
  }
  return Float64Array.from(right, (value, i) => value / matrix[i * 7]!);
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
function unit(place: number, size: number): number {
  return size === 1 ? 0 : (2 * place) / (size - 1) - 1;
}

/** How to tell ink from paper: ink is sign * (paper - pixel) - floor, and beyond the threshold it is certain. */
interface Contrast {
  readonly paper: number;
  readonly sign: 1 | -1;
  readonly floor: number;
  readonly threshold: number;
}

/** Reads the `histogram` that findPaper left. Nothing where no ink stands out. */
function findContrast({ low, high, pixels }: Paper): Contrast | undefined {
  const paper = (low + high) >> 1;
  // The standard deviation of normal noise is 1.4826 times its median deviation.
  const noise = (1.4826 * (high - low)) / 2;
  const floor = Math.ceil(NOISE_FLOOR * noise);
  const sign = energy(paper, 1, floor) >= energy(paper, -1, floor) ? 1 : -1;
  const threshold = otsu(pixels, paper, sign, floor);
  const least = Math.max(MIN_CONTRAST, MIN_DEVIATIONS * noise);
  if (meanBeyond(paper, sign, floor + threshold) < least) return undefined;
  return { paper, sign, floor, threshold };
}

/** How much, squared, the pixels depart from the paper to its dark side (sign 1) or to its bright side (-1). */
function energy(paper: number, sign: number, floor: number): number {
  let sum = 0;
  for (let departure = floor + 1, level = paper - sign * departure; level >= 0 && level < 256; level -= sign, departure++) {
    sum += histogram[level]! * (departure - floor) * (departure - floor);
  }
  return sum;
}

/** The threshold on ink that parts it best from the rest: the variance between the classes is largest (Otsu 1979). */
function otsu(total: number, paper: number, sign: number, floor: number): number {
  let above = 0;
  let momentAbove = 0;
  let moment = 0;
  const last = (sign === 1 ? paper : 255 - paper) - floor;
  for (let amount = 1; amount <= last; amount++) moment += amount * histogram[paper - sign * (floor + amount)]!;
  let best = 0;
  let threshold = 0;
  for (let amount = last; amount > 0; amount--) {
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
function meanBeyond(paper: number, sign: number, least: number): number {
  let count = 0;
  let sum = 0;
  for (let departure = least + 1, level = paper - sign * departure; level >= 0 && level < 256; level -= sign, departure++) {
    count += histogram[level]!;
    sum += histogram[level]! * departure;
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

/** Moves the connected pieces of ink out of `ink`; they grow from certain ink into faint ink, like Canny's hysteresis. */
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

/** Puts back into `ink` what is not a speck, and nothing else; its bounding box, where that is large enough for a digit. */
function keepDigit({ width, height }: GreyImage, { ends, masses }: Components): Box | undefined {
  const stride = width + 2;
  ink.fill(0, 0, stride * (height + 2));
  const least = SPECK * masses.reduce((largest, mass) => Math.max(largest, mass), 0);
  let left = width;
  let right = 0;
  let top = height;
  let bottom = 0;
  for (let component = 0; component < ends.length; component++) {
    if (masses[component]! < least) continue;
    for (let i = component === 0 ? 0 : ends[component - 1]!; i < ends[component]!; i++) {
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
  const box = { start: top * stride + left, stride, width: right - left + 1, height: bottom - top + 1 };
  const isSpeck = Math.max(box.width, box.height) < Math.max(3, MIN_SIDE * Math.max(width, height));
  return isSpeck ? undefined : box;
}

/** The box of `ink` as `resized`, as it is. */
function copy({ start, stride, width, height }: Box): void {
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0, p = start + y * stride; x < width; x++, i++, p++) resized[i] = ink[p]!;
  }
}

/** The box of `ink` as `resized`, float64 [height, width]: first along the rows, then along the columns. */
function resample(box: Box, width: number, height: number): void {
  if (columns.length < box.height * width) columns = new Float64Array(box.height * width);
  setTaps(box.width, width);
  for (let y = 0, i = 0; y < box.height; y++) {
    const row = box.start + y * box.stride;
    for (let x = 0, tap = 0; x < width; x++, i++) {
      let sum = 0;
      const shift = row + firstTap[x]! - tap;
      for (const end = endOfTaps[x]!; tap < end; tap++) sum += weights[tap]! * ink[shift + tap]!;
      columns[i] = sum;
    }
  }
  setTaps(box.height, height);
  for (let y = 0, i = 0, firstOfRow = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      let sum = 0;
      let p = firstTap[y]! * width + x;
      for (let tap = firstOfRow; tap < endOfTaps[y]!; tap++, p += width) sum += weights[tap]! * columns[p]!;
      resized[i] = sum;
    }
    firstOfRow = endOfTaps[y]!;
  }
}

/** The weights by which `from` pixels become `to`: exact area averaging downwards, linear interpolation upwards. */
function setTaps(from: number, to: number): void {
  if (weights.length < from + 2 * BOX) weights = new Float64Array(from + 2 * BOX);
  const ratio = from / to;
  for (let i = 0, tap = 0; i < to; i++) {
    if (ratio >= 1) tap = setAreaTaps(i, tap, from, ratio);
    else tap = setLinearTaps(i, tap, from, ratio);
    endOfTaps[i] = tap;
  }
}

function setAreaTaps(i: number, tap: number, from: number, ratio: number): number {
  const low = i * ratio;
  const high = low + ratio;
  const first = Math.floor(low);
  firstTap[i] = first;
  for (let p = first; p < from && p < high; p++) {
    weights[tap++] = (Math.min(high, p + 1) - Math.max(low, p)) / ratio;
  }
  return tap;
}

function setLinearTaps(i: number, tap: number, from: number, ratio: number): number {
  const place = Math.min(from - 1, Math.max(0, (i + 0.5) * ratio - 0.5));
  const first = Math.min(Math.max(0, from - 2), Math.floor(place));
  firstTap[i] = first;
  if (from > 1) weights[tap++] = first + 1 - place;
  weights[tap++] = from > 1 ? place - first : 1;
  return tap;
}

/** What makes strokes white: thin ones have lost brightness to the paper around them, pale ones never had it. */
function strokeGain(count: number): number {
  let brightest = 0;
  for (let i = 0; i < count; i++) if (resized[i]! > brightest) brightest = resized[i]!;
  const toBin = 255 / brightest;
  votes.fill(0);
  for (let i = 0; i < count; i++) votes[(resized[i]! * toBin + 0.5) | 0]!++;
  const brighter = (1 - STROKE) * (count - votes[0]!);
  let bin = 255;
  for (let above = votes[255]!; above < brighter; above += votes[--bin]!);
  return (255 * toBin) / bin;
}

/**
 * Puts the digit so that its centre of mass falls on pixel (14, 14), shifted by whole pixels, as in MNIST: there the
 * centres of mass spread evenly over 13.5 to 14.5, counted from pixel 0's centre. The field's rim stops it.
 */
function place(width: number, height: number, gain: number, pixels: Uint8Array): void {
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
