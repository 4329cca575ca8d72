/** The ink of a sheet: the page at a scale that suits its strokes, its light evened out, its paper taken away. */

import { BAND, ROWS } from '../bands.js';
import type { GreyImage } from '../image.js';
import { findContrast } from '../ink.js';
import { shrinkLarge } from '../large-image.js';
import { findPaper } from '../paper.js';
import type { Work } from '../slices.js';
import { close } from './morphology.js';
import { eraseRules } from './rules.js';
import { findStrokes, type Strokes } from './strokes.js';

/** Larger pages are averaged down, and so are wide strokes, to about this many pixels: with less noise, and less to do. */
const PAGE_PIXELS = 4_000_000;
const STROKE = 12;
/** The paper's light is what a closing by a square so many times as wide as the strokes leaves. */
const SQUARE = 3;
/** Rules are seen where they are more than the threshold by this. */
const FAINT = 8;
/** Paper whose grey levels spread wider is smoothed, where strokes are so broad, in pixels, that they don't run together. */
const GRAINY = 7;
const BROAD = 9;
/** In places darker than this, grain would be taken for ink. */
const DARKEST = 64;

export interface InkPage {
  /** uint8 [height, width]: how much darker than paper and its grain each pixel is, in 255ths of the paper's brightness. */
  readonly ink: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Pixels of the image for one of the page's. */
  readonly step: number;
  /** The level beyond which ink is certain. */
  readonly threshold: number;
  /** How wide strokes are, in pixels of the page; few are wider. */
  readonly stroke: number;
}

/** Nothing where the page is blank. Chalk is turned into ink. Where the strokes are not known, they are looked for. */
export function* findInk(image: GreyImage, known?: Strokes): Work<InkPage | undefined> {
  const strokes = known ?? (yield* findStrokes(image));
  if (strokes === undefined) return undefined;
  const least = Math.ceil(Math.sqrt((image.width * image.height) / PAGE_PIXELS));
  const step = Math.max(least, Math.floor(strokes.width / STROKE));
  const shrunk = yield* shrinkLarge({ ...image, channels: 1 }, step);
  const { width, height } = shrunk;
  const page = strokes.dark ? shrunk : yield* negative(shrunk);
  const stroke = strokes.width / step;
  const square = 2 * Math.ceil((SQUARE * stroke) / 2) + 1;
  let evened = yield* evenPage(page, square);
  let paper = findPaper(evened);
  if (paper.high - paper.low > GRAINY && stroke >= BROAD) {
    evened = yield* evenPage(yield* smooth(page), square);
    paper = findPaper(evened);
  }
  const contrast = findContrast(paper, 1);
  if (contrast === undefined) return undefined;
  const ink = evened.data;
  const zero = contrast.paper - contrast.floor;
  for (let p = 0; p < ink.length; p++) {
    if (p % BAND === 0) yield;
    ink[p] = Math.max(0, zero - ink[p]!);
  }
  const faint = Math.floor(contrast.threshold / FAINT);
  const threshold = (yield* eraseRules(ink, width, height, stroke, faint))
    ? thresholdOf({ data: ink, width, height })
    : contrast.threshold;
  if (!threshold) return undefined;
  return { ink, width, height, step, threshold, stroke };
}

/** What is bright becomes dark. */
function* negative({ data, width, height }: GreyImage): Work<GreyImage> {
  const negated = new Uint8Array(data.length);
  for (let p = 0; p < data.length; p++) {
    if (p % BAND === 0) yield;
    negated[p] = 255 - data[p]!;
  }
  return { data: negated, width, height };
}

/** Of ink on its own; nothing where there is none, or too little. */
function thresholdOf(ink: GreyImage): number | undefined {
  return findContrast(findPaper(ink), -1)?.threshold;
}

/** What the page would look like under a light of 255 everywhere: ink takes a share of the light, in the shade as in the sun. */
function* evenPage(page: GreyImage, square: number): Work<GreyImage> {
  const light = yield* close(page, square);
  for (let p = 0; p < light.length; p++) {
    if (p % BAND === 0) yield;
    const lost = light[p]! - page.data[p]!;
    light[p] = 255.5 - (255 * lost) / Math.max(DARKEST, light[p]!);
  }
  return { ...page, data: light };
}

/** Weighted means of 3x3 pixels, 1 2 1 by 1 2 1. */
function* smooth({ data, width, height }: GreyImage): Work<GreyImage> {
  const rows = new Uint16Array(data.length);
  for (let y = 0, p = 0; y < height; y++) {
    if (y % ROWS === 0) yield;
    for (let x = 0; x < width; x++, p++) {
      rows[p] = data[x > 0 ? p - 1 : p]! + 2 * data[p]! + data[x + 1 < width ? p + 1 : p]!;
    }
  }
  const smoothed = new Uint8Array(data.length);
  for (let p = 0; p < data.length; p++) {
    if (p % BAND === 0) yield;
    const above = p >= width ? p - width : p;
    const below = p + width < data.length ? p + width : p;
    smoothed[p] = (rows[above]! + 2 * rows[p]! + rows[below]! + 8) >> 4;
  }
  return { data: smoothed, width, height };
}
