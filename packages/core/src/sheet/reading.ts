/** What `read` makes of a page: lines from top to bottom, the digits of each from left to right. */

import type { Contract } from '../contract.js';
import { FIELD } from '../normalise.js';
import type { Rejection } from '../rejection.js';

/** In pixels of the image that was given, upright: x and y are those of the pixel at the top left. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface ReadDigit {
  /** 0 to 9; of one that is rejected, what it looks like most. */
  readonly digit: number;
  /**
   * The probability of the digit, 0 to 1. Where digits touch, times how certain it is that they are to be parted so; so, too,
   * for ink that is read as one digit and may be several.
   */
  readonly confidence: number;
  /** What the model says of the digit as it was cut out: one for each class, summing to 1. */
  readonly probabilities: readonly number[];
  readonly box: Box;
  /** True where the digit was cut off from its neighbour, or may have to be. */
  readonly touching: boolean;
  /** Why it is not read; there only where a recognizer that may reject does. */
  readonly rejected?: Rejection;
}

export interface ReadLine {
  /** The line's digits in a row, `?` for one that is rejected; gaps leave no trace. */
  readonly text: string;
  /** The product of the digits' confidences: the probability of the whole text, if they were independent. */
  readonly confidence: number;
  readonly box: Box;
  readonly digits: readonly ReadDigit[];
}

export interface Reading {
  /** The lines' texts, one below the other; '' for an empty page. */
  readonly text: string;
  readonly lines: readonly ReadLine[];
}

/** Whether pages can be read with a model: with one of a single digit, on what normalisation makes. */
export const readsPages = ({ height, width, classes, slots }: Contract): boolean =>
  height === FIELD && width === FIELD && classes === 10 && slots === 1;

/** Lines of digits as a Reading; lines without any are left out. */
export function toReading(rows: readonly (readonly ReadDigit[])[]): Reading {
  const lines: ReadLine[] = rows
    .filter((digits) => digits.length > 0)
    .map((digits) => ({
      text: digits.map(({ digit, rejected }) => (rejected ? '?' : digit)).join(''),
      confidence: digits.reduce((product, { confidence }) => product * confidence, 1),
      box: around(digits.map(({ box }) => box)),
      digits,
    }));
  return { text: lines.map(({ text }) => text).join('\n'), lines };
}

function around(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  const right = Math.max(...boxes.map((box) => box.x + box.width));
  const bottom = Math.max(...boxes.map((box) => box.y + box.height));
  return { x, y, width: right - x, height: bottom - y };
}
