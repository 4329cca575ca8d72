/** Grey closing: fills what is dark and narrower than a square, and leaves everything else as it is, edges and all. */

import { inBands } from '../bands.js';
import type { GreyImage } from '../image.js';
import type { Work } from '../slices.js';

/** The closing by a square of `size` pixels (odd): in no time that depends on the size (van Herk 1992, Gil and Werman 1993). */
export function* close({ data, width, height }: GreyImage, size: number): Work<Uint8Array> {
  const [one, other] = [new Uint8Array(data.length), new Uint8Array(data.length)];
  yield* slide(data, one, width, height, size, 0);
  yield* transpose(one, other, width, height);
  yield* slide(other, one, height, width, size, 0);
  yield* slide(one, other, height, width, size, 255);
  yield* transpose(other, one, height, width);
  yield* slide(one, other, width, height, size, 255);
  return other;
}

/** The largest of the `size` pixels about each one in its row; with `flip` 255 the smallest. Beyond the ends lies nothing. */
function slide(from: Uint8Array, to: Uint8Array, width: number, height: number, size: number, flip: Flip): Work<void> {
  return inBands(width, height, (top, bottom) => slideRows(from, to, width, [top, bottom], size, flip));
}

type Flip = 0 | 255;
type Rows = readonly [top: number, bottom: number];

function slideRows(from: Uint8Array, to: Uint8Array, width: number, rows: Rows, size: number, flip: Flip): void {
  const [top, bottom] = rows;
  const reach = size >> 1;
  const padded = Math.ceil((width + 2 * reach) / size) * size;
  // The largest since the block's beginning, and until the block's end: every window is the end of one and the start of the next.
  const since = new Uint8Array(padded);
  const until = new Uint8Array(padded);
  for (let row = top; row < bottom; row++) {
    const start = row * width - reach;
    for (let i = 0, largest = 0, left = size; i < padded; i++) {
      const level = i < reach || i >= reach + width ? 0 : from[start + i]! ^ flip;
      largest = left === size || level > largest ? level : largest;
      since[i] = largest;
      until[i] = level;
      left = left === 1 ? size : left - 1;
    }
    for (let i = padded - 2, left = size - 1; i >= 0; i--) {
      if (left > 0 && until[i + 1]! > until[i]!) until[i] = until[i + 1]!;
      left = left === 0 ? size - 1 : left - 1;
    }
    for (let x = 0, p = row * width; x < width; x++, p++) {
      const [a, b] = [until[x]!, since[x + size - 1]!];
      to[p] = (a > b ? a : b) ^ flip;
    }
  }
}

/** In blocks, so that neither side is read across the whole picture. */
export function transpose(from: Uint8Array, to: Uint8Array, width: number, height: number): Work<void> {
  const block = 32;
  const transposeRows = (first: number, end: number) => {
    for (let top = first; top < end; top += block) {
      for (let left = 0; left < width; left += block) {
        const [bottom, right] = [Math.min(end, top + block), Math.min(width, left + block)];
        for (let y = top; y < bottom; y++) {
          for (let x = left; x < right; x++) to[x * height + y] = from[y * width + x]!;
        }
      }
    }
  };
  return inBands(width, height, transposeRows, block);
}
