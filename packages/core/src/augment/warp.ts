/** The one resampling of augmentation: bilinear, in integers (places in 1/65536 pixel, weights in 1/256), ground outside. */

import type { Placement } from './placement.js';
import { SIZE, type Waves } from './waves.js';

/** An image with a border of ground around it, so that its neighbours need no asking, and the box that its ink lies in. */
export class Canvas {
  readonly stride: number;
  pixels: Uint8Array;
  spare: Uint8Array;
  /** The ink's first and last row and column in `pixels`, the border counted. */
  top = 0;
  bottom = 0;
  left = 0;
  right = 0;

  constructor(
    readonly height: number,
    readonly width: number,
  ) {
    this.stride = width + 2;
    this.pixels = new Uint8Array((height + 2) * this.stride);
    this.spare = new Uint8Array((height + 2) * this.stride);
  }

  load(images: Uint8Array, start: number): void {
    const { height, width, stride, pixels } = this;
    let [top, bottom, left, right] = [height + 1, 0, width + 1, 0];
    for (let y = 1, from = start; y <= height; y++) {
      const row = y * stride;
      let any = 0;
      for (let x = 1; x <= width; x++, from++) {
        const value = images[from]!;
        pixels[row + x] = value;
        any |= value;
      }
      if (any === 0) continue;
      if (bottom === 0) top = y;
      bottom = y;
      let x = 1;
      while (x < left && pixels[row + x] === 0) x++;
      left = x;
      x = width;
      while (x > right && pixels[row + x] === 0) x--;
      right = x;
    }
    this.top = top;
    this.bottom = bottom;
    this.left = left;
    this.right = right;
  }

  /** Widens the ink's box by a pixel on each side, as far as the image goes. */
  grow(): void {
    this.top = Math.max(1, this.top - 1);
    this.bottom = Math.min(this.height, this.bottom + 1);
    this.left = Math.max(1, this.left - 1);
    this.right = Math.min(this.width, this.right + 1);
  }

  swap(): void {
    [this.pixels, this.spare] = [this.spare, this.pixels];
  }
}

const MASK = SIZE - 1;

/** Writes the copy from `start` on: first where the affine map points to, then the waves' displacement. */
export function resample(
  canvas: Canvas,
  placement: Placement,
  waves: Waves | undefined,
  out: Uint8Array,
  start: number,
) {
  const { height, width, stride, pixels } = canvas;
  const { xPerColumn, yPerColumn, xPerRow, yPerRow, xWave, yWave } = placement;
  // Places count from the border's corner. Ink is felt up to a pixel away.
  const [xMin, xEnd] = [(canvas.left - 1) << 16, (canvas.right + 1) << 16];
  const [yMin, yEnd] = [(canvas.top - 1) << 16, (canvas.bottom + 1) << 16];
  out.fill(0, start, start + height * width);
  for (let row = 0; row < height; row++) {
    const x0 = placement.x + 65536 + row * xPerRow;
    const y0 = placement.y + 65536 + row * yPerRow;
    let first = 0;
    let end = width;
    if (waves === undefined) {
      first = Math.max(0, firstIn(xMin, xEnd, x0, xPerColumn), firstIn(yMin, yEnd, y0, yPerColumn));
      end = Math.min(width, endOf(xMin, xEnd, x0, xPerColumn), endOf(yMin, yEnd, y0, yPerColumn));
    }
    const xLine = (((xWave >>> 16) + row) & MASK) * SIZE;
    const yLine = (((yWave >>> 16) + row) & MASK) * SIZE;
    for (let column = first; column < end; column++) {
      let x = (x0 + column * xPerColumn) | 0;
      let y = (y0 + column * yPerColumn) | 0;
      if (waves !== undefined) {
        x += waves[xLine + ((xWave + column) & MASK)]!;
        y += waves[yLine + ((yWave + column) & MASK)]!;
        if (x < xMin || x >= xEnd || y < yMin || y >= yEnd) continue;
      }
      const p = (y >> 16) * stride + (x >> 16);
      const wx = (x >> 8) & 255;
      const wy = (y >> 8) & 255;
      const above = pixels[p]! * (256 - wx) + pixels[p + 1]! * wx;
      const below = pixels[p + stride]! * (256 - wx) + pixels[p + stride + 1]! * wx;
      out[start + row * width + column] = (above * (256 - wy) + below * wy + 32768) >> 16;
    }
  }
}

/** The first column whose place, at + column * step, lies in min..end-1. */
function firstIn(min: number, end: number, at: number, step: number): number {
  if (step === 0) return at >= min && at < end ? 0 : Number.POSITIVE_INFINITY;
  return step > 0 ? Math.ceil((min - at) / step) : Math.floor((end - at) / step) + 1;
}

/** The first column after those whose place lies there. */
function endOf(min: number, end: number, at: number, step: number): number {
  if (step === 0) return Number.POSITIVE_INFINITY;
  return step > 0 ? Math.ceil((end - at) / step) : Math.floor((min - at) / step) + 1;
}
