/**
 * A page with any number of digits -> lines of digits. The way: ink from paper -> parts -> glyphs -> lines -> what each glyph
 * is as a whole -> wide ones parted where that gives the likeliest digits. The model is asked twice, however many digits
 * there are.
 */

import type { Contract } from '../contract.js';
import { DenaryError, problem } from '../errors.js';
import type { GreyImage, Image } from '../image.js';
import { normaliseLarge, toGreyLarge } from '../large-image.js';
import { FIELD } from '../normalise.js';
import type { Prediction } from '../prediction.js';
import type { Work } from '../slices.js';
import { findGlyphs } from './glyphs.js';
import { findLines } from './lines.js';
import { findInk, type InkPage } from './page.js';
import { findParting, type Stretch } from './partings.js';
import { type Bounds, findParts, heightOf, widthOf } from './parts.js';
import { type Box, type ReadDigit, type Reading, readsPages, toReading } from './reading.js';
import type { Strokes } from './strokes.js';
import { type Candidate, mayTouch, stretchesOf, type Whole, wholeOf } from './touching.js';

export interface PageReader {
  /** What the model says of normalised images, each uint8 [28, 28]. */
  classify(fields: readonly Uint8Array[]): Promise<readonly Prediction[]>;
  /** What is known of the page's strokes; measured where left out. */
  readonly strokes?: Strokes | undefined;
  /** Does long work in slices, between which others have their turn; rejects where the call was ended. */
  work<T>(work: Work<T>): Promise<T>;
}

/** A page with more pieces that may be digits is not one of handwriting. */
export const MAX_PAGE_DIGITS = 5000;
/** A glyph that is this certainly one digit is like any other. */
const CERTAIN = 0.95;

/** Throws `bad-argument` where the model is not one of a single digit, and for strokes that are none. */
export function requireReadable(contract: Contract, strokes: Strokes | undefined): void {
  const stroke = strokes?.width ?? 1;
  if (!(stroke > 0)) {
    throw problem('bad-argument', 'read', 'strokes of a width above 0', `${stroke}`, 'Leave them out.');
  }
  if (readsPages(contract)) return;
  const { height, width, slots, classes } = contract;
  const expected = `a model of one digit on ${FIELD}x${FIELD} pixels`;
  const received = `one of ${slots} in ${classes} classes on ${width}x${height}`;
  throw problem('bad-argument', 'read', expected, received, "Use a model like 'cnn'.");
}

/** Throws `bad-image` for what is no image, and for a page with too many pieces of ink. */
export async function readPage(image: Image, given: PageReader): Promise<Reading> {
  const reader = {
    ...given,
    classify: async (fields: readonly Uint8Array[]) => (await given.classify(fields)).map(seen),
  };
  const grey = await reader.work(toGreyLarge(image, 'read'));
  const found = await reader.work(findWholes(grey, reader.strokes));
  if (found === undefined) return toReading([]);
  const all = found.lines.flat();
  const predictions = await predictAll(all, grey, reader);
  const stretches = await reader.work(stretchesOfAll(found, predictions));
  const more = await predictAll(stretches.flat(), undefined, reader);

  const box = (bounds: Bounds) => scaleUp(bounds, found.page.step, grey);
  const digits = await reader.work(digitsOf(all, predictions, stretches, more, box));
  let next = 0;
  return toReading(found.lines.map((line) => line.flatMap(() => digits[next++]!)));
}

/** What may be digits, line by line, on a page that bears ink. */
interface Found {
  readonly page: InkPage;
  readonly labels: Int32Array;
  readonly lines: readonly (readonly Whole[])[];
}

function* findWholes(grey: GreyImage, strokes: Strokes | undefined): Work<Found | undefined> {
  const page = yield* findInk(grey, strokes);
  if (page === undefined) return undefined;
  const parts = yield* findParts(page);
  if (parts.parts.length > MAX_PAGE_DIGITS) throw tooMany(parts.parts.length);
  const lines: Whole[][] = [];
  for (const { glyphs, height } of yield* findLines(yield* findGlyphs(parts, page.width), parts.height)) {
    const line: Whole[] = [];
    lines.push(line);
    for (const glyph of glyphs) {
      const whole = wholeOf(page, parts.labels, glyph, height);
      if (whole) line.push(whole);
      yield;
    }
  }
  return { page, labels: parts.labels, lines };
}

