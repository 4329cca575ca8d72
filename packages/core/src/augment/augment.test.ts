import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash32 } from '../random.js';
import { type AugmentOptions, augment } from './augment.js';

const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const everything: AugmentOptions = {
  rotate: 20,
  shift: 0.1,
  shear: 15,
  zoom: 0.2,
  elastic: { alpha: 30, sigma: 4 },
  strokeWidth: 1,
};

interface Images {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
}

/** Noise on about half of the pixels, up to the border. */
function noise(count: number, height = 28, width = 28): Images {
  const pixel = (i: number) => (hash32(1, i) & 1 ? hash32(2, i) & 255 : 0);
  return { images: Uint8Array.from({ length: count * height * width }, (_, i) => pixel(i)), height, width };
}

/** One image, given by what is 255 on it. */
function drawn(inked: (x: number, y: number) => boolean, height = 28, width = 28): Images {
  const images = Uint8Array.from({ length: height * width }, (_, i) =>
    inked(i % width, Math.floor(i / width)) ? 255 : 0,
  );
  return { images, height, width };
}

function copies(from: Images, options: AugmentOptions, { indices = [0], epoch = 0, seed = 1 } = {}): Uint8Array {
  const out = new Uint8Array(indices.length * from.height * from.width).fill(77);
  augment(options)({ from, indices, epoch, seed, out });
  return out;
}

/** So many copies of the first image, one an epoch. */
const series = (from: Images, options: AugmentOptions, count: number): Uint8Array[] => {
  const vary = augment(options);
  return Array.from({ length: count }, (_, epoch) => {
    const out = new Uint8Array(from.height * from.width);
    vary({ from, indices: [0], epoch, seed: 1, out });
    return out;
  });
};

/** The ink's amount, centre, and second moments about it. */
function moments(image: Uint8Array, width = 28) {
  let [ink, x, y, xx, xy, yy] = [0, 0, 0, 0, 0, 0];
  for (const [i, pixel] of image.entries()) {
    ink += pixel;
    x += pixel * (i % width);
    y += pixel * Math.floor(i / width);
  }
  [x, y] = [x / ink, y / ink];
  for (const [i, pixel] of image.entries()) {
    const [dx, dy] = [(i % width) - x, Math.floor(i / width) - y];
    xx += (pixel * dx * dx) / ink;
    xy += (pixel * dx * dy) / ink;
    yy += (pixel * dy * dy) / ink;
  }
  return { ink, x, y, xx, xy, yy };
}

const range = (values: readonly number[]) => [Math.min(...values), Math.max(...values)] as const;

/** A square in the middle, 10 pixels wide. */
const square = drawn((x, y) => x >= 9 && x < 19 && y >= 9 && y < 19);
/** An upright bar in the middle, 2 pixels wide and 16 high. */
const bar = drawn((x, y) => x >= 13 && x < 15 && y >= 6 && y < 22);

