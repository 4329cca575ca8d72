import { encodeDomain, FEATURES, normal, uniform } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { atTemperature, eceOf, fitTemperature, nllOf, type Said } from './calibrate.js';
import { createDataset } from './data/dataset.js';
import { makeDoubles, makeNoise, makeScribbles, makeSideways } from './data/outsiders.js';
import { fitDomain } from './domain.js';
import { areaUnderRoc, chooseLimits, refusedShare } from './rejection.js';

/** Labels drawn from softmax(z), and what a model says that is too sure of it: softmax(sharpness z). */
function overconfident(sharpness: number, count = 20_000): Said {
  const probabilities = new Float32Array(count * 3);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const z = [0, 1, 2].map((k) => 2 * normal(1, k, i));
    const softmax = (scale: number) => {
      const powers = z.map((value) => Math.exp(scale * value));
      const sum = powers.reduce((a, b) => a + b);
      return powers.map((power) => power / sum);
    };
    const [first, second] = softmax(1) as [number, number];
    const draw = uniform(1, 9, i);
    labels[i] = draw < first ? 0 : draw < first + second ? 1 : 2;
    probabilities.set(softmax(sharpness), 3 * i);
  }
  return { probabilities, labels };
}

describe('fitTemperature', () => {
  it('finds how much too sure the model is, and mends it', () => {
    const { temperature, nll, ece } = fitTemperature(overconfident(2));
    expect(temperature).toBeCloseTo(2, 1);
    expect(nll.after).toBeLessThan(nll.before);
    expect(ece.before).toBeGreaterThan(0.05);
    expect(ece.after).toBeLessThan(0.015);
  });

  it('is the least of the likelihood nearby', () => {
    const said = overconfident(0.7, 2000);
    const { temperature, nll } = fitTemperature(said);
    for (const factor of [0.97, 1.03]) {
      expect(nllOf(atTemperature(said, factor * temperature))).toBeGreaterThan(nll.after);
    }
  });

  it('wants a row for each label', () => {
    const said = { probabilities: new Float32Array(7), labels: new Uint8Array(2) };
    expect(() => fitTemperature(said)).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });

  it('measures by the definition of the error', () => {
    // One bin (0.8, 0.867]: half are right, so the gap is 0.85 - 0.5.
    const said = { probabilities: Float32Array.from([0.85, 0.15, 0.85, 0.15]), labels: Uint8Array.from([0, 1]) };
    expect(eceOf(said)).toBeCloseTo(0.35, 6);
  });
});

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

describe('areaUnderRoc', () => {
  it('counts pairs in the right order, and ties half', () => {
    expect(areaUnderRoc([0, 1], [2, 3])).toBe(1);
    expect(areaUnderRoc([2, 3], [0, 1])).toBe(0);
    expect(areaUnderRoc([1, 2], [1, 2])).toBe(0.5);
    expect(areaUnderRoc([0, 2], [1])).toBe(0.5);
    expect(areaUnderRoc([], [1])).toBeNaN();
  });
});

describe('fitDomain', () => {
  it('finds the directions in which a class varies', () => {
    const images = Array.from({ length: 60 }, (_, i) => {
      const pixels = new Uint8Array(784);
      // One feature that varies in each class, at another place.
      const at = i % 2 === 0 ? 2 * 28 + 2 : 20 * 28 + 20;
      for (const p of [0, 1, 28, 29]) pixels[at + p] = 40 + 3 * i;
      return pixels;
    });
    const labels = Uint8Array.from(images, (_, i) => i % 2);
    const { directions } = fitDomain({ images, labels, classes: 2, components: 1 });
    const largest = (row: Float32Array) =>
      row.reduce((best, v, i) => (Math.abs(v) > Math.abs(row[best]!) ? i : best), 0);
    expect(largest(directions.subarray(0, FEATURES))).toBe(14 + 1);
    expect(largest(directions.subarray(FEATURES))).toBe(10 * 14 + 10);
  });

  it('stands a class without digits', () => {
    const domain = fitDomain({ images: [new Uint8Array(784)], labels: new Uint8Array(1), classes: 2, components: 2 });
    expect(domain.directions.every((value) => Number.isFinite(value))).toBe(true);
    expect(encodeDomain(domain)).toMatch(/^[\w+/=]+$/);
  });
});

describe('outsiders', () => {
  const images = Uint8Array.from({ length: 20 * 784 }, (_, i) => (i * 7) % 251);
  const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 10);
  const digits = createDataset({ name: 'd', images, labels, height: 28, width: 28, classes: 10 });

  it('are the same for a seed, and others for another', () => {
    for (const make of [makeScribbles, makeNoise]) {
      expect(make(3, 5)).toEqual(make(3, 5));
      expect(make(3, 5)).not.toEqual(make(3, 6));
    }
  });

  it('are scribbles with some ink on white', () => {
    for (const { data } of makeScribbles(10)) {
      const ink = Array.from(data).filter((value) => value < 128).length / data.length;
      expect(ink).toBeGreaterThan(0.01);
      expect(ink).toBeLessThan(0.6);
    }
  });

  it('are digits turned by a quarter, counterclockwise', () => {
    const [first] = makeSideways(digits, 1);
    const two = images.subarray(2 * 784);
    // The top right corner goes to the top left.
    expect(first!.data[0]).toBe(two[27]);
    expect(first!.data[27]).toBe(two[27 * 28 + 27]);
  });

  it('are two digits side by side', () => {
    const [first] = makeDoubles(digits, 1);
    expect([first!.width, first!.height]).toEqual([48, 28]);
    expect(first!.data[0]).toBe(images[0]);
    expect(first!.data[47]).toBe(images[784 + 27]);
  });

  it('need enough digits', () => {
    expect(() => makeSideways(digits, 50)).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });
});
