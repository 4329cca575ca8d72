/** Where digits that touch may be parted: paths from the top of a glyph to its bottom that cross little ink. */

import type { Glyph } from './glyphs.js';
import { heightOf, widthOf } from './parts.js';
import type { Cut } from './pieces.js';

/** Paths that run this close to a better one, on average and in heights, are the same. */
const SAME = 0.08;
/** At most so many cuts for a width of one height, and in all. */
const DENSITY = 6;
const MOST = 60;
const LEAST_INK = 0.08;
/** A step aside costs a little, so that paths are straight where they can be. */
const ASIDE = 0.02;

export interface CutThrough {
  readonly path: Cut;
  /** Pixels of ink that it crosses. */
  readonly ink: number;
}

/** From left to right. The glyph is where `labels`, on a page of this width, is one of its own. */
export function findCuts(labels: Int32Array, pageWidth: number, glyph: Glyph, height: number): CutThrough[] {
  const [width, rows] = [widthOf(glyph), heightOf(glyph)];
  const ink = new Uint8Array(width * rows);
  for (let y = 0, q = 0; y < rows; y++) {
    for (let x = 0, p = (glyph.top + y) * pageWidth + glyph.left; x < width; x++, p++, q++) {
      if (glyph.labels.includes(labels[p]!)) ink[q] = 1;
    }
  }
  const down = costs(ink, width, rows, 0, 1);
  const up = costs(ink, width, rows, rows - 1, -1);
  const before = inkBefore(ink, width, rows);
  const total = ink.reduce((sum, one) => sum + one, 0);
  const shareLeft = (path: Cut) => path.reduce((sum, column, row) => sum + before[row * width + column]!, 0) / total;
  const cuts: CutThrough[] = [];
  const limit = Math.min(MOST, Math.ceil((DENSITY * width) / height));
  for (const [x, y] of valleys(down, up, ink, width, rows)) {
    const path = trace(down, up, width, rows, x, y);
    const isNew = cuts.every((cut) => meanDistance(cut.path, path) > SAME * height);
    if (!isNew || Math.abs(shareLeft(path) - 0.5) > 0.5 - LEAST_INK) continue;
    cuts.push({ path, ink: path.reduce((sum, column, row) => sum + ink[row * width + column]!, 0) });
    if (cuts.length === limit) break;
  }
  const mean = (path: Cut) => path.reduce((sum, column) => sum + column, 0) / rows;
  cuts.sort((a, b) => mean(a.path) - mean(b.path));
  return cuts.map(({ path, ink }) => ({ path: path.map((column) => column + glyph.left), ink }));
}

/** How much ink lies to the left of each pixel, in its row. */
function inkBefore(ink: Uint8Array, width: number, rows: number): Int32Array {
  const before = new Int32Array(ink.length);
  for (let y = 0, q = 0; y < rows; y++) {
    for (let x = 0, sum = 0; x < width; x++, q++) {
      before[q] = sum;
      sum += ink[q]!;
    }
  }
  return before;
}

/** The least that a path costs from the first row to each pixel, both included, going down or up (`step` 1 or -1). */
function costs(ink: Uint8Array, width: number, rows: number, first: number, step: 1 | -1): Float64Array {
  const cost = new Float64Array(width * rows);
  for (let row = 0, y = first; row < rows; row++, y += step) {
    for (let x = 0, q = y * width; x < width; x++, q++) {
      if (row === 0) {
        cost[q] = ink[q]!;
        continue;
      }
      const back = q - step * width;
      let least = cost[back]!;
      if (x > 0 && cost[back - 1]! + ASIDE < least) least = cost[back - 1]! + ASIDE;
      if (x + 1 < width && cost[back + 1]! + ASIDE < least) least = cost[back + 1]! + ASIDE;
      cost[q] = least + ink[q]!;
    }
  }
  return cost;
}

/** Places in the rows at a quarter, half and three quarters of the height that cheap paths go through, the cheapest first. */
function valleys(
  down: Float64Array,
  up: Float64Array,
  ink: Uint8Array,
  width: number,
  rows: number,
): [number, number][] {
  const found: { x: number; y: number; cost: number }[] = [];
  for (const share of [0.25, 0.5, 0.75]) {
    const y = Math.min(rows - 1, Math.floor(share * rows));
    const through = (x: number) => down[y * width + x]! + up[y * width + x]! - ink[y * width + x]!;
    for (let x = 1; x < width - 1; x++) {
      let end = x;
      while (end < width - 1 && through(end + 1) === through(x)) end++;
      if (end < width - 1 && through(x - 1) > through(x) && through(end + 1) > through(x)) {
        found.push({ x: (x + end) >> 1, y, cost: through(x) });
      }
      x = end;
    }
  }
  found.sort((a, b) => a.cost - b.cost || a.x - b.x || a.y - b.y);
  return found.map(({ x, y }) => [x, y]);
}

/** The cheapest path through a pixel, as the column of each row. */
function trace(down: Float64Array, up: Float64Array, width: number, rows: number, x: number, y: number): Int32Array {
  const path = new Int32Array(rows);
  path[y] = x;
  for (let row = y - 1, at = x; row >= 0; row--) path[row] = at = cheapest(down, row * width, width, at);
  for (let row = y + 1, at = x; row < rows; row++) path[row] = at = cheapest(up, row * width, width, at);
  return path;
}

function cheapest(cost: Float64Array, row: number, width: number, x: number): number {
  let best = x;
  let least = cost[row + x]!;
  if (x > 0 && cost[row + x - 1]! + ASIDE < least) {
    best = x - 1;
    least = cost[row + best]! + ASIDE;
  }
  return x + 1 < width && cost[row + x + 1]! + ASIDE < least ? x + 1 : best;
}

function meanDistance(a: Int32Array, b: Int32Array): number {
  return a.reduce((sum, column, row) => sum + Math.abs(column - b[row]!), 0) / a.length;
}
