/**
 * How wide the strokes on a page are, and whether they are dark or bright: by granulometry (Matheron 1975). Closings by
 * larger and larger squares fill dark strokes as soon as the square is wider than they are, and openings bright ones; the gaps
 * between strokes are filled later. Shadows, desks and their edges are wide, and do not count.
 */

import type { GreyImage } from '../image.js';
import { shrinkLarge } from '../large-image.js';
import { stepFor } from '../resample.js';
import type { Work } from '../slices.js';
import { close } from './morphology.js';

/** So many pixels are enough to see strokes. */
const SAMPLE_PIXELS = 300 * 300;
/** Squares are up to this share of the longer side, and up to the shorter one, but for small pages, each about so many times as wide as the one before. */
const WIDEST = 0.25;
const SMALL = 7;
const GROWTH = 1.4;
/** All strokes are filled where the next two squares fill hardly more: not so many times as much. */
const LEVEL = 1.1;
/** A mean change, squared, of less than this is no ink; of less than this share of the most, it is but the strokes' ragged edges. */
const FAINTEST = 0.01;
const RAGGED = 0.15;

export interface Strokes {
  /** In pixels of the page: hardly a stroke is wider. */
  readonly width: number;
  /** Whether they are darker than the paper. */
  readonly dark: boolean;
}

/** Nothing where the page bears no strokes. */
export function* findStrokes(page: GreyImage): Work<Strokes | undefined> {
  const step = stepFor(page, SAMPLE_PIXELS);
  const sample = yield* shrinkLarge({ ...page, channels: 1 }, step);
  const negative = { ...sample, data: sample.data.map((level) => 255 - level) };
  const sides = [sample.width, sample.height];
  const widest = Math.max(SMALL, Math.min(WIDEST * Math.max(...sides), ...sides));
  const squares: Square[] = [];
  for (let size = 3; size <= widest; size = Math.max(size + 2, Math.round(size * GROWTH) | 1)) {
    squares.push({ size, dark: yield* filled(sample, size), bright: yield* filled(negative, size) });
  }
  const most = {
    dark: Math.max(...squares.map(({ dark }) => dark)),
    bright: Math.max(...squares.map(({ bright }) => bright)),
  };
  for (const [i, { size, dark, bright }] of squares.entries()) {
    const side = dark > bright ? 'dark' : 'bright';
    const amount = squares[i]![side];
    if (amount < FAINTEST || amount < RAGGED * most[side]) continue;
    if (squares.slice(i, i + 3).every((square) => square[side] <= LEVEL * amount)) {
      return { width: size * step, dark: side === 'dark' };
    }
  }
  return undefined;
}

/** How much a closing and an opening by a square of `size` pixels fill. */
interface Square {
  readonly size: number;
  readonly dark: number;
  readonly bright: number;
}

/**
 * How much a closing fills in: the mean square of what exceeds twice the median, which is the grain's doing. Around the page
 * lies a frame of black, so that what is dark and runs off the page is taken for wide.
 */
function* filled({ data, width, height }: GreyImage, size: number): Work<number> {
  const framed = new Uint8Array((width + 2 * size) * (height + 2 * size));
  const start = (y: number) => (y + size) * (width + 2 * size) + size;
  for (let y = 0; y < height; y++) framed.set(data.subarray(y * width, (y + 1) * width), start(y));
  const closed = yield* close({ data: framed, width: width + 2 * size, height: height + 2 * size }, size);
  const histogram = new Float64Array(256);
  for (let y = 0, p = 0; y < height; y++) {
    for (let end = p + width, q = start(y); p < end; p++, q++) histogram[closed[q]! - data[p]!]!++;
  }
  let median = 0;
  for (let below = histogram[0]!; below * 2 < data.length; below += histogram[++median]!);
  let sum = 0;
  for (let depth = 2 * median + 1; depth < 256; depth++) sum += histogram[depth]! * (depth - 2 * median) ** 2;
  return sum / data.length;
}
