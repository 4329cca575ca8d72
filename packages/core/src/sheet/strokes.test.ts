import { expect, test } from 'vitest';
import type { GreyImage } from '../image.js';
import { atOnce } from '../slices.js';
import { findStrokes } from './strokes.js';

const [WIDTH, HEIGHT] = [300, 200];
const picture = (level: (x: number, y: number) => number): GreyImage => ({
  data: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => level(p % WIDTH, Math.floor(p / WIDTH))),
  width: WIDTH,
  height: HEIGHT,
});
/** Upright strokes of this thickness, 60 pixels apart. */
const isStroke = (x: number, y: number, thick: number) =>
  y > 60 && y < 140 && x > 20 && x < 280 && (x - 20) % 60 < thick;

test.each([
  [4, true],
  [4, false],
  [10, true],
  [10, false],
  [20, true],
])('strokes of %i pixels (dark: %s) are found, in the light and under a lamp', (thick, dark) => {
  for (const fall of [0, 0.5]) {
    const page = picture((x, y) => {
      const light = 1 - (fall * x) / WIDTH;
      return (isStroke(x, y, thick) === dark ? 40 : 220) * light;
    });
    const strokes = atOnce(findStrokes(page))!;
    expect(strokes.dark).toBe(dark);
    expect(strokes.width).toBeGreaterThanOrEqual(thick);
    expect(strokes.width).toBeLessThan(2 * thick + 3);
  }
});

test('the desk around a sheet of paper is no stroke', () => {
  const page = picture((x, y) => (x < 30 || y < 25 ? 60 : isStroke(x, y, 6) ? 40 : 220));
  expect(atOnce(findStrokes(page))).toMatchObject({ dark: true });
  expect(atOnce(findStrokes(page))!.width).toBeLessThan(16);
});

test('blank pages have none', () => {
  for (const level of [0, 128, 255]) expect(atOnce(findStrokes(picture(() => level)))).toBeUndefined();
  expect(atOnce(findStrokes(picture((x) => 255 - x / 2)))).toBeUndefined();
});
