/** Capital letters that look like no digit, drawn with a pen from strokes of a few points, as no font has them. */

import { hash32, type Image, normal, stream, uniform } from '@denary/core';
import { drawStrokes, type Point, type Stroke } from './drawing.js';

const SIDE = 96;
const LETTERS = stream('outsiders-letters');

/** In a box of 1x1, from its upper left corner. */
const strokes: Readonly<Record<string, readonly Stroke[]>> = {
  A: [line([0, 1], [0.5, 0], [1, 1]), line([0.2, 0.65], [0.8, 0.65])],
  E: [line([1, 0], [0, 0], [0, 1], [1, 1]), line([0, 0.5], [0.8, 0.5])],
  F: [line([1, 0], [0, 0], [0, 1]), line([0, 0.5], [0.8, 0.5])],
  H: [line([0, 0], [0, 1]), line([1, 0], [1, 1]), line([0, 0.5], [1, 0.5])],
  K: [line([0, 0], [0, 1]), line([1, 0], [0, 0.5], [1, 1])],
  M: [line([0, 1], [0, 0], [0.5, 0.7], [1, 0], [1, 1])],
  N: [line([0, 1], [0, 0], [1, 1], [1, 0])],
  P: [line([0, 1], [0, 0], [0.8, 0.05], [0.95, 0.25], [0.8, 0.5], [0, 0.5])],
  R: [line([0, 1], [0, 0], [0.8, 0.05], [0.95, 0.25], [0.8, 0.5], [0, 0.5], [1, 1])],
  T: [line([0, 0], [1, 0]), line([0.5, 0], [0.5, 1])],
  W: [line([0, 0], [0.25, 1], [0.5, 0.3], [0.75, 1], [1, 0])],
  X: [line([0, 0], [1, 1]), line([1, 0], [0, 1])],
  Y: [line([0, 0], [0.5, 0.5], [1, 0]), line([0.5, 0.5], [0.5, 1])],
};
const names = Object.keys(strokes);

function line(...points: Point[]): Stroke {
  return points;
}

/** Dark letters on white, 96x96, in turn: leaning, of any width, with an unsteady hand and a pen of 4 to 8 pixels. */
export function makeLetters(count: number, seed = 0): Image[] {
  return Array.from({ length: count }, (_, i) => {
    const key = hash32(seed, LETTERS, i);
    const draw = (k: number) => uniform(key, LETTERS, k);
    const [width, height, lean] = [0.4 + 0.25 * draw(0), 0.6 + 0.15 * draw(1), 0.4 * (draw(2) - 0.5)];
    let k = 3;
    const placed = ([x, y]: Point): Point => {
      const [right, down] = [x + 0.04 * normal(key, LETTERS, k++), y + 0.04 * normal(key, LETTERS, k++)];
      return [SIDE * (0.5 + width * (right - 0.5) + lean * (0.5 - down)), SIDE * (0.5 + height * (down - 0.5))];
    };
    const letter = strokes[names[i % names.length]!]!;
    return drawStrokes(
      letter.map((stroke) => stroke.map(placed)),
      2 + 2 * draw(1000),
      SIDE,
    );
  });
}
