/**
 * What sets a user's hand apart, as far as an affine map and the width of the pen tell: it leans, is small, is mirrored, is
 * thick. It is fitted from the mean image of each class of the core set to that of the corrections; the whole core set drawn
 * that way is then some thousand digits more in the user's hand.
 */

import { changeStroke } from '../augment/stroke.js';
import { Canvas, resample } from '../augment/warp.js';
import type { Work } from '../slices.js';
import {
  type Affine,
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
  readonly map: Affine;
  /** Pixels by which strokes are wider, before the map; negative where they are thinner. */
  readonly stroke: number;
  /** Mean cosine, over the corrections, of their class' mean image and that of the core set: as it is, and in this hand. */
  readonly likeness: { readonly before: number; readonly after: number };
}

/** Corrections from which a hand can be told; of one class they do, as far as that class is unlike itself mirrored. */
const LEAST_CORRECTIONS = 3;
/** A hand is taken for one if it leaves at most this part of the unlikeness: chance alone fits a few percent away. */
const MOST_LEFT = 0.85;
/** Images of each class that its mean is taken of. */
const MEANT = 40;
/** How much the pen is changed in a trial, in pixels, and the most trials either way. */
const PEN_STEP = 1;
const PEN_TRIALS = 3;

/** Undefined where the corrections are too few or have several labels each, and where they look like the core set or differ from it otherwise. */
export function* fitHand(corrections: Samples, core: Samples): Work<Hand | undefined> {
  if (corrections.count < LEAST_CORRECTIONS || (corrections.slots ?? 1) > 1) return undefined;
  const theirs = meansOf(corrections);
  const sample = firstOfEach(core, MEANT);
  const plain = meansOf(sample);
  const flipped = mapBetween(flip(pooled(plain, theirs, core)), pooled(theirs, theirs, core));
  const starts = [
    mapBetween(pooled(plain, theirs, core), pooled(theirs, theirs, core)),
    mirrored(identity),
    [-flipped[0], -flipped[1], flipped[2], flipped[3], 0, 0] as const,
  ];
  const fitFrom = (means: Means, start: Affine) => refined(start, (map) => meanLikeness(means, theirs, map, core));
  let best = { ...(yield* fitFrom(plain, identity)), stroke: 0 };
  for (const start of starts) {
    const fit = yield* fitFrom(plain, start);
    if (fit.likeness > best.likeness) best = { ...fit, stroke: 0 };
  }
  for (const direction of [PEN_STEP, -PEN_STEP]) {
    for (let trial = 1; trial <= PEN_TRIALS; trial++) {
      const stroke = direction * trial;
      const fit = yield* fitFrom(meansOf(yield* inHand(sample, { map: identity, stroke })), best.map);
      if (fit.likeness <= best.likeness) break;
      best = { ...fit, stroke };
    }
  }
  const before = meanLikeness(plain, theirs, identity, core);
  if (1 - best.likeness > MOST_LEFT * (1 - before)) return undefined;
  return { map: best.map, stroke: best.stroke, likeness: { before, after: best.likeness } };
}

/** The samples as this hand would write them. */
export function* inHand(samples: Samples, { map, stroke }: Pick<Hand, 'map' | 'stroke'>): Work<Samples> {
  const { height, width, count } = samples;
  const images = new Uint8Array(samples.images.length);
  const canvas = new Canvas(height, width);
  const placement = placementOf(map, samples);
  for (let i = 0; i < count; i++) {
    canvas.load(samples.images, i * height * width);
    // Two pixels are the most at once: each edge moves by one.
    for (let left = stroke; left !== 0; left -= Math.sign(left) * Math.min(2, Math.abs(left))) {
      changeStroke(canvas, Math.sign(left) * Math.min(2, Math.abs(left)));
    }
    resample(canvas, placement, undefined, images, i * height * width);
    yield;
  }
  return { ...samples, images };
}

interface Mean {
  readonly image: Float64Array;
  readonly count: number;
}
/** By class; of those that there are. */
type Means = ReadonlyMap<number, Mean>;

function meansOf({ images, labels, height, width }: Samples): Means {
  const area = height * width;
  const sums = new Map<number, { image: Float64Array; count: number }>();
  labels.forEach((label, i) => {
    const sum = sums.get(label) ?? { image: new Float64Array(area), count: 0 };
    for (let p = 0; p < area; p++) sum.image[p]! += images[i * area + p]!;
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
