import { describe, expect, test } from 'vitest';
import type { GreyImage } from '../image.js';
import { atOnce } from '../slices.js';
import { findInk } from './page.js';
import { findParts } from './parts.js';

const [WIDTH, HEIGHT] = [320, 200];
/** A 1 and a 0, 60 pixels high: how much of the light they take. */
const isInk = (x: number, y: number) =>
  (Math.abs(x - 80) < 4 && Math.abs(y - 100) < 30) || Math.abs(Math.hypot(x - 200, y - 100) - 27) < 4;
const picture = (level: (x: number, y: number) => number): GreyImage => ({
  data: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => level(p % WIDTH, Math.floor(p / WIDTH))),
  width: WIDTH,
  height: HEIGHT,
});
/** Noise of up to 1, the same in every run. */
const noise = (x: number, y: number) => ((Math.imul(y * WIDTH + x + 1, 2654435761) >>> 13) % 2001) / 1000 - 1;

/** The share of the pixels that are told rightly, ink from paper. */
function agreement(image: GreyImage): number {
  const page = atOnce(findInk(image))!;
  expect(page.step).toBe(1);
  const { labels } = atOnce(findParts(page));
  const right = labels.filter((label, p) => label > 0 === isInk(p % WIDTH, Math.floor(p / WIDTH)));
  return right.length / labels.length;
}

describe('ink is told from paper', () => {
  test.each<[string, (x: number, y: number) => number]>([
    ['dark on light', (x, y) => (isInk(x, y) ? 30 : 230)],
    ['light on dark', (x, y) => (isInk(x, y) ? 220 : 30)],
    ['pale', (x, y) => (isInk(x, y) ? 190 : 230)],
    ['in light that falls off to a third', (x, y) => (isInk(x, y) ? 0.3 : 1) * (240 - x / 2)],
    ['across the edge of a shadow', (x, y) => (isInk(x, y) ? 0.3 : 1) * (y + x / 3 > 150 ? 100 : 230)],
    ['under grain', (x, y) => (isInk(x, y) ? 40 : 220) + 25 * noise(x, y)],
    ['on ruled paper', (x, y) => (isInk(x, y) ? 40 : y % 32 < 2 ? 150 : 230)],
    ['on squared paper', (x, y) => (isInk(x, y) ? 40 : y % 20 < 2 || x % 20 < 2 ? 170 : 230)],
  ])('%s', (_, level) => {
    expect(agreement(picture(level))).toBeGreaterThan(0.99);
  });
});

test('a blank page, a dim gradient and grain bear no ink', () => {
  expect(atOnce(findInk(picture(() => 200)))).toBeUndefined();
  expect(atOnce(findInk(picture((x, y) => 200 - x / 4 - y / 4)))).toBeUndefined();
  expect(atOnce(findInk(picture((x, y) => 200 + 10 * noise(x, y))))).toBeUndefined();
});

test('specks, and a desk at the edge, are no parts; a digit is', () => {
  const page = atOnce(
    findInk(picture((x, y) => (x < 25 ? 70 : isInk(x, y) || (x % 50 === 10 && y % 50 === 10) ? 30 : 230))),
  )!;
  const { parts, height } = atOnce(findParts(page));
  expect(parts).toHaveLength(2);
  expect(height).toBeGreaterThan(50);
  expect(height).toBeLessThan(70);
});

test('broad strokes on a large page are looked at from further away', () => {
  const large = { width: WIDTH * 4, height: HEIGHT * 4 };
  const data = Uint8Array.from({ length: large.width * large.height }, (_, p) =>
    isInk(Math.floor((p % large.width) / 4), Math.floor(p / large.width / 4)) ? 30 : 230,
  );
  const page = atOnce(findInk({ ...large, data }))!;
  expect(page.step).toBeGreaterThan(1);
  expect(page.width).toBe(Math.ceil(large.width / page.step));
  expect(atOnce(findParts(page)).parts).toHaveLength(2);
});
