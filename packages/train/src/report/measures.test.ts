import { describe, expect, it } from 'vitest';
import { createDataset } from '../data/dataset.js';
import { calibrationOf, classMeasures, confusionOf } from './measures.js';
import { mistakesOf, type Readings, readingsOf } from './readings.js';

const readings: Readings = {
  classes: 3,
  actual: Uint8Array.of(0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2),
  predicted: Uint8Array.of(0, 0, 1, 2, 1, 1, 0, 2, 2, 2, 1, 2),
  confidence: Float32Array.of(0.9, 0.82, 0.55, 0.42, 0.7, 0.95, 0.5, 1, 0.65, 0.3, 0.62, 0.99),
};

describe('classMeasures', () => {
  it('agrees with scikit-learn', () => {
    const confusion = confusionOf(readings);
    expect([...confusion]).toEqual([2, 1, 1, 1, 2, 0, 0, 1, 4]);
    // sklearn.metrics.precision_recall_fscore_support 1.9.1
    const expected = [
      [0.66666667, 0.5, 0.57142857, 4],
      [0.5, 0.66666667, 0.57142857, 3],
      [0.8, 0.8, 0.8, 5],
    ];
    const measures = classMeasures(confusion, 3);
    expect(measures.map(({ label }) => label)).toEqual([0, 1, 2]);
    for (const [i, { precision, recall, f1, support }] of measures.entries()) {
      for (const [k, value] of [precision, recall, f1, support].entries())
        expect(value).toBeCloseTo(expected[i]![k]!, 8);
    }
  });

  it('leaves out classes that do not occur, and a share of nothing open', () => {
    const measures = classMeasures(Uint32Array.of(3, 1, 0, 0, 0, 0, 0, 0, 0), 3);
    expect(measures).toEqual([
      { label: 0, precision: 1, recall: 0.75, f1: 6 / 7, support: 4 },
      { label: 1, precision: 0, recall: Number.NaN, f1: 0, support: 0 },
    ]);
  });
});

describe('calibrationOf', () => {
  it('weighs the gaps of the bins by their samples', () => {
    const { bins, error } = calibrationOf(readings);
    // By numpy, with the bins (lo, hi].
    expect(error).toBeCloseTo(0.25666667, 6);
    expect(bins).toHaveLength(15);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(12);
    expect(bins[14]).toMatchObject({ from: 14 / 15, to: 1, count: 3, accuracy: 1 });
    expect(bins[14]!.confidence).toBeCloseTo(0.98, 6);
    expect(bins[9]).toMatchObject({ count: 2, accuracy: 0.5 });
  });

  it('is 0 where confidence is kept', () => {
    const confidence = Float32Array.of(0.5, 0.5, 1, 1);
    const kept = { classes: 2, actual: Uint8Array.of(0, 0, 1, 1), predicted: Uint8Array.of(0, 1, 1, 1), confidence };
    expect(calibrationOf(kept).error).toBe(0);
  });
});

describe('readings', () => {
  const pairs = createDataset({
    name: 'pairs',
    images: new Uint8Array(3),
    labels: Uint8Array.of(0, 1, 1, 1, 2, 0),
    height: 1,
    width: 1,
    classes: 3,
    slots: 2,
  });
  const rows = [
    [0.5, 0.25, 0.25],
    [0.25, 0.25, 0.5],
    [0, 1, 0],
    [0, 1, 0],
    [0, 0.75, 0.25],
    [1, 0, 0],
  ];

  it('count each slot, and images with a wrong one as mistakes, the most confident first', () => {
    const found = readingsOf({ probabilities: Float32Array.from(rows.flat()) }, pairs);
    expect([...found.predicted]).toEqual([0, 2, 1, 1, 1, 0]);
    expect([...confusionOf(found)]).toEqual([2, 0, 0, 0, 2, 1, 0, 1, 0]);
    expect(mistakesOf(found, pairs)).toEqual([
      { index: 2, actual: Uint8Array.of(2, 0), predicted: Uint8Array.of(1, 0), confidence: 0.75 },
      { index: 0, actual: Uint8Array.of(0, 1), predicted: Uint8Array.of(0, 2), confidence: 0.25 },
    ]);
  });

  it.each([17, 12])('refuses %i probabilities for 6 labels in 3 classes', (length) => {
    expect(() => readingsOf({ probabilities: new Float32Array(length) }, pairs)).toThrow(
      expect.objectContaining({ code: 'bad-data', message: expect.stringContaining(`received ${length}`) }),
    );
  });
});
