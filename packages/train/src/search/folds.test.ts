import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDataset, type Dataset } from '../data/dataset.js';
import { drawSamples, folds } from './folds.js';

/** An image of two pixels for each label, holding its index. */
function labelled(labels: readonly number[], slots = 1): Dataset {
  const count = labels.length / slots;
  const images = Uint8Array.from({ length: count * 2 }, (_, i) => (i % 2 ? (i >> 1) >> 8 : (i >> 1) & 255));
  return createDataset({
    name: 'few',
    images,
    labels: Uint8Array.from(labels),
    height: 1,
    width: 2,
    classes: 10,
    slots,
  });
}

/** As many of each class as `counts` says, the classes taking turns. */
const byCounts = (counts: readonly number[]) =>
  labelled(
    Array.from({ length: Math.max(...counts) }, (_, turn) =>
      counts.flatMap((count, c) => (turn < count ? [c] : [])),
    ).flat(),
  );
const indices = ({ images, count }: Dataset) =>
  Array.from({ length: count }, (_, i) => images[2 * i]! + 256 * images[2 * i + 1]!);
const perClass = ({ labels, slots }: Dataset, classes: number) =>
  Array.from({ length: classes }, (_, c) => labels.filter((label, i) => i % slots === 0 && label === c).length);
const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values);
const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b);

describe('folds', () => {
  it('holds every sample out once, and trains on all others', () => {
    const anyLabels = fc.array(fc.nat(9), { minLength: 2, maxLength: 300 });
    const property = fc.property(anyLabels, fc.integer({ min: 2, max: 12 }), fc.nat(), (labels, k, seed) => {
      const dataset = labelled(labels);
      const all = folds(dataset, Math.min(k, labels.length), seed);
      const everything = labels.map((_, i) => i);
      expect(ascending(all.flatMap(({ validation }) => indices(validation)))).toEqual(everything);
      for (const { train, validation } of all) {
        expect(ascending([...indices(train), ...indices(validation)])).toEqual(everything);
        for (const part of [train, validation]) {
          expect(Array.from(part.labels)).toEqual(indices(part).map((index) => labels[index]));
        }
      }
      expect(spread(all.map(({ validation }) => validation.count))).toBeLessThanOrEqual(1);
      const shares = all.map(({ validation }) => perClass(validation, 10));
      for (let c = 0; c < 10; c++) expect(spread(shares.map((share) => share[c]!))).toBeLessThanOrEqual(1);
    });
    fc.assert(property, { numRuns: 200 });
  });

  // From scikit-learn 1.9.1: the classes in the test parts of StratifiedKFold(k, shuffle=True).
  it.each([
    [[5, 7, 3, 1], 4, ['2 1 1 0', '1 2 1 0', '1 2 1 0', '1 2 0 1']],
    [[10, 10, 10], 3, ['4 3 3', '3 4 3', '3 3 4']],
    [
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      5,
      [
        '1 0 1 0 1 2 1 2 1 2',
        '0 1 0 1 1 1 2 1 2 2',
        '0 1 0 1 1 1 2 1 2 2',
        '0 0 1 1 1 1 1 2 2 2',
        '0 0 1 1 1 1 1 2 2 2',
      ],
    ],
    [[23, 2], 2, ['12 1', '11 1']],
  ])('deals out classes of %j to %i folds as scikit-learn does', (counts, k, expected) => {
    const dealt = folds(byCounts(counts), k, 3).map(({ validation }) => perClass(validation, counts.length).join(' '));
    expect(dealt).toEqual(expected);
  });

  it('goes by the first slot, and keeps the others with it', () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i % 2 ? (i >> 1) % 7 : (i >> 1) % 4));
    for (const { validation } of folds(labelled(labels, 2), 5, 1)) {
      expect(perClass(validation, 4)).toEqual([1, 1, 1, 1]);
      const whole = indices(validation).flatMap((index) => labels.slice(2 * index, 2 * index + 2));
      expect(Array.from(validation.labels)).toEqual(whole);
    }
  });

  it('is the same for the same seed and another for another', () => {
    const dataset = byCounts([40, 40]);
    const held = (seed: number) => folds(dataset, 4, seed).map(({ validation }) => indices(validation));
    expect(held(1)).toEqual(held(1));
    expect(held(1)).not.toEqual(held(2));
    // Written down, so that a change of the folds is noticed: kept searches would no longer be comparable.
    expect(indices(folds(byCounts([6, 6]), 3, 7)[0]!.validation)).toEqual([2, 3, 9, 10]);
  });

  it('keeps less than two copies of the data, whatever the number of folds', () => {
    const all = folds(byCounts([30, 30]), 10, 1);
    const buffers = new Set(all.flatMap(({ train, validation }) => [train.images.buffer, validation.images.buffer]));
    expect(buffers.size).toBe(1);
    expect([...buffers][0]!.byteLength).toBe(2 * (60 + 54));
  });

  it.each([1, 0, 2.5, 13, Number.NaN])('refuses %s folds of 12 samples', (k) => {
    const refused = { code: 'bad-argument', message: expect.stringMatching(/^folds: expected .* 2\.\.12/) };
    expect(() => folds(byCounts([6, 6]), k, 1)).toThrow(expect.objectContaining(refused));
  });
});

describe('drawSamples', () => {
  const dataset = byCounts([50, 50]);

  it('draws so many different samples, in their order, by the seed', () => {
    const drawn = indices(drawSamples(dataset, 30, 5));
    expect(new Set(drawn).size).toBe(30);
    expect(drawn).toEqual(ascending(drawn));
    expect(indices(drawSamples(dataset, 30, 5))).toEqual(drawn);
    expect(indices(drawSamples(dataset, 30, 6))).not.toEqual(drawn);
    expect(indices(drawSamples(dataset, 100, 5))).toEqual(indices(dataset));
  });

  it.each([0, 101, 1.5])('refuses %s of 100', (count) => {
    expect(() => drawSamples(dataset, count, 1)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
