import { describe, expect, it } from 'vitest';
import { soften, steepnessOf, widthOf } from './pen.js';
import type { Samples } from './samples.js';

const [height, width] = [28, 28];

/** A long bar of that width in the middle; what it is at its ends hardly counts. */
function bar(wide: number): Samples {
  const images = new Uint8Array(height * width);
  for (let y = 2; y < height - 2; y++) images.fill(255, y * width + 10, y * width + 10 + wide);
  return { images, labels: new Uint8Array(1), count: 1, height, width, classes: 10 };
}

function softened(samples: Samples, times: number): Samples {
  const images = samples.images.slice();
  soften(images, samples, times);
  return { ...samples, images };
}

describe('a pen', () => {
  it.each([2, 3, 5])('of %i pixels has strokes as wide', (wide) => {
    // A bar of length l has ink w l, and edges of 2 (l + w).
    expect(widthOf(bar(wide))).toBeCloseTo((wide * 24) / (24 + wide), 1);
  });

  it('is as wide twice in an image, and in the mean of several', () => {
    const [narrow, wide] = [bar(2), bar(4)];
    const images = new Uint8Array([...narrow.images, ...wide.images]);
    const both = { ...narrow, images, labels: new Uint8Array(2), count: 2 };
    expect(widthOf(both)).toBeCloseTo((widthOf(narrow) + widthOf(wide)) / 2, 6);
  });

  it('is less steep the softer it is, however wide', () => {
    for (const wide of [2, 5]) {
      const steepness = [0, 1, 2, 4, 8].map((times) => steepnessOf(softened(bar(wide), times)));
      steepness.slice(1).forEach((value, i) => expect(value).toBeLessThan(0.9 * steepness[i]!));
    }
    expect(steepnessOf(softened(bar(5), 2))).toBeCloseTo(steepnessOf(softened(bar(8), 2)), -1);
  });

  it('without ink has neither width nor edges', () => {
    const empty = { ...bar(2), images: new Uint8Array(height * width) };
    expect([widthOf(empty), steepnessOf(empty)]).toEqual([0, 0]);
    expect(softened(empty, 2).images.some((pixel) => pixel > 0)).toBe(false);
  });
});

describe('softening', () => {
  it('blurs by a quarter of a square pixel each time, either way, and leaves the darkest pixel as dark', () => {
    const dot = { ...bar(2), images: new Uint8Array(height * width) };
    dot.images[14 * width + 14] = 255;
    for (const times of [1, 4, 6]) {
      const { images } = softened(dot, times);
      const variance = (of: (x: number, y: number) => number) => {
        let [mass, square] = [0, 0];
        images.forEach((value, p) => {
          mass += value;
          square += value * of((p % width) - 14, Math.floor(p / width) - 14) ** 2;
        });
        return square / mass;
      };
      expect(images[14 * width + 14]).toBe(255);
      expect(variance((x) => x)).toBeCloseTo(times / 4, 1);
      expect(variance((_, y) => y)).toBeCloseTo(times / 4, 1);
    }
  });

  it('takes nothing from one side of the image to the other', () => {
    const edge = { ...bar(2), images: new Uint8Array(height * width) };
    edge.images[14 * width] = 255;
    const { images } = softened(edge, 3);
    for (let y = 0; y < height; y++) expect(images[y * width + width - 1]).toBe(0);
  });
});
