/**
 * What sets a user's hand apart, as far as a pen, an affine map and a place tell: it is thick, or soft, leans, is small, is
 * mirrored, strays. Map and pen are fitted from the mean image of each class of the core set to that of the corrections, by as
 * few numbers as these can tell. One class tells too little of a pen that way: there, how wide its strokes are and how soft their
 * edges is measured. The whole core set drawn that way is then some thousand digits more in the user's hand.
 */

import type { Work } from '../slices.js';
import {
  type Affine,
  anyMap,
  centreOf,
  type Directions,
  identity,
  type Moments,
  mapBetween,
  mirrored,
  refined,
} from './affine.js';
import { type Drawing, inHand, type Pair, type Place, rightAndDown } from './drawing.js';
import { type Means, meanLikeness, meansOf, pooled } from './mean-images.js';
import { isPlain, type Pen, plainPen, steepnessOf, widthOf } from './pen.js';
import { picked, type Samples } from './samples.js';

export interface Hand extends Drawing {
  /** Mean cosine, over the corrections, of their class' mean image and that of the core set: as it is, and in this hand. */
  readonly likeness: { readonly before: number; readonly after: number };
}

/** Corrections from which a hand can be told; of one class they do, as far as that class is unlike itself mirrored. */
const LEAST_CORRECTIONS = 3;
/** A map is taken for a hand's if it leaves at most this part of the unlikeness: chance alone fits a few percent away. */
const MOST_LEFT = 0.85;
/**
 * How much nearer, as a logarithm, each number that is fitted has to bring the corrections of one class to the core set's: five
 * images of one digit are fitted best by maps that are far from how the other digits are written. Chosen by
 * `node bench/tuning/hands.mjs`: by how like the nine others are in the hand that is found.
 */
const PER_NUMBER = 0.3;
/** Images of each class that its mean is taken of. */
const MEANT = 40;
/** Pixels by which the pen may be wider or narrower, in turn, where several classes tell of it by their likeness. */
const PEN_TRIALS = 3;
/** Pixels by which strokes have to be wider or narrower: five digits of MNIST are by chance as much as one of its own. */
const NOT_BY_CHANCE = 1;
/** Of changes to the pen: how fine they are, and which leave a digit. */
const strokes = { step: 0.5, least: -2, most: 5 };
const softnesses = { step: 1, least: 0, most: 16 };
/** Pixels by which places have to differ, and to stray: a stroke more or less moves the centre, too. */
const [NEAR, STRAY] = [1.5, 1];

/** Maps of one kind, from the few numbers of which they are made. */
interface Family {
  readonly numbers: number;
  readonly directions: Directions;
  /** Where the search begins, by the moments of the core set's ink and of the corrections'. */
  readonly starts: (from: Moments, to: Moments) => readonly Affine[];
}

const size: Affine = [0.12, 0, 0, 0.12, 0, 0];
const slant: Affine = [0, 0.12, 0, 0, 0, 0];
const width: Affine = [0.12, 0, 0, 0, 0, 0];

/** From none at all to any; each but the last as it is and mirrored, which is a number, too. */
const families: readonly Family[] = [
  ...[[], [slant]].flatMap((directions) =>
    alsoMirrored({ numbers: directions.length, directions, starts: () => [identity] }),
  ),
  ...[[size], [size, slant], [size, slant, width]].flatMap((directions) =>
    alsoMirrored({ numbers: directions.length, directions, starts: (from, to) => [identity, sizeBetween(from, to)] }),
  ),
  {
    numbers: anyMap.length,
    directions: anyMap,
    starts: (from, to) => {
      const [xx, xy, ...rest] = mapBetween(flip(from), to);
      return [identity, mapBetween(from, to), mirrored(identity), [-xx, -xy, ...rest]];
    },
  },
];

function alsoMirrored(family: Family): readonly Family[] {
  const { numbers, directions, starts } = family;
  const other = (from: Moments, to: Moments) => starts(from, to).map(mirrored);
  return [family, { numbers: numbers + 1, directions: directions.map(mirrored), starts: other }];
}

/** A map of a family, on what a pen draws. */
interface Fit {
  readonly family: Family;
  readonly map: Affine;
  readonly pen: Pen;
  readonly likeness: number;
  /** How unlike what it gives is, and how much it took: the fit of the least is taken. */
  readonly cost: number;
}

/** Mean images of the core set, as a pen draws it. */
interface Drawn {
  readonly pen: Pen;
  readonly means: Means;
}

