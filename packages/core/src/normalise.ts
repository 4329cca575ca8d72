/**
 * Any grey picture of one digit -> the 28x28 field that MNIST was made with: bright ink on black, fitted into 20x20
 * with its aspect ratio kept, its centre of mass in the middle (LeCun, Cortes, Burges: yann.lecun.com/exdb/mnist).
 * The way: shrink -> even the light -> tell ink from paper -> drop specks -> resample -> stretch -> centre.
 */

import { checkImage, type GreyImage } from './image.js';
import { findDigit, saturate } from './ink.js';
import { resample, shrink } from './resample.js';

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
/** Larger pages are first averaged down to about so many pixels: still enough to find ink, with less noise. */
export const PAGE_PIXELS = 400 * 400;
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
  return normalisePage(shrink(grey, PAGE_PIXELS));
}

/** What is left to do of a page that is small enough, and whose data fit its sizes. */
export function normalisePage(page: GreyImage): Normalised {
  const pixels = new Uint8Array(FIELD * FIELD);
  const box = findDigit(page);
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
