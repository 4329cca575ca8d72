import { expect, test } from 'vitest';
import { atOnce } from '../slices.js';
import { eraseRules } from './rules.js';

const [WIDTH, HEIGHT, STROKE] = [400, 300, 8];

/** Ink on an empty page: where `isInk` says so. */
const inkOf = (isInk: (x: number, y: number) => boolean) =>
  Uint8Array.from({ length: WIDTH * HEIGHT }, (_, p) => (isInk(p % WIDTH, Math.floor(p / WIDTH)) ? 120 : 0));
const count = (ink: Uint8Array) => ink.reduce((sum, level) => sum + (level > 0 ? 1 : 0), 0);
const isStroke = (x: number, y: number) => x >= 100 && x < 100 + STROKE && y > 60 && y < 240;
const isRule = (x: number, y: number, slope: number) => [80, 150, 220].some((at) => Math.abs(y - at - slope * x) < 1.1);

test.each([0, 0.03, -0.05])('rules of slope %f go, and a stroke across them stays', (slope) => {
  const ink = inkOf((x, y) => isStroke(x, y) || isRule(x, y, slope));
  const stroke = inkOf(isStroke);
  expect(atOnce(eraseRules(ink, WIDTH, HEIGHT, STROKE, 10))).toBe(true);
  const kept = ink.filter((level, p) => level > 0 && stroke[p]! > 0).length;
  expect(kept).toBeGreaterThan(0.97 * count(stroke));
  expect(count(ink) - kept).toBeLessThan(0.02 * count(inkOf((x, y) => isRule(x, y, slope))));
});

test('the squares of squared paper go', () => {
  const ink = inkOf((x, y) => x % 40 === 17 || y % 40 === 5);
  expect(atOnce(eraseRules(ink, WIDTH, HEIGHT, STROKE, 10))).toBe(true);
  expect(count(ink)).toBeLessThan(20);
});

test('without rules nothing changes: not by strokes, nor by dashes', () => {
  const ink = inkOf((x, y) => isStroke(x, y) || (y === 30 && x > 200 && x < 240));
  const before = ink.slice();
  expect(atOnce(eraseRules(ink, WIDTH, HEIGHT, STROKE, 10))).toBe(false);
  expect(ink).toEqual(before);
});
