/**
 * A page with any number of digits -> lines of digits. The way: ink from paper -> parts -> glyphs -> lines -> what each glyph
 * is as a whole -> wide ones parted where that gives the likeliest digits. The model is asked twice, however many digits
 * there are.
 */

import { DenaryError } from '../errors.js';
import { type GreyImage, type Image, toGrey } from '../image.js';
import { normalise } from '../normalise.js';
import type { Prediction } from '../prediction.js';
import { findGlyphs } from './glyphs.js';
import { findLines } from './lines.js';
import { findInk } from './page.js';
import { findParting, type Stretch } from './partings.js';
import { type Bounds, findParts, heightOf, widthOf } from './parts.js';
import { type Box, type ReadDigit, type Reading, toReading } from './reading.js';
import type { Strokes } from './strokes.js';
import { type Candidate, mayTouch, stretchesOf, type Whole, wholeOf } from './touching.js';

export interface PageReader {
  /** What the model says of normalised images, each uint8 [28, 28]. */
  classify(fields: readonly Uint8Array[]): Promise<readonly Prediction[]>;
  /** What is known of the page's strokes; measured where left out. */
  readonly strokes?: Strokes | undefined;
  /** Lets others have their turn; throws where the call was ended. */
  pause(): Promise<void>;
}

/** A page with more pieces that may be digits is not one of handwriting. */
export const MAX_PAGE_DIGITS = 5000;
/** A glyph that is this certainly one digit is like any other. */
const CERTAIN = 0.95;
/** Pictures for the model that are made in one go. */
const TURN = 16;

/** Throws `bad-image` for what is no image, and for a page with too many pieces of ink. */
export async function readPage(image: Image, given: PageReader): Promise<Reading> {
  const reader = {
    ...given,
    classify: async (fields: readonly Uint8Array[]) => (await given.classify(fields)).map(seen),
  };
  const grey = toGrey(image, 'read');
  const page = findInk(grey, given.strokes);
  if (page === undefined) return toReading([]);
  await reader.pause();
  const parts = findParts(page);
  if (parts.parts.length > MAX_PAGE_DIGITS) throw tooMany(parts.parts.length);
  await reader.pause();
  const lines = findLines(findGlyphs(parts, page.width), parts.height);
  const wholes: Whole[][] = [];
  for (const { glyphs, height } of lines) {
    await reader.pause();
    wholes.push(
      glyphs.map((glyph) => wholeOf(page, parts.labels, glyph, height)).filter((whole) => whole !== undefined),
    );
  }
  const all = wholes.flat();
  const predictions = await predictAll(all, grey, reader);
  const stretches: Candidate[][] = [];
  let prepared = 0;
  for (const [i, whole] of all.entries()) {
    const own: Candidate[] = [];
    stretches.push(own);
    if (!mayTouch(whole, predictions[i]!)) continue;
    for (const stretch of stretchesOf(page, parts.labels, whole)) {
      own.push(stretch);
      if (++prepared % TURN === 0) await reader.pause();
    }
  }
  const more = await predictAll(stretches.flat(), undefined, reader);

  const box = (bounds: Bounds) => scaleUp(bounds, page.step, grey);
  let [next, nextMore] = [0, 0];
  return toReading(
    wholes.map((line) =>
      line.flatMap((whole) => {
        const prediction = predictions[next]!;
        const parting = stretches[next++]!.map((stretch) => ({ ...stretch, prediction: more[nextMore++]! }));
        return parting.length > 1 ? partedDigits(parting, box) : [readDigit(prediction, box(whole.bounds))];
      }),
    ),
  );
}

/** A page with but one digit is read as `predict` reads it, wherever both see the same digit. */
async function predictAll(
  candidates: readonly Candidate[],
  page: GreyImage | undefined,
  { classify }: PageReader,
): Promise<readonly Prediction[]> {
  if (candidates.length === 0) return [];
  const fields = candidates.map(({ field }) => field);
  if (candidates.length > 1 || page === undefined) return classify(fields);
  const { pixels, empty } = normalise(page);
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
