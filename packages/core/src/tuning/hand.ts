/**
 * What sets a user's hand apart, as far as an affine map and the width of the pen tell: it leans, is small, is mirrored, is
 * thick. It is fitted from the mean image of each class of the core set to that of the corrections, by as few numbers as these
 * can tell; the whole core set drawn that way is then some thousand digits more in the user's hand.
 */

import { changeStroke } from '../augment/stroke.js';
import { Canvas, resample } from '../augment/warp.js';
import { uniform } from '../random.js';
import type { Work } from '../slices.js';
import {
  type Affine,
  anyMap,
  centreOf,
  type Directions,
  identity,
  likenessTo,
  type Moments,
  mapBetween,
  mirrored,
  momentsOf,
  placementOf,
  refined,
  type Size,
} from './affine.js';
import { picked, type Samples } from './samples.js';

export interface Hand {
  /** About the centre of the ink. */
  readonly map: Affine;
  /** Pixels by which strokes are wider, before the map; negative where they are thinner. */
  readonly stroke: number;
  /** Where the ink's centre lies, in pixels from the image's; undefined where that is as in the core set. */
  readonly place: Place | undefined;
  /** Mean cosine, over the corrections, of their class' mean image and that of the core set: as it is, and in this hand. */
  readonly likeness: { readonly before: number; readonly after: number };
}

/** Right and down: the mean, and how far it strays (standard deviation). */
interface Place {
  readonly mean: Pair;
  readonly stray: Pair;
}
type Pair = readonly [right: number, down: number];

/** Corrections from which a hand can be told; of one class they do, as far as that class is unlike itself mirrored. */
const LEAST_CORRECTIONS = 3;
/** A hand is taken for one if it leaves at most this part of the unlikeness: chance alone fits a few percent away. */
const MOST_LEFT = 0.85;
/**
 * How much nearer, as a logarithm, each number that is fitted has to bring the corrections of one class to the core set's: five
 * images of one digit are fitted best by maps that are far from how the other digits are written. Chosen by
 * `node bench/tuning/hands.mjs`: by how like the nine others are in the hand that is found.
 */
const PER_NUMBER = 0.3;
/** Images of each class that its mean is taken of. */
const MEANT = 40;
/** How much the pen is changed in a trial, in pixels, and the most trials either way. */
const PEN_STEP = 1;
const PEN_TRIALS = 3;
/** Pixels by which places have to differ, and to stray: a stroke more or less moves the centre, too. */
const [NEAR, STRAY] = [1.5, 1];
const SEED = 1;

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

/** A map of a family, on strokes that are wider by so many pixels. */
interface Fit {
  readonly family: Family;
  readonly map: Affine;
  readonly stroke: number;
  readonly likeness: number;
  /** How unlike what it gives is, and how much it took: the fit of the least is taken. */
  readonly cost: number;
}

