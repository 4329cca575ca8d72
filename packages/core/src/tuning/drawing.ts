/** Digits drawn as a hand would write them: by its pen, its map, and where it puts them. */

import { changeStroke } from '../augment/stroke.js';
import { Canvas, resample } from '../augment/warp.js';
import { uniform } from '../random.js';
import type { Work } from '../slices.js';
import { type Affine, centreOf, placementOf } from './affine.js';
import { type Pen, soften } from './pen.js';
import type { Samples } from './samples.js';

/** Where the centre of the ink lies, in pixels from the image's: the mean, and how far it strays (standard deviation). */
export interface Place {
  readonly mean: Pair;
  readonly stray: Pair;
}
export type Pair = readonly [right: number, down: number];

export const rightAndDown = (of: (axis: 0 | 1) => number): Pair => [of(0), of(1)];

export interface Drawing {
  readonly pen: Pen;
  /** About the centre of the ink. */
  readonly map: Affine;
  /** Undefined where the ink stays where it is. */
  readonly place?: Place | undefined;
}

const SEED = 1;
/** Pixels by which strokes are changed in one go: each edge moves by half of it. */
const STROKE = 2;

export function* inHand(samples: Samples, { pen, map, place }: Drawing): Work<Samples> {
  const { height, width, count } = samples;
  const area = height * width;
  const images = new Uint8Array(samples.images.length);
  const canvas = new Canvas(height, width);
  for (let i = 0; i < count; i++) {
    const [start, end] = [i * area, (i + 1) * area];
    canvas.load(samples.images, start);
    for (let left = pen.stroke; left !== 0; ) {
      const change = Math.sign(left) * Math.min(STROKE, Math.abs(left));
      changeStroke(canvas, change);
      left -= change;
    }
    const placed = place ? moved(map, centreOf(samples.images.subarray(start, end), samples), strayed(place, i)) : map;
    resample(canvas, placementOf(placed, samples), undefined, images, start);
    if (pen.softness > 0) soften(images.subarray(start, end), samples, pen.softness);
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
