/**
 * How a glyph is best parted into digits: every stretch between two cuts may be one, as likely as the recognizer and its shape
 * say, and the likeliest row of digits wins (dynamic programming). How certain that is, all the other rows tell.
 */

import type { Prediction } from '../prediction.js';

// A stretch's likelihood is the product of these, in natural logarithms. They were fitted to sheets of MNIST's training
// digits, some touching, so that the right rows of digits are as likely as can be (a conditional random field).
/** For each time that the recognizer is e times surer, down to doubts of this. */
const SURE = 0.38;
const LEAST_DOUBT = 1e-7;
/** For a cut, and for each stroke that it crosses. */
const CUT = -2.1;
const CROSS = -1.55;
/** For what is missing to this height, in heights of the line. */
const LOW = -3.5;
const HEIGHT = 0.9;
/** For strokes that are longer or shorter than the digit's, as a normal distribution cut off so many deviations away. */
const LENGTH = 0.45;
const FAR = 4;

/** How long the strokes of each digit are, in heights of the line: mean and deviation over MNIST's training digits. */
const LENGTHS = [3.23, 1.43, 2.99, 2.87, 2.54, 2.94, 2.62, 2.3, 2.99, 2.49];
const DEVIATIONS = [0.46, 0.22, 0.48, 0.44, 0.4, 0.47, 0.43, 0.39, 0.47, 0.39];

/** A digit that lies between the cuts `from` and `to`; the glyph's ends count as the first and the last cut. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** In heights of the line. */
  readonly left: number;
  readonly width: number;
  readonly height: number;
  /** Of its strokes, in heights of the line: half of its outline. */
  readonly length: number;
  /** How many strokes' widths of ink the cut at its right crosses; 0 at the glyph's end. */
  readonly crossed: number;
  readonly prediction: Prediction;
}

export interface Parting<S extends Stretch> {
  readonly stretches: readonly S[];
  /** For each: the share of all partings, by likelihood, in which the same digit is in about the same place. */
  readonly certainties: readonly number[];
}

/** By how many deviations a stretch's strokes are longer than those of the digit that it is taken for. */
export function excessLength(length: number, digit: number): number {
  return (length - LENGTHS[digit]!) / DEVIATIONS[digit]!;
}

/** `last` is the number of the glyph's right end. One stretch at least must go from 0 to `last`. */
export function findParting<S extends Stretch>(stretches: readonly S[], last: number): Parting<S> {
  const likelihoods = stretches.map((stretch) => Math.exp(score(stretch, last)));
  const ahead = new Float64Array(last + 1);
  const behind = new Float64Array(last + 1);
  const best = new Float64Array(last + 1);
  const choices: (S | undefined)[] = new Array(last + 1);
  ahead[0] = behind[last] = best[0] = 1;
  for (let at = 1; at <= last; at++) {
    for (const [i, stretch] of stretches.entries()) {
      if (stretch.to !== at) continue;
      ahead[at]! += ahead[stretch.from]! * likelihoods[i]!;
      const likelihood = best[stretch.from]! * likelihoods[i]!;
      if (likelihood <= best[at]!) continue;
      best[at] = likelihood;
      choices[at] = stretch;
    }
  }
  for (let at = last - 1; at >= 0; at--) {
    for (const [i, { from, to }] of stretches.entries()) if (from === at) behind[at]! += behind[to]! * likelihoods[i]!;
  }
  const chosen: S[] = [];
  for (let at = last; at > 0; at = chosen[0]!.from) chosen.unshift(choices[at]!);
  const certainties = chosen.map((one) =>
    stretches.reduce((sum, stretch, i) => {
      if (!isAlike(one, stretch)) return sum;
      return sum + (ahead[stretch.from]! * likelihoods[i]! * behind[stretch.to]!) / ahead[last]!;
    }, 0),
  );
  return { stretches: chosen, certainties: certainties.map((certainty) => Math.min(1, certainty)) };
}

function score({ to, height, length, crossed, prediction }: Stretch, last: number): number {
  const { digit, probabilities } = prediction;
  const doubt = probabilities.reduce((sum, probability, other) => (other === digit ? sum : sum + probability), 0);
  const far = Math.max(-FAR, Math.min(FAR, excessLength(length, digit!)));
  return (
    -SURE * Math.log(doubt + LEAST_DOUBT) +
    LOW * Math.max(0, HEIGHT - height) -
    (LENGTH * far * far) / 2 +
    (to === last ? 0 : CUT + CROSS * crossed)
  );
}

/** The same digit, and more than half of what both cover is covered by each. */
function isAlike(a: Stretch, b: Stretch): boolean {
  if (a.prediction.digit !== b.prediction.digit) return false;
  const shared = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  return 2 * shared > Math.max(a.left + a.width, b.left + b.width) - Math.min(a.left, b.left);
}
