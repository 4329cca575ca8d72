import { expect, test } from 'vitest';
import { findCuts } from './cuts.js';

const [WIDTH, HEIGHT] = [120, 50];
const GLYPH = { labels: [1], left: 0, right: WIDTH - 1, top: 0, bottom: HEIGHT - 1 };
const labelsOf = (isInk: (x: number, y: number) => boolean) =>
  Int32Array.from({ length: WIDTH * HEIGHT }, (_, p) => (isInk(p % WIDTH, Math.floor(p / WIDTH)) ? 1 : 0));
const isRing = (x: number, y: number, middle: number) => Math.abs(Math.hypot(x - middle, y - 25) - 20) < 3;

test('two rings that touch may be parted where they do, at the cost of the ink there', () => {
  const labels = labelsOf((x, y) => isRing(x, y, 30) || isRing(x, y, 74));
  const cuts = findCuts(labels, WIDTH, GLYPH, 46);
  const between = cuts.filter(({ path }) => path.every((column) => column > 30 && column < 74));
  expect(between).not.toHaveLength(0);
  expect(Math.min(...between.map(({ path }) => Math.abs(path[25]! - 52)))).toBeLessThanOrEqual(4);
  for (const { path, ink } of cuts) {
    expect(path).toHaveLength(HEIGHT);
    expect(ink).toBe(path.reduce((sum, column, y) => sum + labels[y * WIDTH + column]!, 0));
    for (let y = 1; y < HEIGHT; y++) expect(Math.abs(path[y]! - path[y - 1]!)).toBeLessThanOrEqual(1);
  }
  const columns = cuts.map(({ path }) => path.reduce((sum, column) => sum + column, 0));
  expect(columns).toEqual(columns.toSorted((a, b) => a - b));
});

test('a path leans as slanted digits do', () => {
  const labels = labelsOf(
    (x, y) => Math.abs(x + y / 2 - 45) < 4 || Math.abs(x + y / 2 - 75) < 4 || (y === 25 && x > 32 && x < 62),
  );
  const best = findCuts(labels, WIDTH, GLYPH, 50).toSorted((a, b) => a.ink - b.ink)[0]!;
  expect(best.ink).toBeLessThanOrEqual(2);
});
