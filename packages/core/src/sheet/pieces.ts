/** A glyph, or what two cuts leave of it, as a picture of its own, for the same normalisation that single digits go through. */

import type { GreyImage } from '../image.js';
import type { Glyph } from './glyphs.js';
import type { InkPage } from './page.js';
import { type Bounds, heightOf, widthOf } from './parts.js';

/** For each row of a glyph, from its top, the first column to the right of the cut. */
export type Cut = Int32Array;

/** The leftmost and the rightmost of a cut's columns. */
export const firstColumn = (cut: Cut): number => cut.reduce((least, column) => Math.min(least, column));
export const lastColumn = (cut: Cut): number => cut.reduce((most, column) => Math.max(most, column));

export interface Piece {
  readonly bounds: Bounds;
  /** In pixels of ink, and how many sides of pixels are its outline. */
  readonly area: number;
  readonly edge: number;
  /** Grey [height, width], black on white, with a margin. */
  readonly picture: GreyImage;
}

/** What lies between two cuts, or all where there is none; nothing where there is no ink. */
export function takePiece(page: InkPage, labels: Int32Array, glyph: Glyph, from?: Cut, to?: Cut): Piece | undefined {
  const isOwn = (p: number, x: number, y: number) =>
    glyph.labels.includes(labels[p]!) &&
    (from === undefined || x >= from[y - glyph.top]!) &&
    (to === undefined || x < to[y - glyph.top]!);
  const columns = [from ? firstColumn(from) : glyph.left, to ? lastColumn(to) : glyph.right + 1] as const;
  const found = measure(page, glyph, columns, isOwn);
  if (found === undefined) return undefined;
  const { bounds, area, darkest } = found;
  const margin = 2 + Math.ceil(Math.max(widthOf(bounds), heightOf(bounds)) / 8);
  const [width, height] = [widthOf(bounds) + 2 * margin, heightOf(bounds) + 2 * margin];
  const data = new Uint8Array(width * height).fill(255);
  const marks = new Uint8Array(width * height);
  for (let y = bounds.top - 1; y <= bounds.bottom + 1; y++) {
    for (let x = bounds.left - 1; x <= bounds.right + 1; x++) {
      if (x < 0 || y < 0 || x >= page.width || y >= page.height) continue;
      const p = y * page.width + x;
      if (page.ink[p] === 0) continue;
      const own = isOwn(p, x, y);
      if (!own && !(labels[p] === 0 && isNear(page, glyph, isOwn, x, y))) continue;
      const q = (y - bounds.top + margin) * width + x - bounds.left + margin;
      marks[q] = own ? 1 : 0;
      data[q] = 255.5 - (255 * Math.min(darkest, page.ink[p]!)) / darkest;
    }
  }
  let edge = 0;
  for (let p = width; p < marks.length; p++) edge += (marks[p]! ^ marks[p - 1]!) + (marks[p]! ^ marks[p - width]!);
  return { bounds, area, edge, picture: { data, width, height } };
}

type IsOwn = (p: number, x: number, y: number) => boolean;

function measure(page: InkPage, glyph: Glyph, [start, stop]: readonly [number, number], isOwn: IsOwn) {
  let [left, right, top, bottom, area, darkest] = [glyph.right + 1, -1, -1, -1, 0, 0];
  for (let y = glyph.top; y <= glyph.bottom; y++) {
    for (let x = start, p = y * page.width + x; x < stop; x++, p++) {
      if (!isOwn(p, x, y)) continue;
      area++;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top < 0) top = y;
      bottom = y;
      if (page.ink[p]! > darkest) darkest = page.ink[p]!;
    }
  }
  return area === 0 ? undefined : { bounds: { left, right, top, bottom }, area, darkest };
}

/** Whether ink that is too faint to belong to anything is the soft edge of a stroke. */
function isNear({ width, height }: InkPage, glyph: Glyph, isOwn: IsOwn, x: number, y: number): boolean {
  for (let v = Math.max(glyph.top, y - 1); v <= Math.min(glyph.bottom, y + 1, height - 1); v++) {
    for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) if (isOwn(v * width + u, u, v)) return true;
  }
  return false;
}
