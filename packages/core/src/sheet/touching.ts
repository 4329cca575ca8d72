/** What may be several digits that touch: which glyphs, and all the digits that their cuts could make. */

import { normalise } from '../normalise.js';
import type { Prediction } from '../prediction.js';
import { findCuts } from './cuts.js';
import type { Glyph } from './glyphs.js';
import type { InkPage } from './page.js';
import { excessLength, type Stretch } from './partings.js';
import { type Bounds, heightOf, widthOf } from './parts.js';
import { firstColumn, lastColumn, type Piece, takePiece } from './pieces.js';

/** Glyphs at least so wide, in heights of their line, may be several digits, where there is doubt or too much ink. */
const MAYBE = 0.5;
const DOUBTFUL = 0.98;
const WIDE = 1.3;
/** A stretch between cuts has at least this share of its glyph's ink, and is at most so wide, in heights. */
const LEAST_INK = 0.04;
const WIDEST = 1.5;

/** Something on the page that may be a digit, as the model will see it. */
export interface Candidate extends Omit<Stretch, 'prediction'> {
  readonly bounds: Bounds;
  /** uint8 [28, 28]. */
  readonly field: Uint8Array;
}

/** A glyph that may be a digit, in a line of that height; nothing where there is nothing to be seen. */
export interface Whole extends Candidate {
  readonly glyph: Glyph;
  readonly lineHeight: number;
}

export function wholeOf(page: InkPage, labels: Int32Array, glyph: Glyph, lineHeight: number): Whole | undefined {
  const piece = takePiece(page, labels, glyph);
  const whole = piece && candidateOf(piece, glyph, lineHeight, { from: 0, to: 1, crossed: 0 });
  return whole && { ...whole, glyph, lineHeight };
}

export function mayTouch({ width, length }: Whole, { digit, confidence }: Prediction): boolean {
  if (width < MAYBE) return false;
  return confidence < DOUBTFUL || width > WIDE || excessLength(length, digit!) > 1;
}

/** Every stretch from cut to cut that may be a digit, the whole glyph first; the last cut is the glyph's end. */
export function* stretchesOf(page: InkPage, labels: Int32Array, whole: Whole): Generator<Candidate> {
  const { glyph, lineHeight } = whole;
  const cuts = findCuts(labels, page.width, glyph, lineHeight);
  const last = cuts.length + 1;
  const { area, edge } = takePiece(page, labels, glyph)!;
  yield { ...whole, to: last };
  for (let from = 0; from < last; from++) {
    for (let to = from + 1; to <= last; to++) {
      const [left, right] = [cuts[from - 1]?.path, cuts[to - 1]?.path];
      const least = (right ? firstColumn(right) : glyph.right) - (left ? lastColumn(left) : glyph.left);
      if (least > WIDEST * lineHeight || (from === 0 && to === last)) continue;
      const piece = takePiece(page, labels, glyph, left, right);
      if (piece === undefined || piece.area < LEAST_INK * area || widthOf(piece.bounds) > WIDEST * lineHeight) continue;
      const crossed = ((cuts[to - 1]?.ink ?? 0) * edge) / 2 / area;
      const candidate = candidateOf(piece, glyph, lineHeight, { from, to, crossed });
      if (candidate) yield candidate;
    }
  }
}

function candidateOf(
  { bounds, edge, picture }: Piece,
  glyph: Glyph,
  lineHeight: number,
  ends: { from: number; to: number; crossed: number },
): Candidate | undefined {
  const { pixels, empty } = normalise(picture);
  if (empty) return undefined;
  return {
    ...ends,
    bounds,
    field: pixels,
    left: (bounds.left - glyph.left) / lineHeight,
    width: widthOf(bounds) / lineHeight,
    height: heightOf(bounds) / lineHeight,
    length: edge / 2 / lineHeight,
  };
}
