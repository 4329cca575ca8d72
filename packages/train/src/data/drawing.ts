/** Drawing with a pen: curves as rows of points, and pages of dark ink on white. */

import type { Image } from '@denary/core';

/** [x, y] */
export type Point = readonly [number, number];
/** What the pen draws in one go: straight from point to point. */
export type Stroke = readonly Point[];

/** A uniform Catmull-Rom spline through the points, in so many steps from one to the next. */
export function splineThrough(points: readonly Point[], steps: number): Stroke {
  const stroke: Point[] = [];
  for (let j = 0; j + 1 < points.length; j++) {
    const [a, b, c, d] = [points[Math.max(0, j - 1)]!, points[j]!, points[j + 1]!, points[j + 2] ?? points[j + 1]!];
    for (let t = 0; t < 1; t += 1 / steps) {
      stroke.push([0, 1].map((k) => catmullRom(a[k]!, b[k]!, c[k]!, d[k]!, t)) as [number, number]);
    }
  }
  return stroke;
}

/** (2b + (c - a)t + (2a - 5b + 4c - d)t² + (3b - 3c + d - a)t³) / 2 */
function catmullRom(a: number, b: number, c: number, d: number, t: number): number {
  return (2 * b + (c - a + (2 * a - 5 * b + 4 * c - d + (3 * b - 3 * c + d - a) * t) * t) * t) / 2;
}

/** A square page with those strokes, in pixels of it, as closely set discs with soft rims. */
export function drawStrokes(strokes: readonly Stroke[], radius: number, side: number): Image {
  const data = new Uint8Array(side * side).fill(255);
  for (const stroke of strokes) {
    for (const [i, [x, y]] of stroke.entries()) {
      const [toX, toY] = stroke[i + 1] ?? [x, y];
      const discs = Math.max(1, Math.ceil(Math.hypot(toX - x, toY - y)));
      for (let k = 0; k < discs; k++)
        stamp(data, side, x + ((toX - x) * k) / discs, y + ((toY - y) * k) / discs, radius);
    }
  }
  return { data, width: side, height: side, channels: 1 };
}

function stamp(page: Uint8Array, side: number, x: number, y: number, radius: number): void {
  const reach = radius + 1;
  for (let row = Math.max(0, Math.floor(y - reach)); row <= Math.min(side - 1, y + reach); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column <= Math.min(side - 1, x + reach); column++) {
      const outside = Math.min(1, Math.max(0, Math.hypot(column - x, row - y) - radius + 0.5));
      const p = row * side + column;
      page[p] = Math.min(page[p]!, Math.round(255 * outside));
    }
  }
}
