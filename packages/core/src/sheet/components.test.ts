import fc from 'fast-check';
import { expect, test } from 'vitest';
import { atOnce } from '../slices.js';
import { findComponents } from './components.js';

/** The same by flooding, one component after the other. */
function flooded(marks: Uint8Array, width: number, height: number): Int32Array {
  const labels = new Int32Array(marks.length);
  let count = 0;
  for (let seed = 0; seed < marks.length; seed++) {
    if (marks[seed] === 0 || labels[seed] !== 0) continue;
    const queue = [seed];
    labels[seed] = ++count;
    for (const p of queue) {
      const [x, y] = [p % width, Math.floor(p / width)];
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const q = v * width + u;
          if (marks[q] === 0 || labels[q] !== 0) continue;
          labels[q] = count;
          queue.push(q);
        }
      }
    }
  }
  return labels;
}

test('any page has the components that flooding finds, in the order of their first pixels', () => {
  const pages = fc
    .tuple(fc.integer({ min: 1, max: 17 }), fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 3 }))
    .chain(([width, height, density]) =>
      fc
        .array(fc.integer({ min: 0, max: density }), { minLength: width * height, maxLength: width * height })
        .map((levels) => ({ width, height, marks: Uint8Array.from(levels, (level) => (level === 1 ? 1 : 0)) })),
    );
  fc.assert(
    fc.property(pages, ({ width, height, marks }) => {
      const found = atOnce(findComponents(marks, width, height));
      const labels = flooded(marks, width, height);
      expect(found.labels).toEqual(labels);
      expect(found.count).toBe(Math.max(...labels));
      for (let label = 1; label <= found.count; label++) {
        const places = [...labels.keys()].filter((p) => labels[p] === label);
        const [columns, rows] = [places.map((p) => p % width), places.map((p) => Math.floor(p / width))];
        expect([found.left[label], found.right[label]]).toEqual([Math.min(...columns), Math.max(...columns)]);
        expect([found.top[label], found.bottom[label]]).toEqual([Math.min(...rows), Math.max(...rows)]);
        expect(found.area[label]).toBe(places.length);
      }
    }),
  );
});

test('a spiral of many runs is one component', () => {
  const side = 201;
  const marks = new Uint8Array(side * side);
  for (let ring = 0; ring < side / 2; ring += 2) {
    for (let i = ring; i < side - ring; i++) {
      for (const [x, y] of [
        [i, ring],
        [side - 1 - ring, i],
        [i, side - 1 - ring],
        [ring, i],
      ] as const)
        marks[y * side + x] = 1;
    }
    if (ring > 0) marks[(ring - 1) * side + ring] = 1;
  }
  expect(atOnce(findComponents(marks, side, side)).count).toBe(1);
});
