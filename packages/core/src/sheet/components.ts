/**
 * Connected components by 8-neighbourhood: runs of rows, joined with the runs above them by union and find (Rosenfeld and
 * Pfaltz 1966). No recursion, and memory in proportion to the page, whatever is on it.
 */

import { ROWS } from '../bands.js';
import type { Work } from '../slices.js';

/** The components of a page, numbered from 1 in the order of their first pixels; the arrays have a place 0 for the paper. */
export interface Components {
  readonly count: number;
  /** int32 [height, width]: the component of each pixel, or 0. */
  readonly labels: Int32Array;
  /** The first and the last column and row, and the number of pixels. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly top: Int32Array;
  readonly bottom: Int32Array;
  readonly area: Int32Array;
}

/** Of the pixels where `marks` is not 0. */
export function* findComponents(marks: Uint8Array, width: number, height: number): Work<Components> {
  const labels = new Int32Array(marks.length);
  const parents = yield* joinRuns(marks, labels, width, height);
  const count = number(parents);
  const [left, right, top, bottom, area] = [0, 1, 2, 3, 4].map(() => new Int32Array(count + 1)) as Five;
  left.fill(width);
  right.fill(-1);
  top.fill(height);
  bottom.fill(-1);
  for (let y = 0, p = 0; y < height; y++) {
    if (y % ROWS === 0) yield;
    for (let x = 0; x < width; x++, p++) {
      if (labels[p] === 0) continue;
      const label = parents[labels[p]!]!;
      labels[p] = label;
      area[label]!++;
      if (x < left[label]!) left[label] = x;
      if (x > right[label]!) right[label] = x;
      if (y < top[label]!) top[label] = y;
      if (y > bottom[label]!) bottom[label] = y;
    }
  }
  return { count, labels, left, right, top, bottom, area };
}

type Five = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

/** Numbers each run of a row in `labels`; returns which run each one is joined to, always an earlier one or itself. */
function* joinRuns(marks: Uint8Array, labels: Int32Array, width: number, height: number): Work<Int32Array> {
  let parents = new Int32Array(1024);
  let runs = 0;
  for (let y = 0, p = 0; y < height; y++) {
    if (y % ROWS === 0) yield;
    for (let x = 0; x < width; x++, p++) {
      if (marks[p] === 0) continue;
      if (x > 0 && labels[p - 1] !== 0) {
        labels[p] = labels[p - 1]!;
      } else {
        if (++runs === parents.length) parents = grown(parents);
        parents[runs] = runs;
        labels[p] = runs;
        if (y > 0 && x > 0) join(parents, runs, labels[p - width - 1]!);
      }
      if (y === 0) continue;
      join(parents, labels[p]!, labels[p - width]!);
      if (x + 1 < width) join(parents, labels[p]!, labels[p - width + 1]!);
    }
  }
  return parents.subarray(0, runs + 1);
}

function grown(parents: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * parents.length);
  more.set(parents);
  return more;
}

function join(parents: Int32Array, one: number, other: number): void {
  if (other === 0) return;
  const a = root(parents, one);
  const b = root(parents, other);
  if (a < b) parents[b] = a;
  else parents[a] = b;
}

/** Halves the way as it goes. */
function root(parents: Int32Array, run: number): number {
  let at = run;
  while (parents[at] !== at) {
    parents[at] = parents[parents[at]!]!;
    at = parents[at]!;
  }
  return at;
}

/** Turns parents into the components' numbers, and returns how many there are. A parent comes before its children. */
function number(parents: Int32Array): number {
  let count = 0;
  for (let run = 1; run < parents.length; run++) {
    parents[run] = parents[run] === run ? ++count : parents[parents[run]!]!;
  }
  return count;
}
