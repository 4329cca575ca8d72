import { describe, expect, it } from 'vitest';
import { calibrationIn, tempered, withCalibration } from './calibration.js';
import { type Domain, decodeDomain, distanceFrom, encodeDomain, FEATURES, featuresOf } from './domain.js';
import { GraphBuilder } from './onnx/builder.js';
import type { Prediction } from './prediction.js';
import { predictionsOf } from './preparation.js';
import { rejectionRule } from './rejection.js';

const contract = { height: 28, width: 28, classes: 3, slots: 1 };
const pixels = new Uint8Array(784).fill(100);
const image = { pixels, empty: false };

/** Two directions for each of three classes; means that differ. */
const domain: Domain = decodeDomain(
  encodeDomain({
    classes: 3,
    means: Float32Array.from({ length: 3 * FEATURES }, (_, i) => Math.floor(i / FEATURES) / 3),
    directions: Float32Array.from({ length: 6 * FEATURES }, (_, i) =>
      i % FEATURES === Math.floor(i / FEATURES) % 2 ? 1 : 0,
    ),
  }),
  3,
);

describe('temperature', () => {
  it('is a softmax over log p / T', () => {
    const logits = [2, -1, 0.5];
    const softmax = (values: number[]) => {
      const powers = values.map(Math.exp);
      return powers.map((power) => power / powers.reduce((a, b) => a + b));
    };
    const cooled = tempered(softmax(logits), 2.5);
    softmax(logits.map((z) => z / 2.5)).forEach((p, i) => {
      expect(cooled[i]).toBeCloseTo(p, 12);
    });
  });

  it('keeps the order, sums to one, and stands zeros', () => {
    const [a, b, c] = tempered([1, 0, 0], 3) as [number, number, number];
    expect(a + b + c).toBeCloseTo(1, 12);
    expect(a).toBeGreaterThan(0.99);
    expect(b).toBe(c);
  });
});

describe('a calibration in a model file', () => {
  const graph = new GraphBuilder('g');
  graph.output(
    graph.op('Softmax', [graph.input('image', 'float32', ['batch', 3])], { axis: -1 }, { name: 'p' }),
    'probabilities',
  );
  const model = graph.model({ other: 'kept' });

  it('comes back as it was, beside other metadata', () => {
    const calibration = { temperature: 1.5, limits: { confidence: 0.7, distance: 2 }, domain };
    const written = withCalibration(model, calibration);
    expect(written.metadata.other).toBe('kept');
    expect(calibrationIn(written)).toEqual(calibration);
  });

  it('is a temperature of 1 where there is none', () => {
    expect(calibrationIn(model)).toEqual({ temperature: 1 });
  });

  it.each([
    'x',
    '{}',
    '{"temperature":0}',
    '{"temperature":1,"limits":{"confidence":2}}',
    '{"temperature":1,"domain":"AAAA"}',
  ])('is a bad model where it is %s', (text) => {
    const damaged = { ...model, metadata: { 'denary.calibration': text } };
    expect(() => calibrationIn(damaged)).toThrow(expect.objectContaining({ code: 'bad-model' }));
  });
});

describe('features and distance', () => {
  it('are the root of a smoothed half-size image', () => {
    const dot = new Uint8Array(784);
    dot[10 * 28 + 10] = 255;
    const features = featuresOf(dot);
    // 1-3-3-1 both ways over 64: the dot is the first inner pixel of its block, and an outer one of the blocks before.
    expect(features[5 * 14 + 5]).toBeCloseTo(Math.sqrt(9 / 64), 12);
    expect(features[5 * 14 + 4]).toBeCloseTo(Math.sqrt(3 / 64), 12);
    expect(features[4 * 14 + 4]).toBeCloseTo(Math.sqrt(1 / 64), 12);
    expect(features[6 * 14 + 5]).toBe(0);
  });

  it('is what lies outside of the directions', () => {
    const features = Float64Array.from({ length: FEATURES }, (_, i) => 1 / 3 + (i < 3 ? 0.5 : 0));
    expect(distanceFrom(domain, features, 1)).toBeCloseTo(0.25, 6);
  });
});

describe('rejection', () => {
  const sure = Float32Array.from([0.02, 0.95, 0.03]);
  const limits = { confidence: 0.9, distance: 1e6 };
  const read = (rows: Float32Array, rule: ReturnType<typeof rejectionRule>, empty = false) =>
    predictionsOf(rows, [{ ...image, empty }], contract, { rule })[0];

  it('is absent where nothing was asked for', () => {
    expect(read(sure, undefined)).not.toHaveProperty('rejected');
    expect(rejectionRule(undefined, { temperature: 1, limits })).toBeUndefined();
  });

  it('tells blank, unsure and unlike apart, and leaves the probabilities', () => {
    const rule = rejectionRule('auto', { temperature: 1, limits, domain });
    expect(read(sure, rule)).toMatchObject({ digit: 1 });
    expect(read(sure, rule)).not.toHaveProperty('rejected');
    expect(read(sure, rule, true)).toMatchObject({ digit: null, rejected: 'blank' });
    const unsure = Float32Array.from([0.4, 0.5, 0.1]);
    expect(read(unsure, rule)).toMatchObject({ digit: null, rejected: 'low-confidence', confidence: 0.5 });
    const strict = rejectionRule('auto', { temperature: 1, limits: { ...limits, distance: 1e-3 }, domain });
    const unlike = read(sure, strict);
    expect(unlike).toMatchObject({ digit: null, rejected: 'out-of-domain' });
    expect((unlike as Prediction).probabilities[1]).toBeCloseTo(0.95, 6);
  });

  it('takes a number in place of the confidence of the model', () => {
    const rule = rejectionRule(0.97, { temperature: 1, limits });
    expect(read(sure, rule)).toMatchObject({ rejected: 'low-confidence' });
    expect(read(sure, rejectionRule(0, { temperature: 1 }))).toMatchObject({ digit: 1 });
  });

  it('marks the digits of a text', () => {
    const rows = Float32Array.from([0.02, 0.95, 0.03, 0.4, 0.5, 0.1]);
    const text = predictionsOf(
      rows,
      [image],
      { ...contract, slots: 2 },
      { rule: rejectionRule(0.9, { temperature: 1 }) },
    );
    expect(text[0]).toMatchObject({ text: '1?', rejected: 'low-confidence' });
  });

  it.each([-0.1, 1.1, Number.NaN, 'yes' as never])('refuses %s as a limit', (reject) => {
    expect(() => rejectionRule(reject, { temperature: 1 })).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });

  it("refuses 'auto' for a model without limits", () => {
    expect(() => rejectionRule('auto', { temperature: 1 })).toThrow(/limits of its own/);
  });
});
