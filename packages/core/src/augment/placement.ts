/** Where the pixels of one augmented copy come from: the draws of a sample, and the affine map that they make. */

import { hash32 } from '../random.js';
import type { ResolvedAugmentOptions } from './augment-options.js';

/** An affine map from a pixel (x, y) of the copy to its source, and the rest of a sample's draws. Lengths in 1/65536 pixel. */
export interface Placement {
  /** The source of the copy's first pixel. */
  x: number;
  y: number;
  /** How far the source moves with each column and with each row. */
  xPerColumn: number;
  yPerColumn: number;
  xPerRow: number;
  yPerRow: number;
  /** How much wider the strokes become, in pixels; negative for narrower. */
  stroke: number;
  /** Where in the field of waves the two displacements are read. */
  xWave: number;
  yWave: number;
}

export const newPlacement = (): Placement => ({
  x: 0,
  y: 0,
  xPerColumn: 0,
  yPerColumn: 0,
  xPerRow: 0,
  yPerRow: 0,
  stroke: 0,
  xWave: 0,
  yWave: 0,
});

/** The largest amounts for images of one size: angles in radians, shifts in pixels. */
export interface Ranges {
  readonly angle: number;
  readonly down: number;
  readonly right: number;
  readonly slant: number;
  readonly zoom: number;
  readonly stroke: number;
}

export function drawRanges(options: ResolvedAugmentOptions, height: number, width: number): Ranges {
  const { rotate, shift, shear, zoom, strokeWidth } = options;
  const [down, right] = shift < 1 ? [shift * height, shift * width] : [shift, shift];
  return {
    angle: (rotate * Math.PI) / 180,
    down,
    right,
    slant: (shear * Math.PI) / 180,
    zoom,
    stroke: strokeWidth,
  };
}

/** The i-th draw of a sample, evenly from [-1, 1). */
const draw = (key: number, i: number): number => hash32(key, i) / 2 ** 31 - 1;

/**
 * Fills `into` for the sample of `key`. The copy is the source scaled, slanted, turned (counterclockwise) about the image's
 * centre, and moved. Each draw has a number of its own, so that switching one kind of change on leaves the others alone.
 */
export function place(into: Placement, key: number, ranges: Ranges, height: number, width: number): void {
  const angle = ranges.angle * draw(key, 0);
  const right = ranges.right * draw(key, 1);
  const down = ranges.down * draw(key, 2);
  const slant = Math.tan(ranges.slant * draw(key, 3));
  const xZoom = 1 + ranges.zoom * draw(key, 4);
  const yZoom = 1 + ranges.zoom * draw(key, 5);
  into.stroke = ranges.stroke * draw(key, 6);
  into.xWave = hash32(key, 7);
  into.yWave = hash32(key, 8);

  // The inverse of turning, then of slanting, then of scaling; y points down.
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const [xx, xy] = [(cosine + slant * sine) / xZoom, (slant * cosine - sine) / xZoom];
  const [yx, yy] = [sine / yZoom, cosine / yZoom];
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  const [dx, dy] = [-cx - right, -cy - down];
  // Rounding hides the last digits, in which engines may differ about sines.
  into.x = Math.round((cx + xx * dx + xy * dy) * 65536);
  into.y = Math.round((cy + yx * dx + yy * dy) * 65536);
  into.xPerColumn = Math.round(xx * 65536);
  into.yPerColumn = Math.round(yx * 65536);
  into.xPerRow = Math.round(xy * 65536);
  into.yPerRow = Math.round(yy * 65536);
}