/** For each whole that may be several digits, what it may be parted into; for the others nothing. */
function* stretchesOfAll({ page, labels, lines }: Found, predictions: readonly Prediction[]): Work<Candidate[][]> {
  const stretches: Candidate[][] = [];
  for (const [i, whole] of lines.flat().entries()) {
    const own: Candidate[] = [];
    stretches.push(own);
    if (!mayTouch(whole, predictions[i]!)) continue;
    for (const stretch of stretchesOf(page, labels, whole)) {
      own.push(stretch);
      yield;
    }
  }
  return stretches;
}

/** What each whole is read as: one digit, or several. */
function* digitsOf(
  wholes: readonly Whole[],
  predictions: readonly Prediction[],
  stretches: readonly Candidate[][],
  more: readonly Prediction[],
  box: (bounds: Bounds) => Box,
): Work<ReadDigit[][]> {
  const digits: ReadDigit[][] = [];
  let next = 0;
  for (const [i, { bounds }] of wholes.entries()) {
    const parting = stretches[i]!.map((stretch) => ({ ...stretch, prediction: more[next++]! }));
    digits.push(parting.length > 1 ? partedDigits(parting, box) : [readDigit(predictions[i]!, box(bounds))]);
    yield;
  }
  return digits;
}

/** A page with but one digit is read as `predict` reads it, wherever both see the same digit. */
async function predictAll(
  candidates: readonly Candidate[],
  page: GreyImage | undefined,
  { classify, work }: PageReader,
): Promise<readonly Prediction[]> {
  if (candidates.length === 0) return [];
  const fields = candidates.map(({ field }) => field);
  if (candidates.length > 1 || page === undefined) return classify(fields);
  const { pixels, empty } = await work(normaliseLarge({ ...page, channels: 1 }, 'read'));
  const [alone, asPage] = await classify([...fields, pixels]);
  return [!empty && asPage!.digit === alone!.digit ? asPage! : alone!];
}

function partedDigits(stretches: readonly (Candidate & Stretch)[], box: (bounds: Bounds) => Box): ReadDigit[] {
  const { stretches: chosen, certainties } = findParting(stretches, Math.max(...stretches.map(({ to }) => to)));
  return chosen.map(({ prediction, bounds }, i) => {
    const digit = readDigit(prediction, box(bounds));
    if (chosen.length === 1 && certainties[i]! >= CERTAIN) return digit;
    return { ...digit, confidence: prediction.confidence * certainties[i]!, touching: true };
  });
}

/** What the model sees, be it something that the recognizer refuses to read: where digits lie does not depend on that. */
function seen(prediction: Prediction): Prediction {
  const { digit, probabilities } = prediction;
  return digit === null ? { ...prediction, digit: probabilities.indexOf(Math.max(...probabilities)) } : prediction;
}

const readDigit = ({ digit, confidence, probabilities, rejected }: Prediction, box: Box): ReadDigit => ({
  digit: digit!,
  confidence,
  probabilities,
  box,
  touching: false,
  ...(rejected && { rejected }),
});

function scaleUp(bounds: Bounds, step: number, { width, height }: GreyImage): Box {
  const [x, y] = [bounds.left * step, bounds.top * step];
  return {
    x,
    y,
    width: Math.min(width - x, widthOf(bounds) * step),
    height: Math.min(height - y, heightOf(bounds) * step),
  };
}

function tooMany(pieces: number): DenaryError {
  return new DenaryError({
    code: 'bad-image',
    who: 'read',
    expected: `a page with at most ${MAX_PAGE_DIGITS} digits`,
    received: `one with ${pieces} pieces of ink`,
    remedy: 'Give an image of handwritten digits, in parts if there are so many.',
  });
}
