/** Changes the size of grey pictures: exact area averaging downwards, linear interpolation upwards. */

import type { GreyImage } from './image.js';

/** The largest side that resample is asked for. */
const MOST = 20;

const resized = new Float64Array(MOST * MOST);
const firstTap = new Int32Array(MOST);
const endOfTaps = new Int32Array(MOST);
let weights = new Float64Array(0);
let columns = new Float64Array(0);

/** A rectangle of pixels in a larger picture: where it starts there, how far its rows are apart, and its size. */
export interface Region {
  readonly data: Uint8Array;
  readonly start: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

/** The means of step x step blocks, with the least step that leaves about `most` pixels. With 1, the image itself. */
export function shrink(image: GreyImage, most: number): GreyImage {
  return shrinkBy(image, stepFor(image, most));
}

/** The least step that leaves about `most` pixels. */
export function stepFor({ width, height }: Pick<GreyImage, 'width' | 'height'>, most: number): number {
  return Math.ceil(Math.sqrt((width * height) / most));
}

/** The means of step x step blocks; at the right and at the bottom, of what is left. With 1, the image itself. */
export function shrinkBy(image: GreyImage, step: number): GreyImage {
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
export function resample(region: Region, width: number, height: number): Float64Array {
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
  if (weights.length < from + 2 * MOST) weights = new Float64Array(from + 2 * MOST);
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
