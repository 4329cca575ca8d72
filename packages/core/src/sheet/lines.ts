/** Sorts glyphs into lines, from top to bottom, and along each line. Lines may slope, bend, and start anywhere. */

import type { Work } from '../slices.js';
import type { Glyph } from './glyphs.js';
import { heightOf } from './parts.js';

/** A glyph belongs to a line whose middle it departs from by less than this share of the larger height. */
const APART = 0.55;
/** So many glyphs of a line, those nearest, tell where it is. */
const NEAREST = 4;
/** The page's slope is told from neighbours that are at most so many heights apart. */
const NEIGHBOURS = 3;
/** What is lower than this share of the digits' height does not tell where a line is; than that of its line's, is a dash or a dot. */
const TALL = 0.5;
const LOW = 0.45;

export interface Line {
  readonly glyphs: readonly Glyph[];
  /** The median height of its glyphs. */
  readonly height: number;
}

/** `height` is that of digits, about. */
export function* findLines(glyphs: readonly Glyph[], height: number): Work<Line[]> {
  const sorted = glyphs.toSorted((a, b) => middleX(a) - middleX(b));
  const tall = sorted.filter((glyph) => heightOf(glyph) > TALL * height);
  const slope = slopeOf(tall, height);
  const lines: Glyph[][] = [];
  for (const glyph of tall) {
    yield;
    const line = nearestLine(lines, (line) => line.slice(-NEAREST), glyph, slope);
    if (line) line.push(glyph);
    else lines.push([glyph]);
  }
  const rest = sorted.filter((glyph) => heightOf(glyph) <= TALL * height);
  const around = (line: readonly Glyph[], glyph: Glyph) =>
    line.toSorted((a, b) => Math.abs(middleX(a) - middleX(glyph)) - Math.abs(middleX(b) - middleX(glyph)));
  const homes: (Glyph[] | undefined)[] = [];
  for (const glyph of rest) {
    yield;
    homes.push(nearestLine(lines, (line) => around(line, glyph).slice(0, NEAREST), glyph, slope));
  }
  for (const [i, line] of homes.entries()) line?.push(rest[i]!);
  return lines
    .toSorted((a, b) => placeOf(a, slope) - placeOf(b, slope))
    .map((line) => {
      const least = LOW * medianHeight(line);
      const kept = line.filter((glyph) => heightOf(glyph) >= least).sort((a, b) => middleX(a) - middleX(b));
      return { glyphs: kept, height: medianHeight(kept) };
    });
}

const middleX = ({ left, right }: Glyph): number => (left + right) / 2;
const middleY = ({ top, bottom }: Glyph): number => (top + bottom) / 2;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
const medianHeight = (line: readonly Glyph[]): number => median(line.map(heightOf));

/** The line that comes nearest to where the glyph is, going on from those of its glyphs that `some` picks. */
function nearestLine(
  lines: readonly Glyph[][],
  some: (line: readonly Glyph[]) => readonly Glyph[],
  glyph: Glyph,
  slope: number,
): Glyph[] | undefined {
  let best: Glyph[] | undefined;
  let least = APART;
  for (const line of lines) {
    const near = some(line);
    const expected = placeOf(near, slope) + slope * middleX(glyph);
    const apart = Math.abs(middleY(glyph) - expected) / Math.max(heightOf(glyph), medianHeight(near));
    if (apart >= least) continue;
    best = line;
    least = apart;
  }
  return best;
}

/** Where a line would be at the page's left edge. */
function placeOf(line: readonly Glyph[], slope: number): number {
  return line.reduce((sum, glyph) => sum + middleY(glyph) - slope * middleX(glyph), 0) / line.length;
}

/** How far lines sink for each pixel to the right: the median over neighbours. */
function slopeOf(sorted: readonly Glyph[], height: number): number {
  const slopes: number[] = [];
  for (const [i, glyph] of sorted.entries()) {
    for (let j = i + 1; j < sorted.length; j++) {
      const across = middleX(sorted[j]!) - middleX(glyph);
      const down = middleY(sorted[j]!) - middleY(glyph);
      if (across > NEIGHBOURS * height) break;
      if (across < TALL * height || Math.abs(down) > TALL * height) continue;
      slopes.push(down / across);
      break;
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}
