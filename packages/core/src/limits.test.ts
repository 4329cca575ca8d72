import { describe, expect, it } from 'vitest';
import { domainLayers, encodeDomain } from './domain.js';
import { chooseLimits, refitLimits, refusedShare } from './limits.js';
import { uniform } from './random.js';

describe('limits', () => {
  const confidences = Float64Array.from({ length: 1000 }, (_, i) => uniform(2, 1, i));
  const distances = Float64Array.from({ length: 1000 }, (_, i) => uniform(2, 2, i));

  it.each([0.005, 0.01, 0.1])('refuse at most the share %f, and nearly it', (share) => {
    const doubts = { confidences, distances };
    const limits = chooseLimits(doubts, share);
    expect(refusedShare(doubts, limits)).toBeLessThanOrEqual(share);
    expect(refusedShare(doubts, limits)).toBeGreaterThan(share - 0.003);
    // Each alone is as strict.
    const [byConfidence, byDistance] = [
      refusedShare({ confidences }, limits),
      refusedShare({ confidences: confidences.map(() => 1), distances }, limits),
    ];
    expect(byConfidence).toBeCloseTo(byDistance, 10);
  });

  it('refuse none at 0', () => {
    expect(refusedShare({ confidences, distances }, chooseLimits({ confidences, distances }, 0))).toBe(0);
  });
});

describe('refitLimits', () => {
  const images = new Uint8Array(4 * 784);
  const probabilities = Float32Array.from([0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.3, 0.7]);
  const readings = { probabilities, images, count: 4 };

  it('lets pass what is to be read', () => {
    const calibration = { temperature: 1, limits: { confidence: 0.75 } };
    expect(refitLimits(calibration, readings).limits!.confidence).toBeCloseTo(0.6, 6);
    expect(refitLimits(calibration, readings, 0.25).limits!.confidence).toBeCloseTo(0.7, 6);
  });

  it('takes the confidence after the temperature', () => {
    const { limits } = refitLimits({ temperature: 2, limits: { confidence: 0.75 } }, readings);
    expect(limits!.confidence).toBeCloseTo(Math.sqrt(0.6) / (Math.sqrt(0.6) + Math.sqrt(0.4)), 6);
  });

  it('makes no limit stricter, and none where there was none', () => {
    const calibration = { temperature: 1, limits: { confidence: 0.5, distance: 1 } };
    expect(refitLimits(calibration, readings)).toEqual(calibration);
    expect(refitLimits({ temperature: 1 }, readings)).toEqual({ temperature: 1 });
  });

  it('moves the limit on distance out to the farthest', () => {
    const domain = domainLayers(2).map(({ filters, size }, i) => ({
      kernels: new Float64Array(size * size * [1, 8, 16, 32][i]! * filters),
      step: 1,
      biases: Array.from({ length: filters }, (_, k) => (k === 2 ? 5 : 1)),
    }));
    const calibration = { temperature: 1, limits: { confidence: 0, distance: 1 }, domain: encodeDomain(domain) };
    expect(refitLimits(calibration, readings).limits).toEqual({ confidence: 0, distance: 4 });
  });
});
