/** The connected pieces of ink on a page, without specks, slivers at its edges, and frames. */

import { BAND } from '../bands.js';
import type { Work } from '../slices.js';
import { type Components, findComponents } from './components.js';
import type { InkPage } from './page.js';

/** Ink is what exceeds this share of the threshold, and this share of the mean level of its own piece. */
const FAINT = 0.6;
const OWN = 0.55;
/** In pixels: something so small and so full is a dot. */
const DOT = 12;
const FULL = 0.6;
/** A piece whose sides are less than this share of the digits' height is a speck. */
const SPECK = 0.2;
/** With less ink for its length than this share of the median, it is what is left of a rule. */
const THIN = 0.2;
/** At the page's edge, what is thinner than this share of the height is a shadow; what is longer than these heights, a desk. */
const SLIVER = 0.35;
const LARGE = 2;
/** Of pieces higher than that, those with less ink in their box are frames. */
const SPARSE = 0.06;

/** A box in pixels of the page, its last row and column included. */
export interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Part extends Bounds {
  readonly label: number;
  readonly area: number;
}

export interface Parts {
  /** int32 [height, width]: the label of each pixel's part, or of a piece that is none, or 0. */
  readonly labels: Int32Array;
  readonly parts: readonly Part[];
  /** The height of the digits: half of the ink is in pieces at least so high. */
  readonly height: number;
}

export const widthOf = ({ left, right }: Bounds): number => right - left + 1;
export const heightOf = ({ top, bottom }: Bounds): number => bottom - top + 1;

export function* findParts(page: InkPage): Work<Parts> {
  const { width, height } = page;
  const { labels, ...components } = yield* findInked(page);
  const all = partsOf({ labels, ...components }).filter((part) => {
    const side = Math.max(widthOf(part), heightOf(part));
    return side > 2 && !(side < DOT && part.area > FULL * side * side);
  });
  const isAtEdge = ({ left, right, top, bottom }: Part) =>
    left === 0 || top === 0 || right === width - 1 || bottom === height - 1;
  const bodies = all.map(bodyOf).sort((a, b) => a - b);
  const thin = THIN * (bodies[bodies.length >> 1] ?? 0);
  const inside = all.filter((part) => !isAtEdge(part));
  const typical = typicalHeight(inside.length > 0 ? inside : all);
  const parts = all.filter((part) => {
    const [across, down] = [widthOf(part), heightOf(part)];
    if (Math.max(across, down) < SPECK * typical || bodyOf(part) < thin) return false;
    if (down > LARGE * typical && part.area < SPARSE * across * down) return false;
    if (!isAtEdge(part) || inside.length === 0) return true;
    return Math.max(across, down) <= LARGE * typical && Math.min(across, down) >= SLIVER * typical;
  });
  return { labels, parts, height: typical };
}

/** Each piece is told from its surroundings anew, by a threshold that suits its own ink. */
function* findInked({ ink, width, height, threshold }: InkPage): Work<Components> {
  const faint = FAINT * threshold;
  const marks = new Uint8Array(ink.length);
  for (let p = 0; p < ink.length; p++) {
    if (p % BAND === 0) yield;
    marks[p] = ink[p]! > faint ? 1 : 0;
  }
  const { labels, count, area } = yield* findComponents(marks, width, height);
  const levels = new Float64Array(count + 1);
  for (let p = 0; p < ink.length; p++) {
    if (p % BAND === 0) yield;
    if (labels[p] !== 0) levels[labels[p]!]! += ink[p]!;
  }
  for (let p = 0; p < ink.length; p++) {
    if (p % BAND === 0) yield;
    const label = labels[p]!;
    if (label !== 0 && ink[p]! * area[label]! < OWN * levels[label]!) marks[p] = 0;
  }
  return yield* findComponents(marks, width, height);
}

function partsOf({ count, left, right, top, bottom, area }: Components): Part[] {
  return Array.from({ length: count }, (_, i) => {
    const label = i + 1;
    return {
      label,
      left: left[label]!,
      right: right[label]!,
      top: top[label]!,
      bottom: bottom[label]!,
      area: area[label]!,
    };
  });
}

/** Ink for each pixel of its longer side. */
const bodyOf = (part: Part): number => part.area / Math.max(widthOf(part), heightOf(part));

function typicalHeight(parts: readonly Part[]): number {
  const byHeight = parts.toSorted((a, b) => heightOf(a) - heightOf(b));
  const total = parts.reduce((sum, { area }) => sum + area, 0);
  let below = 0;
  for (const part of byHeight) {
    below += part.area;
    if (2 * below >= total) return heightOf(part);
  }
  return 0;
}
