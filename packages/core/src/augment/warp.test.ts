import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash32 } from '../random.js';
import { atOnce } from '../slices.js';
import { newPlacement, type Placement } from './placement.js';
import { Canvas, resample } from './warp.js';
import { SIZE, type Waves, waves } from './waves.js';

/** What resample is to compute, pixel by pixel and without its short cuts. */
function plainly(image: Uint8Array, height: number, width: number, place: Placement, field?: Waves): Uint8Array {
  const pixel = (x: number, y: number) => (x < 0 || y < 0 || x >= width || y >= height ? 0 : image[y * width + x]!);
  const wave = (at: number, row: number, column: number) =>
    field ? field[(((at >>> 16) + row) % SIZE) * SIZE + ((at + column) % SIZE)]! : 0;
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [column, row] = [i % width, Math.floor(i / width)];
    const x = place.x + column * place.xPerColumn + row * place.xPerRow + wave(place.xWave, row, column);
    const y = place.y + column * place.yPerColumn + row * place.yPerRow + wave(place.yWave, row, column);
    const [left, above] = [Math.floor(x / 65536), Math.floor(y / 65536)];
    const [wx, wy] = [Math.floor(x / 256) & 255, Math.floor(y / 256) & 255];
    const upper = pixel(left, above) * (256 - wx) + pixel(left + 1, above) * wx;
    const lower = pixel(left, above + 1) * (256 - wx) + pixel(left + 1, above + 1) * wx;
    return Math.floor((upper * (256 - wy) + lower * wy + 32768) / 65536);
  });
}

const step = fc.oneof(fc.constantFrom(0, 65536, -65536), fc.integer({ min: -200_000, max: 200_000 }));
const start = fc.integer({ min: -3_000_000, max: 3_000_000 });
const counter = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const placements: fc.Arbitrary<Placement> = fc
  .record({
    x: start,
    y: start,
    xPerColumn: step,
    yPerColumn: step,
    xPerRow: step,
    yPerRow: step,
    xWave: counter,
    yWave: counter,
  })
  .map((drawn) => ({ ...newPlacement(), ...drawn }));
const pictures = fc
  .record({ height: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 12 }) })
  .chain(({ height, width }) => {
    const area = height * width;
    const pixel = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
    return fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      image: fc.array(pixel, { minLength: area, maxLength: area }),
    });
  });

describe('resample', () => {
  const field = atOnce(waves(20, 2));

  it.each([
    ['without waves', undefined],
    ['with waves', field],
  ])('is bilinear sampling of the placed image %s', (_, waves) => {
    fc.assert(
      fc.property(pictures, placements, ({ height, width, image }, place) => {
        const bytes = Uint8Array.from(image);
        const canvas = new Canvas(height, width);
        canvas.load(bytes, 0);
        const out = new Uint8Array(height * width).fill(77);
        resample(canvas, place, waves, out, 0);
        expect(out).toEqual(plainly(bytes, height, width, place, waves));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('waves', () => {
  const deviation = (values: ArrayLike<number>) =>
    Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length);

  it.each([
    [34, 4],
    [8, 2],
  ])('with alpha %i and sigma %i are as strong as smoothed noise is', (alpha, sigma) => {
    const field = atOnce(waves(alpha, sigma));
    // Even noise has the deviation 1/sqrt(3); a Gaussian of sigma divides it by 2 * sigma * sqrt(pi).
    const expected = alpha / Math.sqrt(3) / (2 * sigma * Math.sqrt(Math.PI));
    expect(deviation(field) / 65536 / expected).toBeCloseTo(1, 1);
    expect(Math.abs(field.reduce((sum, value) => sum + value, 0) / field.length / 65536)).toBeLessThan(0.1 * expected);
  });

  it('are smooth, also over the edges', () => {
    const field = atOnce(waves(34, 4));
    const steps = (from: number, to: number) =>
      deviation(Float64Array.from({ length: SIZE }, (_, i) => field[i * SIZE + to]! - field[i * SIZE + from]!)) / 65536;
    // Neighbours correlate by exp(-1 / (4 sigma^2)): the deviation of a step is that of the field times 0.176.
    for (const [from, to] of [
      [100, 101],
      [SIZE - 1, 0],
    ] as const) {
      expect(steps(from, to)).toBeGreaterThan(0.15);
      expect(steps(from, to)).toBeLessThan(0.4);
    }
  });

  it('are the waves that they always were', () => {
    expect(hash32(0, ...atOnce(waves(34, 4)).subarray(0, 1000))).toBe(1239843645);
  });
});
