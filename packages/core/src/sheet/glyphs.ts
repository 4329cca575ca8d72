/** Puts the parts of one digit together: a 5 and its loose bar, a stroke that was broken. */

import type { Work } from '../slices.js';
import { type Bounds, heightOf, type Parts, widthOf } from './parts.js';

/** What is lower than this share of the digits' height may be a part of a digit. */
const SMALL = 0.65;
/** A part is at most so far from the digit, and so far beside it; both are at most so high and so wide. */
const NEAR = 0.3;
const BESIDE = 0.08;
const HIGHEST = 1.35;
const WIDEST = 1.5;
/** So much of its width lies above or below the digit; of a flat one, as the bar of a 5, so much. */
const COVERED = 0.45;
const FLAT = 0.4;
const FLAT_COVERED = 0.15;
/** A part beside a digit that it has rows in common with is at least so high. */
const TALL = 0.25;

/** What may be a digit, or several that touch. */
export interface Glyph extends Bounds {
  readonly labels: readonly number[];
}

export function* findGlyphs({ labels, parts, height }: Parts, pageWidth: number): Work<Glyph[]> {
  const homes = new Map<number, Glyph>();
  for (const { label, left, right, top, bottom } of parts)
    homes.set(label, { labels: [label], left, right, top, bottom });
  for (const { label } of parts.toSorted((a, b) => size(a) - size(b))) {
    const part = homes.get(label)!;
    if (heightOf(part) > SMALL * height) continue;
    yield;
    const next = nearest(labels, pageWidth, part, Math.ceil(NEAR * height), (other) => {
      const home = homes.get(other);
      return home !== undefined && home !== part && belongs(part, home, height);
    });
    if (next === undefined) continue;
    const whole = union(part, homes.get(next)!);
    for (const one of whole.labels) homes.set(one, whole);
  }
  return [...new Set(homes.values())];
}

function union(one: Glyph, other: Glyph): Glyph {
  return {
    labels: [...one.labels, ...other.labels],
    left: Math.min(one.left, other.left),
    right: Math.max(one.right, other.right),
    top: Math.min(one.top, other.top),
    bottom: Math.max(one.bottom, other.bottom),
  };
}

const size = (glyph: Bounds): number => heightOf(glyph) * widthOf(glyph);

/** Negative where they overlap. */
const gapX = (a: Bounds, b: Bounds): number => Math.max(a.left, b.left) - Math.min(a.right, b.right) - 1;
const gapY = (a: Bounds, b: Bounds): number => Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom) - 1;

function belongs(part: Glyph, other: Glyph, height: number): boolean {
  const both = union(part, other);
  if (heightOf(both) > HIGHEST * Math.max(height, heightOf(other))) return false;
  if (widthOf(both) > Math.max(WIDEST * height, widthOf(other))) return false;
  if (gapX(part, other) > BESIDE * height) return false;
  const covered = -gapX(part, other) / widthOf(part);
  if (covered >= COVERED || (covered >= FLAT_COVERED && heightOf(part) < FLAT * height)) return true;
  return gapY(part, other) < 0 && heightOf(part) > TALL * height;
}

/** The label that fits whose ink is nearest to a part's: found by widening the part a pixel at a time, `reach` times. */
function nearest(
  labels: Int32Array,
  pageWidth: number,
  part: Glyph,
  reach: number,
  fits: (label: number) => boolean,
): number | undefined {
  const pageHeight = labels.length / pageWidth;
  const [left, right] = [Math.max(0, part.left - reach), Math.min(pageWidth - 1, part.right + reach)];
  const [top, bottom] = [Math.max(0, part.top - reach), Math.min(pageHeight - 1, part.bottom + reach)];
  const seen = new Uint8Array((right - left + 1) * (bottom - top + 1));
  let front: [number, number][] = [];
  for (let y = part.top; y <= part.bottom; y++) {
    for (let x = part.left; x <= part.right; x++) {
      if (part.labels.includes(labels[y * pageWidth + x]!)) front.push([x, y]);
    }
  }
  for (let step = 0; step <= reach; step++) {
    const next: [number, number][] = [];
    for (const [x, y] of front) {
      const at = (y - top) * (right - left + 1) + x - left;
      if (seen[at] === 1) continue;
      seen[at] = 1;
      const label = labels[y * pageWidth + x]!;
      if (label !== 0 && !part.labels.includes(label) && fits(label)) return label;
      for (let v = Math.max(top, y - 1); v <= Math.min(bottom, y + 1); v++) {
        for (let u = Math.max(left, x - 1); u <= Math.min(right, x + 1); u++) {
          if (seen[(v - top) * (right - left + 1) + u - left] === 0) next.push([u, v]);
        }
      }
    }
    front = next;
  }
  return undefined;
}
