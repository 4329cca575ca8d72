import { expect, test } from 'vitest';
import { atOnce } from '../slices.js';
import { findComponents } from './components.js';
import { findGlyphs } from './glyphs.js';

const [WIDTH, HEIGHT] = [120, 80];
type Rectangle = readonly [left: number, top: number, width: number, height: number];

/** How many pieces each glyph is made of, where pieces are rectangles of ink and digits are 40 pixels high. */
function glyphsOf(...rectangles: Rectangle[]): number[] {
  const marks = new Uint8Array(WIDTH * HEIGHT);
  for (const [left, top, width, height] of rectangles) {
    for (let y = top; y < top + height; y++) marks.fill(1, y * WIDTH + left, y * WIDTH + left + width);
  }
  const { labels, ...found } = atOnce(findComponents(marks, WIDTH, HEIGHT));
  const parts = rectangles.map((_, i) => ({
    label: i + 1,
    left: found.left[i + 1]!,
    right: found.right[i + 1]!,
    top: found.top[i + 1]!,
    bottom: found.bottom[i + 1]!,
    area: found.area[i + 1]!,
  }));
  return atOnce(findGlyphs({ labels, parts, height: 40 }, WIDTH)).map((glyph) => glyph.labels.length);
}

const BODY: Rectangle = [20, 20, 25, 40];

test('the loose bar of a 5 belongs to its body', () => {
  expect(glyphsOf([28, 12, 22, 5], BODY)).toEqual([2]);
});

test('the halves of a broken stroke belong together', () => {
  expect(glyphsOf([20, 10, 8, 18], [21, 31, 8, 20])).toEqual([2]);
});

test('digits side by side stay apart, a small one, too', () => {
  expect(glyphsOf(BODY, [50, 20, 25, 40])).toEqual([1, 1]);
  expect(glyphsOf(BODY, [50, 36, 14, 22])).toEqual([1, 1]);
});

test('what is far above a digit is not a part of it', () => {
  expect(glyphsOf([28, 2, 12, 4], [20, 35, 25, 40])).toEqual([1, 1]);
});
