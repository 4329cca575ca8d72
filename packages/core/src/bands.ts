/** Work on the pixels of a large picture, a band of rows at a time. */

import type { Work } from './slices.js';

/** Pixels that are worked on in one go, some tenths of a millisecond; and rows, where that is simpler. */
export const BAND = 1 << 16;
export const ROWS = 16;

/** Work on a picture's rows, from `top` to before `bottom`, band by band; all but the last one have a multiple of `step` rows. */
export function* inBands(
  width: number,
  height: number,
  work: (top: number, bottom: number) => void,
  step = 1,
): Work<void> {
  const rows = step * Math.max(1, Math.floor(BAND / width / step));
  for (let top = 0; top < height; top += rows) {
    work(top, Math.min(height, top + rows));
    yield;
  }
}
