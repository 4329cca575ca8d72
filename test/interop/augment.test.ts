/** Augmentation against OpenCV: images changed by the amounts that samples draw, and the statistics of elastic waves. */

import type { Tensor } from '@denary/core';
import { type AugmentOptions, augment, hash32, stream, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, python } from './exchange.js';
import { shown } from './measures.js';

/** Two digits, one above the other: not square, so that height and width cannot be mistaken for each other. */
const [COUNT, HEIGHT, WIDTH] = [12, 56, 28];
const [SEED, EPOCH] = [3, 5];

const settings: Record<string, AugmentOptions> = {
  'rotate a little': { rotate: 15 },
  'rotate any way': { rotate: 180 },
  'shift by pixels': { shift: 6 },
  'shift by a part': { shift: 0.3 },
  shear: { shear: 40 },
  zoom: { zoom: 0.5 },
  strokeWidth: { strokeWidth: 2 },
  everything: { rotate: 20, shift: 0.1, shear: 15, zoom: 0.2, strokeWidth: 1 },
};

/** The even draws of a sample, from [-1, 1), as placement.ts has them: each amount has a number of its own. */
function amountsOf(options: AugmentOptions, index: number) {
  const { rotate = 0, shift = 0, shear = 0, zoom = 0, strokeWidth = 0 } = options;
  const key = hash32(SEED, stream('augment'), EPOCH, index);
  const draw = (i: number) => hash32(key, i) / 2 ** 31 - 1;
  return {
    degrees: rotate * draw(0),
    right: (shift < 1 ? shift * WIDTH : shift) * draw(1),
    down: (shift < 1 ? shift * HEIGHT : shift) * draw(2),
    slant: shear * draw(3),
    xZoom: 1 + zoom * draw(4),
    yZoom: 1 + zoom * draw(5),
    stroke: strokeWidth * draw(6),
  };
}

/** Of a field of displacements: how far it goes, and how much alike pixels at the given distances are. */
interface Waves {
  readonly deviation: number;
  readonly likeness: readonly number[];
}

const elastic = { alpha: 34, sigma: 4 };
const distances = [2, 4, 8];

let images: Uint8Array;
let opencv: Answers<Tensor & Waves>;
const report: string[] = [];

beforeAll(async () => {
  ({ images } = subset(await loadDataset('mnist', 'test'), { from: 0, to: 2 * COUNT }));
  const tensor: Tensor = { dtype: 'uint8', shape: [COUNT, HEIGHT, WIDTH], data: images };
  const items = Object.entries(settings).map(([name, options]) => {
    const amounts = Array.from({ length: COUNT }, (_, index) => amountsOf(options, index));
    return [name, { images: tensor, amounts }];
  });
  opencv = await python('augment', { ...Object.fromEntries(items), waves: { ...elastic, distances } });
});

afterAll(() => console.info(report.join('\n')));

describe.each(Object.keys(settings))('%s', (name) => {
  it('makes the grey levels of OpenCV', () => {
    const out = new Uint8Array(images.length);
    const indices = Array.from({ length: COUNT }, (_, i) => i);
    const from = { images, height: HEIGHT, width: WIDTH };
    augment(settings[name]!)({ from, indices, epoch: EPOCH, seed: SEED, out });
    const expected = opencv.get(name).data as Float32Array;
    const errors = Array.from(out, (level, i) => Math.abs(level - expected[i]!));
    const [most, mean] = [Math.max(...errors), errors.reduce((sum, error) => sum + error, 0) / errors.length];
    report.push(shown(name, { most, mean }));
    expect(most).toBeLessThan(2.5);
    expect(mean).toBeLessThan(0.25);
    expect(out).not.toEqual(images);
  });
});

/** How far each pixel's source is moved along x or y, by so many samples: on a ramp, the grey level tells the place. */
function displacements(along: 'x' | 'y', samples: number): Float64Array[] {
  const [size, slope, margin] = [48, 5, 12];
  const ramp = Uint8Array.from(
    { length: size * size },
    (_, i) => slope * (along === 'x' ? i % size : Math.floor(i / size)),
  );
  const vary = augment({ elastic });
  const out = new Uint8Array(size * size);
  const inside = size - 2 * margin;
  return Array.from({ length: samples }, (_, epoch) => {
    vary({ from: { images: ramp, height: size, width: size }, indices: [0], epoch, seed: SEED, out });
    return Float64Array.from({ length: inside * inside }, (_, i) => {
      const at = (margin + Math.floor(i / inside)) * size + margin + (i % inside);
      return (out[at]! - ramp[at]!) / slope;
    });
  });
}

/** The mean of a product, over all samples and the pixels that have another one so far to their right. */
function meanProduct(a: readonly Float64Array[], b: readonly Float64Array[], distance = 0): number {
  const side = Math.sqrt(a[0]!.length);
  let [sum, count] = [0, 0];
  a.forEach((field, sample) => {
    for (let i = 0; i < field.length; i++) {
      if ((i % side) + distance >= side) continue;
      sum += field[i]! * b[sample]![i + distance]!;
      count++;
    }
  });
  return sum / count;
}

describe('elastic', () => {
  it('moves pixels as far, and neighbours as much alike, as smoothed noise does', () => {
    const expected = opencv.get('waves');
    const [x, y] = [displacements('x', 400), displacements('y', 400)];
    for (const [along, moved] of Object.entries({ x, y })) {
      const deviation = Math.sqrt(meanProduct(moved, moved));
      const likeness = distances.map((distance) => meanProduct(moved, moved, distance) / deviation ** 2);
      const apart = Math.max(...likeness.map((value, i) => Math.abs(value - expected.likeness[i]!)));
      report.push(shown(`elastic, along ${along}`, { deviation: Math.abs(deviation / expected.deviation - 1), apart }));
      expect(deviation / expected.deviation).toBeCloseTo(1, 1);
      expect(apart).toBeLessThan(0.05);
    }
    const together = meanProduct(x, y) / expected.deviation ** 2;
    expect(Math.abs(together)).toBeLessThan(0.1);
  });
});
