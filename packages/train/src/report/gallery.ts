/**
 * A sheet of samples, each with a caption below it, as one grey image: what is in a data set, or what a model got wrong.
 * Drawn as pixels, so that it needs no canvas and no fonts; whoever has a PNG encoder writes it.
 */

import { DenaryError, type GreyImage, permutation, stream } from '@denary/core';
import type { Dataset } from '../data/dataset.js';
import { labelText } from './labels.js';
import { drawText, TEXT_HEIGHT, textWidth } from './tiny-font.js';

export interface GalleryOptions {
  /** How many samples are drawn by lot; default 50, or all where there are fewer. */
  readonly count?: number | undefined;
  /** Of the lot; default 0. */
  readonly seed?: number | undefined;
  /** These samples, in this order, in place of a lot. */
  readonly indices?: ArrayLike<number> | undefined;
  /** Samples in a row; by default the sheet becomes about square. */
  readonly columns?: number | undefined;
  /** How many times as large each pixel is drawn; by default such that a sample is at least 56 pixels high. */
  readonly scale?: number | undefined;
  /** The caption of a sample, given its index: digits, blanks and `-–.:>→%`. By default its label; false for none. */
  readonly captions?: ((index: number) => string) | false | undefined;
}

export interface Gallery extends GreyImage {
  /** The samples shown, row by row. */
  readonly indices: readonly number[];
}

/** Between samples, and between a sample and its caption. */
const GAP = 6;
const PAPER = 96;
const LETTERS = 255;
/** How large the captions are drawn. */
const TEXT = 2;

/** Throws `bad-argument` for an index that the data set does not have, and for sizes that are no positive whole numbers. */
export function composeGallery(dataset: Dataset, options: GalleryOptions = {}): Gallery {
  const { height, width } = dataset;
  const { scale = Math.max(1, Math.ceil(56 / height)), captions = labelsOf(dataset) } = options;
  const indices = chosen(dataset, options);
  const texts = captions ? indices.map((index) => captions(index)) : [];
  const cellWidth = Math.max(width * scale, ...texts.map((text) => textWidth(text) * TEXT)) + GAP;
  const cellHeight = height * scale + (captions ? TEXT_HEIGHT * TEXT + GAP : 0) + GAP;
  const { columns = Math.ceil(Math.sqrt((indices.length * cellHeight) / cellWidth)) } = options;
  requirePositive({ scale, columns });

  const across = Math.min(columns, indices.length);
  const sheetWidth = across * cellWidth + GAP;
  const sheetHeight = Math.ceil(indices.length / across) * cellHeight + GAP;
  const sheet = { data: new Uint8Array(sheetWidth * sheetHeight).fill(PAPER), width: sheetWidth, height: sheetHeight };
  const white = brightest(dataset, indices);
  for (const [i, index] of indices.entries()) {
    const left = GAP + (i % across) * cellWidth;
    const top = GAP + Math.floor(i / across) * cellHeight;
    drawSample(sheet, dataset, index, { left, top, scale, white });
    if (captions) drawText(sheet, texts[i]!, { left, top: top + height * scale + GAP / 2, scale: TEXT, grey: LETTERS });
  }
  return { ...sheet, indices };
}

function chosen({ name, count: all }: Dataset, { count = Math.min(50, all), seed = 0, indices }: GalleryOptions) {
  if (!indices) {
    requirePositive({ count });
    return Array.from(permutation(all, seed, stream('gallery')).subarray(0, count));
  }
  const list = Array.from(indices);
  const wrong = list.find((index) => !Number.isInteger(index) || index < 0 || index >= all);
  if (wrong === undefined && list.length > 0) return list;
  throw bad(`samples of ${name} in 0..${all - 1}`, wrong === undefined ? 'none' : `${wrong}`);
}

const labelsOf =
  ({ labels, slots, classes }: Dataset) =>
  (index: number) =>
    labelText(labels.subarray(index * slots, (index + 1) * slots), classes, ' ');

/** What is drawn white: not every data set goes up to 255. */
function brightest({ images, height, width }: Dataset, indices: readonly number[]): number {
  let most = 1;
  for (const index of indices) {
    for (let p = index * height * width; p < (index + 1) * height * width; p++) most = Math.max(most, images[p]!);
  }
  return most;
}

function drawSample(
  sheet: GreyImage,
  { images, height, width }: Dataset,
  index: number,
  { left, top, scale, white }: { left: number; top: number; scale: number; white: number },
): void {
  for (let y = 0; y < height * scale; y++) {
    for (let x = 0; x < width * scale; x++) {
      const pixel = images[(index * height + Math.floor(y / scale)) * width + Math.floor(x / scale)]!;
      sheet.data[(top + y) * sheet.width + left + x] = Math.round((pixel * 255) / white);
    }
  }
}

function requirePositive(sizes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(sizes)) {
    if (!Number.isInteger(value) || value < 1) throw bad(`a positive whole number as ${name}`, `${value}`);
  }
}

const bad = (expected: string, received: string) =>
  new DenaryError({ code: 'bad-argument', who: 'composeGallery', expected, received, remedy: 'Correct it.' });
