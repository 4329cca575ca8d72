import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findParting, type Stretch } from './partings.js';

/** Strokes are as long as those of an average digit. */
function stretch(from: number, to: number, digit: number, confidence: number, more: Partial<Stretch> = {}): Stretch {
  const rest = (1 - confidence) / 9;
  const probabilities = Array.from({ length: 10 }, (_, i) => (i === digit ? confidence : rest));
  const prediction = { digit, confidence, probabilities };
  return { from, to, left: from, width: to - from, height: 1, length: 2.7, crossed: 0, prediction, ...more };
}
const digitsOf = (stretches: readonly Stretch[]) => stretches.map(({ prediction }) => prediction.digit);

test('two digits of which the model is sure beat a whole of which it is not', () => {
  const { stretches, certainties } = findParting(
    [stretch(0, 2, 8, 0.4, { length: 5 }), stretch(0, 1, 3, 0.9999), stretch(1, 2, 5, 0.9999)],
    2,
  );
  expect(digitsOf(stretches)).toEqual([3, 5]);
  for (const certainty of certainties) expect(certainty).toBeGreaterThan(0.9);
});

test('a digit of which the model is sure stays whole, unless its strokes are far too long', () => {
  const halves = [stretch(0, 1, 1, 0.99, { height: 0.6, crossed: 2 }), stretch(1, 2, 1, 0.99, { height: 0.6 })];
  const whole = findParting([stretch(0, 2, 0, 0.99999), ...halves], 2);
  expect(digitsOf(whole.stretches)).toEqual([0]);
  expect(whole.certainties[0]).toBeGreaterThan(0.95);
});

test('a cut that crosses more ink makes its parting less certain', () => {
  const certaintyOf = (crossed: number) =>
    findParting(
      [stretch(0, 2, 8, 0.7, { length: 4.5 }), stretch(0, 1, 3, 0.99, { crossed }), stretch(1, 2, 5, 0.99)],
      2,
    ).certainties[0]!;
  const alone = certaintyOf(0);
  expect(certaintyOf(0.5)).toBeLessThan(alone);
});

test('of all rows of digits the likeliest is found, with its share of all', () => {
  const LAST = 5;
  const spans = Array.from({ length: LAST }, (_, from) =>
    Array.from({ length: LAST - from }, (_, i) => [from, from + i + 1] as const),
  ).flat();
  const draws = fc.tuple(
    ...spans.map(([from, to]) =>
      fc
        .record({
          digit: fc.integer({ min: 0, max: 9 }),
          confidence: fc.double({ min: 0.2, max: 0.9999, noNaN: true }),
          length: fc.double({ min: 0.5, max: 5, noNaN: true }),
          crossed: fc.double({ min: 0, max: 2, noNaN: true }),
        })
        .map(({ digit, confidence, ...more }) => stretch(from, to, digit, confidence, more)),
    ),
  );
  fc.assert(
    fc.property(draws, (stretches) => {
      const weightOf = (one: Stretch) => relativeLikelihood(one, LAST);
      const paths = pathsOf(stretches, LAST).map((path) => ({
        path,
        weight: path.reduce((product, one) => product * weightOf(one), 1),
      }));
      const best = paths.reduce((a, b) => (b.weight > a.weight ? b : a));
      const total = paths.reduce((sum, { weight }) => sum + weight, 0);
      const found = findParting(stretches, LAST);
      expect(found.stretches).toEqual(best.path);
      for (const [i, certainty] of found.certainties.entries()) {
        const through = paths.filter(({ path }) => path.includes(best.path[i]!));
        const least = through.reduce((sum, { weight }) => sum + weight, 0) / total;
        expect(certainty).toBeGreaterThanOrEqual(Math.min(1, least) - 1e-9);
        expect(certainty).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 50 },
  );
});

/** All ways from 0 to `last`. */
function pathsOf(stretches: readonly Stretch[], last: number, from = 0): Stretch[][] {
  if (from === last) return [[]];
  return stretches
    .filter((one) => one.from === from)
    .flatMap((one) => pathsOf(stretches, last, one.to).map((rest) => [one, ...rest]));
}

/** By asking findParting itself: the odds of a stretch against a whole, always the same, that it is set beside. */
function relativeLikelihood(one: Stretch, last: number): number {
  const end = one.to === last ? 1 : 2;
  const reference = stretch(0, end, 0, 0.5, { left: 100 });
  const other = { ...one, from: 0, to: 1, left: 0, width: 1 };
  const rows = end === 1 ? [reference, other] : [reference, other, stretch(1, 2, 0, 0.5, { left: 200 })];
  const { stretches, certainties } = findParting(rows, end);
  const share = stretches.includes(other) ? certainties[0]! : 1 - certainties[0]!;
  return share / (1 - share);
}