describe('augment', () => {
  it('copies where nothing is asked for', () => {
    const from = noise(3);
    expect(copies(from, {}, { indices: [0, 1, 2] })).toEqual(from.images);
    expect(copies(from, { rotate: 0, elastic: { alpha: 0, sigma: 4 } }, { indices: [2] })).toEqual(
      from.images.subarray(2 * 784),
    );
  });

  it('copies where what is asked for rounds to nothing', () => {
    const little = { rotate: 1e-9, shift: 1e-9, shear: 1e-9, zoom: 1e-9, strokeWidth: 1e-9 };
    const from = noise(3);
    expect(copies(from, little, { indices: [0, 1, 2] })).toEqual(from.images);
    const wavy = { ...little, elastic: { alpha: 1e-9, sigma: 4 } };
    expect(copies(from, wavy, { indices: [0, 1, 2] })).toEqual(from.images);
  });

  it('makes the same copy whatever the batch, the order, and what came before', () => {
    const from = noise(40);
    const indices = Array.from({ length: 40 }, (_, i) => i);
    const whole = copies(from, everything, { indices, epoch: 3, seed: 9 });
    const vary = augment(everything);
    vary({ from: noise(2, 56, 56), indices: [1], epoch: 0, seed: 0, out: new Uint8Array(56 * 56) });
    for (const batch of [[39], [7, 0, 12], [5, 5]]) {
      const out = new Uint8Array(batch.length * 784 + 10).fill(77);
      vary({ from, indices: Uint32Array.from(batch), epoch: 3, seed: 9, out });
      for (const [i, index] of batch.entries()) {
        expect(out.subarray(i * 784, (i + 1) * 784)).toEqual(whole.subarray(index * 784, (index + 1) * 784));
      }
      expect(Array.from(out.subarray(batch.length * 784))).toEqual(new Array(10).fill(77));
    }
  });

  it('makes another copy for another epoch, seed and index', () => {
    const { images, height, width } = square;
    const twice = { images: Uint8Array.from([...images, ...images]), height, width };
    const made = [
      copies(twice, everything),
      copies(twice, everything, { epoch: 1 }),
      copies(twice, everything, { seed: 2 }),
      copies(twice, everything, { indices: [1] }),
    ];
    expect(new Set(made.map((copy) => copy.join())).size).toBe(4);
  });

  it('makes the bytes that it always made', () => {
    const copy = copies(noise(5), everything, { indices: [4, 2] });
    expect(hash32(0, ...copy)).toBe(2868162380);
  });

  it('leaves no trace of one image on the next', () => {
    const { images: dot } = drawn((x, y) => x === 0 && y === 14);
    const from = { images: Uint8Array.from([...new Uint8Array(784).fill(255), ...dot]), height: 28, width: 28 };
    const options = { ...everything, elastic: undefined };
    const vary = augment(options);
    for (let epoch = 0; epoch < 50; epoch++) {
      const [after, alone] = [new Uint8Array(2 * 784), new Uint8Array(784)];
      vary({ from, indices: [0, 1], epoch, seed: 1, out: after });
      augment(options)({ from, indices: [1], epoch, seed: 1, out: alone });
      expect(after.subarray(784)).toEqual(alone);
    }
  });

  it('works on images of any size, and invents no ink', () => {
    const options = fc.record({
      rotate: fc.double({ min: 0, max: 180, noNaN: true }),
      shift: fc.double({ min: 0, max: 9, noNaN: true }),
      shear: fc.double({ min: 0, max: 60, noNaN: true }),
      zoom: fc.double({ min: 0, max: 0.9, noNaN: true }),
      strokeWidth: fc.double({ min: 0, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 40 }), options, (height, width, some) => {
        const from = { ...noise(1, height, width), height, width };
        const brightest = Math.max(...from.images);
        expect(Math.max(...copies(from, some))).toBeLessThanOrEqual(brightest);
        expect(Math.max(...copies({ ...from, images: new Uint8Array(height * width) }, some))).toBe(0);
      }),
    );
  });

  it.each([
    [{ rotate: 181 }, /rotate in 0\.\.180, received 181/],
    [{ rotate: -1 }, /rotate/],
    [{ shift: Number.NaN }, /shift/],
    [{ shear: 61 }, /shear/],
    [{ zoom: 1 }, /zoom in 0\.\.0\.9, received 1/],
    [{ strokeWidth: 3 }, /strokeWidth/],
    [{ elastic: { alpha: -1, sigma: 4 } }, /alpha/],
    [{ elastic: { alpha: 34, sigma: 0 } }, /sigma in 0\.5\.\.50/],
    [{ rotate: '10' as unknown as number }, /rotate/],
    [{ rotation: 10 } as AugmentOptions, /settings among rotate, shift.*received rotation/],
  ])('refuses %j', (options, message) => {
    expect(() => augment(options)).toThrow(coded('bad-argument', message));
  });

  it('refuses images that there are not, and too little room', () => {
    const job = { from: noise(3), indices: [0, 1], epoch: 0, seed: 0, out: new Uint8Array(2 * 784) };
    const vary = augment(everything);
    expect(() => vary({ ...job, indices: [3] })).toThrow(coded('bad-argument', /0\.\.2, received 3/));
    expect(() => vary({ ...job, indices: [0.5] })).toThrow(coded('bad-argument', /0\.5/));
    expect(() => vary({ ...job, indices: [0, 1, 2] })).toThrow(coded('bad-argument', /room for 3 images/));
  });

  it('tells its settings in full', () => {
    const elastic = { alpha: 0, sigma: 4 };
    const rest = { shift: 0, shear: 0, zoom: 0, strokeWidth: 0 };
    expect(augment({ rotate: 5 }).options).toEqual({ rotate: 5, ...rest, elastic });
  });
});

