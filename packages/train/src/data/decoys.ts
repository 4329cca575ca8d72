/**
 * Pictures that are no digits, to teach a domain by: characters of no alphabet, made of random strokes, filled shapes, and
 * digits that are mirrored, turned or not taken apart. No font and no letter has a part in it, so that letters can test it.
 */

import { hash32, type Image, normal, stream, uniform } from '@denary/core';
import type { Dataset } from './dataset.js';
import { drawStrokes, type Point, type Stroke } from './drawing.js';
import { countTurnable, makeDoubles, makeTurned, TURNS } from './outsiders.js';

const SIDE = 64;
/** Of the page, what a character fills. */
const FILLS = 0.8;

/** So many, of all kinds; of few digits fewer. `digits` are 28x28. */
export function makeDecoys(digits: Dataset, count: number, seed = 0): Image[] {
  const each = (share: number) => Math.round(share * count);
  return [
    ...makeCharacters(each(0.72), seed),
    ...makeShapes(each(0.07), seed),
    ...makeDoubles(digits, Math.min(each(0.07), digits.count >> 1)),
    ...TURNS.flatMap((turn) => makeTurned(digits, Math.min(each(0.035), countTurnable(digits)), turn)),
  ];
}

/** Draws in a row. */
function drawsOf(key: number) {
  let next = 0;
  const draw = (from: number, to: number) => from + (to - from) * uniform(key, 0, next++);
  return {
    draw,
    either: <T>(items: readonly T[]): T => items[Math.floor(draw(0, items.length))]!,
    about: (deviation: number) => deviation * normal(key, 1, next++),
  };
}
type Draws = ReturnType<typeof drawsOf>;

const CHARACTER = stream('decoys-character');
const SHAPE = stream('decoys-shape');

/** Dark on white, 64x64: characters of 1 to 5 strokes, which mostly start on another, and scribbles of up to 12. */
export function makeCharacters(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const draws = drawsOf(hash32(seed, CHARACTER, i));
    const { draw, about, either } = draws;
    const scribble = draw(0, 1) < 0.15;
    const strokes: Stroke[] = [];
    const number = scribble ? Math.round(draw(4, 12)) : either([1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5]);
    for (let k = 0; k < number; k++) {
      const last = strokes.at(-1)?.at(-1);
      strokes.push(strokeFrom(scribble && last ? last : startOf(strokes, draws), draws));
    }
    const [width, slant, turn] = [draw(0.45, 1.2), about(0.2), about(0.1)];
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const posed = strokes.map((stroke) =>
      stroke.map(([x, y]): Point => {
        const [u, v] = [(x - 0.5) * width - (y - 0.5) * slant, y - 0.5];
        return [u * cos - v * sin, u * sin + v * cos];
      }),
    );
    return drawStrokes(fitted(posed), SIDE * draw(0.02, 0.07), SIDE);
  });
}

/** A corner, the middle of a side or of the whole, roughly: where strokes of characters begin and end. */
const node = ({ either, about }: Draws): Point => [
  either([0, 0.5, 1]) + about(0.07),
  either([0, 0.5, 1]) + about(0.07),
];

function startOf(strokes: readonly Stroke[], draws: Draws): Point {
  const { draw, either, about } = draws;
  if (strokes.length === 0 || draw(0, 1) < 0.25) return node(draws);
  const stroke = either(strokes);
  const [x, y] = stroke[Math.round(either([0, 0.25, 0.5, 0.5, 0.75, 1]) * (stroke.length - 1))]!;
  return [x + about(0.03), y + about(0.03)];
}

/** A line, an arc, a wave or a loop. */
function strokeFrom(start: Point, draws: Draws): Stroke {
  const { draw, either, about } = draws;
  const kind = draw(0, 1);
  if (kind < 0.1) return loopFrom(start, draws);
  let end = node(draws);
  for (let k = 0; k < 5 && distance(start, end) < 0.3; k++) end = node(draws);
  const bend = kind < 0.55 ? about(0.05) : either([-1, 1]) * draw(0.2, 0.7);
  const back = kind < 0.85 ? bend : -bend;
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const near: Point = [start[0] + 0.3 * dx - bend * dy, start[1] + 0.3 * dy + bend * dx];
  const far: Point = [start[0] + 0.7 * dx - back * dy, start[1] + 0.7 * dy + back * dx];
  return along(24, (t) => {
    const s = 1 - t;
    const [a, b, c, d] = [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t];
    const at = (k: 0 | 1) => a * start[k] + b * near[k] + c * far[k] + d * end[k];
    return [at(0), at(1)];
  });
}

/** An ellipse, or more than half of one. */
function loopFrom([x, y]: Point, { draw, either }: Draws): Stroke {
  const [width, height, first] = [draw(0.15, 0.5), draw(0.15, 0.5), draw(0, 2 * Math.PI)];
  const arc = 2 * Math.PI * either([-1, 1]) * either([1, draw(0.55, 1)]);
  return along(32, (t) => [
    x + width * (Math.cos(first + arc * t) - Math.cos(first)),
    y + height * (Math.sin(first + arc * t) - Math.sin(first)),
  ]);
}

const along = (steps: number, at: (t: number) => Point): Stroke =>
  Array.from({ length: steps + 1 }, (_, i) => at(i / steps));

const distance = (a: Point, b: Point) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** In the middle of the page. */
function fitted(strokes: readonly Stroke[]): Stroke[] {
  const points = strokes.flat();
  const ends = [0, 1].map((k) => points.map((point) => point[k]!)).map((all) => [Math.min(...all), Math.max(...all)]);
  const [[left, right], [top, bottom]] = ends as [[number, number], [number, number]];
  const scale = (FILLS * SIDE) / Math.max(right - left, bottom - top);
  const place = (value: number, low: number, high: number) => SIDE / 2 + scale * (value - (low + high) / 2);
  return strokes.map((stroke) => stroke.map(([x, y]): Point => [place(x, left, right), place(y, top, bottom)]));
}

/** 64x64: one to four filled ellipses and rectangles, of any grey, over one another on white. */
export function makeShapes(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const { draw, about } = drawsOf(hash32(seed, SHAPE, i));
    const data = new Uint8Array(SIDE * SIDE).fill(255);
    for (let left = Math.floor(draw(1, 5)); left > 0; left--) {
      const [x, y] = [SIDE * draw(0.3, 0.7), SIDE * draw(0.3, 0.7)];
      const [width, height] = [SIDE * draw(0.06, 0.36), SIDE * draw(0.06, 0.36)];
      const [angular, grey, turn] = [draw(0, 1) < 0.6, draw(0, 140), about(0.3)];
      const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
      for (let p = 0; p < data.length; p++) {
        const [dx, dy] = [(p % SIDE) - x, Math.floor(p / SIDE) - y];
        const [u, v] = [Math.abs(dx * cos - dy * sin) / width, Math.abs(dx * sin + dy * cos) / height];
        if (angular ? Math.max(u, v) < 1 : u * u + v * v < 1) data[p] = grey;
      }
    }
    return { data, width: SIDE, height: SIDE, channels: 1 };
  });
}