/** Undefined where the corrections are too few or have several labels each, and where they look like the core set or differ from it otherwise. */
export function* fitHand(corrections: Samples, core: Samples, perNumber = PER_NUMBER): Work<Hand | undefined> {
  if (corrections.count < LEAST_CORRECTIONS || (corrections.slots ?? 1) > 1) return undefined;
  const theirs = meansOf(corrections);
  const sample = firstOfEach(core, MEANT);
  const plain = meansOf(sample);
  const classes = [...theirs.keys()].filter((label) => plain.has(label)).length;
  if (classes === 0) return undefined;
  const one = classes === 1;
  const tried = where(sample, (label) => theirs.has(label));

  const to = pooled(theirs, theirs, core);
  // As large as theirs: the strokes of a smaller digit are narrower anyhow.
  const size = sizeBetween(pooled(plain, theirs, core), to);
  const early = one ? yield* measuredPen(corrections, tried, size) : plainPen;
  const drawnBy = function* (pen: Pen): Work<Drawn> {
    return { pen, means: isPlain(pen) ? plain : meansOf(yield* inHand(sample, { pen, map: identity })) };
  };
  const fitFrom = function* (start: Affine, family: Family, { pen, means }: Drawn): Work<Fit> {
    const found = yield* refined(start, (map) => meanLikeness(means, theirs, map, core), family.directions);
    const numbers = family.numbers + (pen === early ? 0 : 1);
    return { ...found, family, pen, cost: Math.log(1 - found.likeness) + (perNumber * numbers) / classes };
  };
  const drawn = yield* drawnBy(early);
  const from = pooled(drawn.means, theirs, core);
  let best = yield* fitFrom(identity, families[0]!, drawn);
  for (const family of families) {
    for (const start of family.starts(from, to)) {
      const fit = yield* fitFrom(start, family, drawn);
      if (fit.cost < best.cost) best = fit;
    }
  }
  for (const way of one ? [] : [1, -1]) {
    for (let trial = 1; trial <= PEN_TRIALS; trial++) {
      const fit = yield* fitFrom(best.map, best.family, yield* drawnBy({ ...plainPen, stroke: way * trial }));
      if (fit.cost >= best.cost) break;
      best = fit;
    }
  }

  const { map, likeness: after } = best;
  const pen = one ? yield* measuredPen(corrections, tried, map) : best.pen;
  const place = placeOf(corrections, sample);
  const before = meanLikeness(plain, theirs, identity, core);
  const alike = 1 - after > MOST_LEFT * (1 - before) && (!one || isPlain(pen));
  if (alike && !place) return undefined;
  return { pen, map, place, likeness: { before, after } };
}

/** The pen with which the core set, under that map, has strokes as wide as theirs, and edges as soft: softer ones are wider, too. */
function* measuredPen(theirs: Samples, core: Samples, map: Affine): Work<Pen> {
  const [width, steepness] = [widthOf(theirs), steepnessOf(theirs)];
  let softness = 0;
  const withStroke = function* (stroke: number): Work<Pen> {
    softness = yield* nearest(softness, softnesses, function* (softness) {
      return steepness - steepnessOf(yield* inHand(core, { pen: { stroke, softness }, map }));
    });
    return { stroke, softness };
  };
  const missing = function* (stroke: number) {
    return width - widthOf(yield* inHand(core, { pen: yield* withStroke(stroke), map }));
  };
  const missed = yield* missing(0);
  const chance = Math.abs(missed) < NOT_BY_CHANCE;
  return yield* withStroke(chance ? 0 : yield* nearest(Math.sign(missed), strokes, missing));
}

/** The value of the range, from the start on either way, that misses by the least. */
function* nearest(
  start: number,
  { step, least, most }: typeof strokes,
  miss: (value: number) => Work<number>,
): Work<number> {
  let [best, missed] = [start, Math.abs(yield* miss(start))];
  for (const way of [step, -step]) {
    for (let value = best + way; value >= least && value <= most; value += way) {
      const now = Math.abs(yield* miss(value));
      if (now >= missed) break;
      [best, missed] = [value, now];
    }
  }
  return best;
}

/** Undefined where it is that of the core set. */
function placeOf(corrections: Samples, core: Samples): Place | undefined {
  const [theirs, plain] = [spreadOf(corrections), spreadOf(core)];
  const apart = rightAndDown((axis) => theirs.mean[axis] - plain.mean[axis]);
  const more = rightAndDown((axis) => Math.max(0, theirs.variance[axis] - plain.variance[axis]));
  const differs = Math.hypot(...apart) > NEAR || Math.sqrt(more[0] + more[1]) > STRAY;
  return differs ? { mean: theirs.mean, stray: rightAndDown((axis) => Math.sqrt(theirs.variance[axis])) } : undefined;
}

/** Of the centres of their ink. */
function spreadOf({ images, count, ...size }: Samples) {
  const area = size.height * size.width;
  const centres = Array.from({ length: count }, (_, i) => centreOf(images.subarray(i * area, (i + 1) * area), size));
  const sum = (of: (centre: Pair) => number) => centres.reduce((total, centre) => total + of(centre), 0);
  const mean = rightAndDown((axis) => sum((centre) => centre[axis]) / count);
  const variance = rightAndDown((axis) => sum((centre) => (centre[axis] - mean[axis]) ** 2) / Math.max(1, count - 1));
  return { mean, variance };
}

const sizeBetween = (from: Moments, to: Moments): Affine => {
  const scale = Math.sqrt((from[0] + from[2]) / (to[0] + to[2]));
  return [scale, 0, 0, scale, 0, 0];
};

const flip = ([yy, xy, xx]: Moments): Moments => [yy, -xy, xx];

/** The first so many samples of each class. */
function firstOfEach(samples: Samples, most: number): Samples {
  const taken = new Map<number, number>();
  const indices = [...samples.labels.keys()].filter((i) => {
    const count = (taken.get(samples.labels[i]!) ?? 0) + 1;
    taken.set(samples.labels[i]!, count);
    return count <= most;
  });
  return picked(samples, indices);
}

const where = (samples: Samples, wanted: (label: number) => boolean): Samples =>
  picked(
    samples,
    [...samples.labels.keys()].filter((i) => wanted(samples.labels[i]!)),
  );