/** Undefined where the corrections are too few or have several labels each, and where they look like the core set or differ from it otherwise. */
export function* fitHand(corrections: Samples, core: Samples, perNumber = PER_NUMBER): Work<Hand | undefined> {
  if (corrections.count < LEAST_CORRECTIONS || (corrections.slots ?? 1) > 1) return undefined;
  const theirs = meansOf(corrections);
  const sample = firstOfEach(core, MEANT);
  const plain = meansOf(sample);
  const classes = [...theirs.keys()].filter((label) => plain.has(label)).length;
  if (classes === 0) return undefined;
  const fitFrom = function* (means: Means, start: Affine, family: Family, stroke: number): Work<Fit> {
    const found = yield* refined(start, (map) => meanLikeness(means, theirs, map, core), family.directions);
    const numbers = family.numbers + (stroke === 0 ? 0 : 1);
    return { ...found, family, stroke, cost: Math.log(1 - found.likeness) + (perNumber * numbers) / classes };
  };

  const [from, to] = [pooled(plain, theirs, core), pooled(theirs, theirs, core)];
  let best = yield* fitFrom(plain, identity, families[0]!, 0);
  const before = best.likeness;
  for (const family of families) {
    for (const start of family.starts(from, to)) {
      const fit = yield* fitFrom(plain, start, family, 0);
      if (fit.cost < best.cost) best = fit;
    }
  }
  for (const direction of [PEN_STEP, -PEN_STEP]) {
    for (let trial = 1; trial <= PEN_TRIALS; trial++) {
      const stroke = direction * trial;
      const means = meansOf(yield* inHand(sample, { map: identity, stroke }));
      const fit = yield* fitFrom(means, best.map, best.family, stroke);
      if (fit.cost >= best.cost) break;
      best = fit;
    }
  }
  const place = placeOf(corrections, sample);
  const { map, stroke, likeness: after } = best;
  if (1 - after > MOST_LEFT * (1 - before) && !place) return undefined;
  return { map, stroke, place, likeness: { before, after } };
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

const rightAndDown = (of: (axis: 0 | 1) => number): Pair => [of(0), of(1)];

/** The samples as this hand would write them; where no place is given, they stay where they are. */
export function* inHand(samples: Samples, hand: Pick<Hand, 'map' | 'stroke'> & Partial<Hand>): Work<Samples> {
  const { map, stroke, place } = hand;
  const { height, width, count } = samples;
  const area = height * width;
  const images = new Uint8Array(samples.images.length);
  const canvas = new Canvas(height, width);
  for (let i = 0; i < count; i++) {
    canvas.load(samples.images, i * area);
    // Two pixels are the most at once: each edge moves by one.
    for (let left = stroke; left !== 0; left -= Math.sign(left) * Math.min(2, Math.abs(left))) {
      changeStroke(canvas, Math.sign(left) * Math.min(2, Math.abs(left)));
    }
    const from = place && centreOf(samples.images.subarray(i * area, (i + 1) * area), samples);
    const placed = from ? moved(map, from, strayed(place, i)) : map;
    resample(canvas, placementOf(placed, samples), undefined, images, i * area);
    yield;
  }
  return { ...samples, images };
}

/** The map that puts what lies at `from` at `to`. */
const moved = ([xx, xy, yx, yy]: Affine, from: Pair, to: Pair): Affine => [
  ...([xx, xy, yx, yy] as const),
  from[0] - xx * to[0] - xy * to[1],
  from[1] - yx * to[0] - yy * to[1],
];

/** Evenly, as far as it takes for that deviation. */
const strayed = ({ mean, stray }: Place, i: number): Pair =>
  rightAndDown((axis) => mean[axis] + stray[axis] * Math.sqrt(12) * (uniform(SEED, axis, i) - 0.5));

interface Mean {
  readonly image: Float64Array;
  readonly count: number;
}
/** By class, of those that there are. */
type Means = ReadonlyMap<number, Mean>;

function meansOf({ images, labels, height, width }: Samples): Means {
  const area = height * width;
  const sums = new Map<number, { image: Float64Array; count: number }>();
  labels.forEach((label, i) => {
    const sum = sums.get(label) ?? { image: new Float64Array(area), count: 0 };
    const own = images.subarray(i * area, (i + 1) * area);
    // Each with its centre in the middle: where digits are put says nothing of how they are written.
    const [right, down] = centreOf(own, { height, width }).map(Math.round) as [number, number];
    for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
      for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
        sum.image[(y - down) * width + x - right]! += own[y * width + x]!;
      }
    }
    sum.count++;
    sums.set(label, sum);
  });
  return new Map([...sums].map(([label, { image, count }]) => [label, { image: image.map((v) => v / count), count }]));
}

/** The mean over the corrections, each as like the core set's as the mean image of its class. */
function meanLikeness(core: Means, theirs: Means, map: Affine, size: Size): number {
  let [sum, count] = [0, 0];
  for (const [label, own] of theirs) {
    const source = core.get(label);
    if (!source) continue;
    sum += own.count * likenessTo(own.image, source.image, map, size);
    count += own.count;
  }
  return sum / (count || 1);
}

/** Of the classes that both have, each as often as it is among the corrections. */
function pooled(means: Means, theirs: Means, size: Size): Moments {
  let [yy, xy, xx, count] = [0, 0, 0, 0];
  for (const [label, own] of theirs) {
    const mean = means.get(label);
    if (!mean) continue;
    const moments = momentsOf(mean.image, size);
    yy += own.count * moments[0];
    xy += own.count * moments[1];
    xx += own.count * moments[2];
    count += own.count;
  }
  return [yy / count, xy / count, xx / count];
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
