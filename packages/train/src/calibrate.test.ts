import { decodeDomain, distanceFrom, encodeDomain, normal, normalise, toGrey, uniform } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { atTemperature, eceOf, fitTemperature, nllOf, type Said } from './calibrate.js';
import { createDataset } from './data/dataset.js';
import { makeCharacters, makeDecoys, makeShapes } from './data/decoys.js';
import { makeLetters } from './data/letters.js';
import { makeBlank, makeDoubles, makeNoise, makeScribbles, makeTextures, makeTurned } from './data/outsiders.js';
import { fitDomain } from './domain.js';
import { areaUnderRoc } from './rejection.js';

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
  it('tells digits from what is none', async () => {
    // Bars across, of three heights, stand for digits.
    const count = 300;
    const images = new Uint8Array(count * 784);
    for (let i = 0; i < count; i++)
      images.fill(255, i * 784 + (8 + 4 * (i % 3)) * 28 + 4, i * 784 + (8 + 4 * (i % 3)) * 28 + 24);
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
    const digits = createDataset({ name: 'bars', images, labels, height: 28, width: 28, classes: 3 });
    const encoded = await fitDomain({ createSession, digits, seed: 1 });
    const domain = decodeDomain(encoded);
    const far = (of: Uint8Array[]) => of.map((pixels) => distanceFrom(domain, pixels));
    const outside = makeScribbles(50).map((image) => normalise(toGrey(image)).pixels);
    const inside = Array.from({ length: 50 }, (_, i) => images.subarray(i * 784, (i + 1) * 784));
    expect(areaUnderRoc(far(inside), far(outside))).toBeGreaterThan(0.95);
    expect(encodeDomain(domain)).toEqual(encoded);
  });
});

describe('decoys', () => {
  const images = Uint8Array.from({ length: 40 * 784 }, (_, i) => (i * 7) % 251);
  const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
  const digits = createDataset({ name: 'd', images, labels, height: 28, width: 28, classes: 10 });

  it('are the same for a seed, and others for another', () => {
    expect(makeDecoys(digits, 60, 5)).toEqual(makeDecoys(digits, 60, 5));
    expect(makeCharacters(3, 5)).not.toEqual(makeCharacters(3, 6));
    expect(makeShapes(3, 5)).not.toEqual(makeShapes(3, 6));
  });

  it('are of all kinds, and as many as asked for', () => {
    const decoys = makeDecoys(digits, 200);
    expect(decoys).toHaveLength(200);
    expect(decoys.filter(({ width }) => width === 48)).toHaveLength(14);
  });

  it('are there even without a digit that can be turned', () => {
    const ones = createDataset({ ...digits, labels: new Uint8Array(40).fill(1) });
    expect(makeDecoys(ones, 100)).toHaveLength(86);
  });

  it('fill the page with ink on white', () => {
    for (const image of [...makeCharacters(20), ...makeShapes(20)]) {
      expect(image.data.some((value) => value < 160)).toBe(true);
      expect(image.data[0]).toBe(255);
    }
  });
});

describe('outsiders', () => {
  const images = Uint8Array.from({ length: 20 * 784 }, (_, i) => (i * 7) % 251);
  const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 10);
  const digits = createDataset({ name: 'd', images, labels, height: 28, width: 28, classes: 10 });

  it('are the same for a seed, and others for another', () => {
    for (const make of [makeScribbles, makeNoise, makeLetters, makeBlank, makeTextures]) {
      expect(make(3, 5)).toEqual(make(3, 5));
      expect(make(3, 5)).not.toEqual(make(3, 6));
    }
  });

  it('are paper that is seen to be empty, and textures of many greys', () => {
    for (const image of makeBlank(10)) expect(normalise(toGrey(image)).empty).toBe(true);
    for (const { data } of makeTextures(10)) expect(new Set(data).size).toBeGreaterThan(100);
  });

  it('are scribbles and letters with some ink on white', () => {
    for (const { data } of [...makeScribbles(10), ...makeLetters(13)]) {
      const ink = Array.from(data).filter((value) => value < 128).length / data.length;
      expect(ink).toBeGreaterThan(0.01);
      expect(ink).toBeLessThan(0.6);
    }
  });

  it('are digits turned by a quarter, counterclockwise', () => {
    const [first] = makeTurned(digits, 1);
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

  it('are digits mirrored', () => {
    const [first] = makeTurned(digits, 1, 'mirrored');
    expect(Array.from(first!.data.slice(0, 28))).toEqual(Array.from(images.slice(2 * 784, 2 * 784 + 28)).reverse());
  });

  it('need enough digits', () => {
    expect(() => makeTurned(digits, 50)).toThrow(expect.objectContaining({ code: 'bad-data' }));
  });
});
