import { expect, test } from 'vitest';
import { atOnce } from '../slices.js';
import type { Glyph } from './glyphs.js';
import { findLines } from './lines.js';

const glyph = (label: number, x: number, y: number, width = 20, height = 30): Glyph => ({
  labels: [label],
  left: Math.round(x),
  right: Math.round(x) + width - 1,
  top: Math.round(y),
  bottom: Math.round(y) + height - 1,
});
const labelsOf = (glyphs: readonly Glyph[]) =>
  atOnce(findLines(glyphs, 30)).map((line) => line.glyphs.flatMap(({ labels }) => labels));

test.each([0, 0.06, -0.06, 0.12])(
  'three lines of slope %f come from top to bottom, each from left to right',
  (slope) => {
    const rows = [0, 1, 2].map((row) => Array.from({ length: 12 }, (_, column) => 100 * row + column));
    const glyphs = rows.flatMap((row, line) =>
      row.map((label, column) =>
        glyph(label, 30 + column * 35, 100 + line * 60 + slope * column * 35 + 4 * (column % 3)),
      ),
    );
    expect(labelsOf(glyphs.toSorted((a, b) => ((a.labels[0]! * 7) % 11) - ((b.labels[0]! * 7) % 11)))).toEqual(rows);
  },
);

test('lines may start and end anywhere', () => {
  const glyphs = [glyph(1, 300, 10), glyph(2, 340, 12), glyph(3, 10, 70), glyph(4, 45, 71), glyph(5, 600, 130)];
  expect(labelsOf(glyphs)).toEqual([[1, 2], [3, 4], [5]]);
});

test('a dash between digits and a line of nothing but dashes are left out', () => {
  const glyphs = [glyph(1, 10, 10), glyph(2, 40, 24, 12, 4), glyph(3, 60, 10), glyph(4, 10, 200, 12, 4)];
  expect(labelsOf(glyphs)).toEqual([[1, 3]]);
  expect(atOnce(findLines([], 0))).toEqual([]);
});
