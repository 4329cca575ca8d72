/**
 * Takes the rules of lined and squared paper off a page: long, straight lines of thin ink. Each is followed column by column,
 * over the strokes that cross it, as lines of music are (d'Andecy, Camillerapp, Leplumey 1994). Where ink is thicker than a
 * rule it stays, so strokes are not cut.
 */

import { ROWS } from '../bands.js';
import type { Work } from '../slices.js';
import { transpose } from './morphology.js';

/** A rule is at most so thick, its gaps at most so wide, its whole at least so long, in strokes; so much of it is there. */
const THICK = 0.5;
const GAP = 3;
const LONG = 15;
const PRESENT = 0.5;
/** In pixels: how far from its expected place, and how much thicker or thinner than before, it may come. */
const STRAY = 1.5;
/** How steep it is at most, and how fast its expected place and slope follow what is seen. */
const STEEP = 0.2;
const FOLLOW = 0.25;
const TURN = 0.02;
/** A page with more pieces of thin ink than this is not a lined one. */
const MOST_PIECES = 500_000;

/** Sets `ink` to 0 on rules across and down; true if there are any. What is up to `faint` counts as paper. */
export function* eraseRules(
  ink: Uint8Array,
  width: number,
  height: number,
  stroke: number,
  faint: number,
): Work<boolean> {
  const turned = new Uint8Array(ink.length);
  yield* transpose(ink, turned, width, height);
  const across = yield* eraseAlong(turned, width, height, stroke, faint);
  if (across) yield* transpose(turned, ink, height, width);
  const down = yield* eraseAlong(ink, height, width, stroke, faint);
  return across || down;
}

/** A line that is being followed: from where, how far, how much of it was seen, and where it is going. */
interface Track {
  readonly first: number;
  last: number;
  seen: number;
  at: number;
  slope: number;
  thick: number;
}

/** A run of thin ink: where it is in the ink, its row and its middle there, and the track that it is on. */
interface Piece {
  readonly track: Track;
  readonly start: number;
  readonly end: number;
  readonly row: number;
  readonly middle: number;
}

/** `ink` has `length` rows, across the rules, of `breadth` pixels each. */
function* eraseAlong(ink: Uint8Array, length: number, breadth: number, stroke: number, faint: number): Work<boolean> {
  const pieces = yield* followAll(ink, length, breadth, stroke, faint);
  const rules = new Map<Track, Piece[]>();
  for (const piece of pieces) {
    const { first, last, seen } = piece.track;
    if (last - first + 1 < LONG * stroke || seen < PRESENT * (last - first + 1)) continue;
    if (!rules.get(piece.track)?.push(piece)) rules.set(piece.track, [piece]);
  }
  for (const [rule, found] of rules) {
    yield;
    const { slope, start } = fitLine(found);
    for (const piece of pieces) {
      // What is left of a rule between dense strokes is too short to be told, but lies in its line.
      const inLine = Math.abs(start + slope * piece.row - piece.middle) <= STRAY;
      if (piece.track !== rule && !(inLine && piece.end - piece.start <= rule.thick + STRAY)) continue;
      ink.fill(0, piece.start, piece.end);
    }
  }
  return rules.size > 0;
}

function* followAll(ink: Uint8Array, length: number, breadth: number, stroke: number, faint: number): Work<Piece[]> {
  const thickest = Math.max(3, Math.round(THICK * stroke));
  const pieces: Piece[] = [];
  const expected = new Map<number, Track>();
  let active: Track[] = [];
  for (let row = 0; row < length; row++) {
    if (row % ROWS === 0) yield;
    active = active.filter(({ last }) => row - last <= GAP * stroke);
    expected.clear();
    for (const track of active) {
      const at = Math.round(track.at + track.slope * (row - track.last));
      if ((expected.get(at)?.seen ?? 0) < track.seen) expected.set(at, track);
    }
    for (let p = row * breadth, end = p + breadth; p < end; p++) {
      if (ink[p]! <= faint) continue;
      const start = p;
      while (p < end && ink[p]! > faint) p++;
      if (p - start > thickest) continue;
      const middle = (start + p - 1) / 2 - row * breadth;
      const track = follow(expected, row, middle, p - start) ?? begin(active, row, middle, p - start);
      pieces.push({ track, start, end: p, row, middle });
      if (pieces.length > MOST_PIECES) return [];
    }
  }
  return pieces;
}

/** The line of least squares through a rule's pieces. */
function fitLine(pieces: readonly Piece[]): { slope: number; start: number } {
  const n = pieces.length;
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (const { row, middle } of pieces) {
    x += row;
    y += middle;
    xx += row * row;
    xy += row * middle;
  }
  const slope = (n * xy - x * y) / (n * xx - x * x);
  return { slope, start: (y - slope * x) / n };
}

/** The track that this piece goes on with, brought up to it. */
function follow(expected: Map<number, Track>, row: number, middle: number, thick: number): Track | undefined {
  let best: Track | undefined;
  let least = STRAY;
  for (let at = Math.floor(middle - STRAY); at <= Math.ceil(middle + STRAY); at++) {
    const track = expected.get(at);
    if (track === undefined || track.last === row || Math.abs(thick - track.thick) > STRAY) continue;
    const stray = Math.abs(track.at + track.slope * (row - track.last) - middle);
    if (stray > least) continue;
    best = track;
    least = stray;
  }
  if (best === undefined) return undefined;
  const stray = middle - best.at - best.slope * (row - best.last);
  best.at = middle - (1 - FOLLOW) * stray;
  best.slope = Math.min(STEEP, Math.max(-STEEP, best.slope + TURN * stray));
  best.thick += FOLLOW * (thick - best.thick);
  best.last = row;
  best.seen++;
  return best;
}

function begin(active: Track[], row: number, middle: number, thick: number): Track {
  const track = { first: row, last: row, seen: 1, at: middle, slope: 0, thick };
  active.push(track);
  return track;
}