describe('each change keeps to its range, and uses all of it', () => {
  it('rotate', () => {
    const made = series(bar, { rotate: 30 }, 400).map((copy) => moments(copy));
    const angles = made.map(({ xx, xy, yy }) => (Math.atan2(2 * xy, yy - xx) * 90) / Math.PI);
    const [least, most] = range(angles);
    expect(least).toBeGreaterThan(-30.5);
    expect(least).toBeLessThan(-28);
    expect(most).toBeLessThan(30.5);
    expect(most).toBeGreaterThan(28);
    for (const { x, y, ink } of made) {
      expect(Math.hypot(x - 13.5, y - 13.5)).toBeLessThan(0.05);
      expect(ink / moments(bar.images).ink).toBeCloseTo(1, 1);
    }
  });

  it.each([
    ['a part of the size', 0.1, 56, 2.8, 5.6],
    ['pixels', 3, 56, 3, 3],
  ])('shift by %s', (_, shift, width, down, right) => {
    const wide = drawn((x, y) => x >= 20 && x < 30 && y >= 9 && y < 19, 28, width);
    const before = moments(wide.images, width);
    const made = series(wide, { shift }, 400).map((copy) => moments(copy, width));
    for (const [moved, limit] of [
      [made.map(({ x }) => x - before.x), right],
      [made.map(({ y }) => y - before.y), down],
    ] as const) {
      const [least, most] = range(moved);
      expect(least).toBeGreaterThan(-limit - 0.01);
      expect(least).toBeLessThan(-0.95 * limit);
      expect(most).toBeLessThan(limit + 0.01);
      expect(most).toBeGreaterThan(0.95 * limit);
    }
    // Down and right are drawn for themselves.
    const product = made.reduce((sum, { x, y }) => sum + (x - before.x) * (y - before.y), 0) / 400;
    expect(Math.abs(product) / (down * right)).toBeLessThan(0.06);
  });

  it('shear', () => {
    const made = series(bar, { shear: 20 }, 400).map((copy) => moments(copy));
    // The slope of the uprights; rows stay rows.
    const [least, most] = range(made.map(({ xy, yy }) => xy / yy));
    const limit = Math.tan((20 * Math.PI) / 180);
    expect(least).toBeGreaterThan(-limit - 0.01);
    expect(least).toBeLessThan(-0.95 * limit);
    expect(most).toBeLessThan(limit + 0.01);
    expect(most).toBeGreaterThan(0.95 * limit);
    expect(range(made.map(({ yy }) => yy))[0]).toBeCloseTo(moments(bar.images).yy, 1);
  });

  it('zoom', () => {
    const before = moments(square.images);
    const made = series(square, { zoom: 0.25 }, 400).map((copy) => moments(copy));
    for (const key of ['xx', 'yy'] as const) {
      const [least, most] = range(made.map((after) => Math.sqrt(after[key] / before[key])));
      expect(least).toBeGreaterThan(0.72);
      expect(least).toBeLessThan(0.78);
      expect(most).toBeLessThan(1.29);
      expect(most).toBeGreaterThan(1.22);
    }
    expect(range(made.map(({ x }) => x))[0]).toBeCloseTo(13.5, 1);
  });

  it('strokeWidth', () => {
    // A bar two pixels wide: its ink in the middle rows is its width.
    const widths = series(bar, { strokeWidth: 1 }, 400).map(
      (copy) => copy.subarray(14 * 28, 15 * 28).reduce((sum, pixel) => sum + pixel, 0) / 255,
    );
    const [least, most] = range(widths);
    expect(least).toBeGreaterThan(0.99);
    expect(least).toBeLessThan(1.05);
    expect(most).toBeLessThan(3.01);
    expect(most).toBeGreaterThan(2.95);
  });

  it('strokeWidth keeps inside the image', () => {
    const edge = drawn((x, y) => x === 0 || y === 27);
    for (const copy of series(edge, { strokeWidth: 2 }, 50)) {
      // Two pixels at most from the edges, and nothing on the far side.
      for (let i = 0; i < 784; i++) if (i % 28 > 1 && Math.floor(i / 28) < 26) expect(copy[i]).toBe(0);
    }
  });
});
