/** Affine maps between images, about their centre: as placements, as warps of mean images, and from moments of ink. */

import { newPlacement, type Placement } from '../augment/placement.js';
import type { Work } from '../slices.js';

/** [xx, xy, yx, yy, x, y]: a pixel at (u, v) from the centre is taken from (xx u + xy v + x, yx u + yy v + y) of the source. */
export type Affine = readonly [number, number, number, number, number, number];

export interface Size {
  readonly height: number;
  readonly width: number;
}

export const identity: Affine = [1, 0, 0, 1, 0, 0];

/** The map after its result was mirrored, left for right. */
export const mirrored = ([xx, xy, yx, yy, x, y]: Affine): Affine => [-xx, -xy, yx, yy, -x, y];

export function placementOf([xx, xy, yx, yy, x, y]: Affine, { height, width }: Size): Placement {
  const fixed = (value: number) => Math.round(value * 65536);
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  return {
    ...newPlacement(),
    x: fixed(cx + x - xx * cx - xy * cy),
    y: fixed(cy + y - yx * cx - yy * cy),
    xPerColumn: fixed(xx),
    yPerColumn: fixed(yx),
    xPerRow: fixed(xy),
    yPerRow: fixed(yy),
  };
}

/** The cosine between an image and the warped source, over all pixels; bilinear, with nothing outside. */
export function likenessTo(image: Float64Array, source: Float64Array, map: Affine, { height, width }: Size): number {
  const [xx, xy, yx, yy, x, y] = map;
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  let [dot, warped, own] = [0, 0, 0];
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      const value = image[i]!;
      own += value * value;
      const sx = cx + x + xx * (column - cx) + xy * (row - cy);
      const sy = cy + y + yx * (column - cx) + yy * (row - cy);
      const [left, top] = [Math.floor(sx), Math.floor(sy)];
      if (left < 0 || top < 0 || left >= width - 1 || top >= height - 1) continue;
      const [wx, wy, at] = [sx - left, sy - top, top * width + left];
      const above = source[at]! * (1 - wx) + source[at + 1]! * wx;
      const below = source[at + width]! * (1 - wx) + source[at + width + 1]! * wx;
      const taken = above * (1 - wy) + below * wy;
      dot += taken * value;
      warped += taken * taken;
    }
  }
  return dot / (Math.sqrt(own * warped) || 1);
}

/** Second moments of ink about its centre: [of y, of y and x, of x]. */
export type Moments = readonly [number, number, number];

/** The centre of an image's ink, from that of the image, in pixels; that itself where there is no ink. */
export function centreOf(image: ArrayLike<number>, { height, width }: Size): readonly [x: number, y: number] {
  let [mass, sx, sy] = [0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      mass += image[i]!;
      sx += image[i]! * x;
      sy += image[i]! * y;
    }
  }
  return mass > 0 ? [sx / mass - (width - 1) / 2, sy / mass - (height - 1) / 2] : [0, 0];
}

export function momentsOf(image: Float64Array, size: Size): Moments {
  const { height, width } = size;
  const [right, down] = centreOf(image, size);
  const [cx, cy] = [right + (width - 1) / 2, down + (height - 1) / 2];
  let [mass, yy, xy, xx] = [0, 0, 0, 0];
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      mass += image[i]!;
      yy += image[i]! * (y - cy) ** 2;
      xy += image[i]! * (y - cy) * (x - cx);
      xx += image[i]! * (x - cx) ** 2;
    }
  }
  return [yy / mass, xy / mass, xx / mass];
}

/**
 * The map under which ink of the moments `from` has the moments `to`, in that it scales heights, slants, and scales widths.
 * In y and x both covariances are L L' with L lower triangular (Cholesky), and the map is L_to / L_from.
 */
export function mapBetween(from: Moments, to: Moments): Affine {
  const [a, b, c] = cholesky(from);
  const [p, q, r] = cholesky(to);
  const [yScale, xScale] = [p / a, r / c];
  const slant = (q - xScale * b) / a;
  return [1 / xScale, -slant / (xScale * yScale), 0, 1 / yScale, 0, 0];
}

function cholesky([yy, xy, xx]: Moments): readonly [number, number, number] {
  const height = Math.sqrt(Math.max(yy, 1e-6));
  return [height, xy / height, Math.sqrt(Math.max(xx - (xy / height) ** 2, 1e-6))];
}

/** Ways in which a map may be changed: how much of each of its numbers, at first. */
export type Directions = readonly Affine[];

/** Each number but those that shift, by itself. */
export const anyMap: Directions = [
  [0.12, 0, 0, 0, 0, 0],
  [0, 0.12, 0, 0, 0, 0],
  [0, 0, 0.12, 0, 0, 0],
  [0, 0, 0, 0.12, 0, 0],
];

/** How often a change is halved. */
const HALVINGS = 4;
/** Sweeps over the directions at one size of changes, at most. */
const SWEEPS = 3;

/** A map near by that fits better, by going one way at a time (pattern search: Hooke and Jeeves, 1961). */
export function* refined(
  start: Affine,
  likeness: (map: Affine) => number,
  directions = anyMap,
): Work<{ readonly map: Affine; readonly likeness: number }> {
  let [map, best] = [start, likeness(start)];
  for (let halving = 0; halving <= HALVINGS; halving++) {
    for (let sweep = 0, moved = true; sweep < SWEEPS && moved; sweep++) {
      moved = false;
      for (const direction of directions) {
        for (const sign of [1, -1]) {
          const other = map.map((value, i) => value + sign * direction[i]! * 2 ** -halving) as unknown as Affine;
          const found = likeness(other);
          if (found <= best) continue;
          [map, best, moved] = [other, found, true];
          break;
        }
        yield;
      }
    }
  }
  return { map, likeness: best };
}
