import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash32, normal, permutation, stream, uniform } from './random.js';

const DRAWS = 1 << 16;
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's chi-squared of counts that ought to be equal, as standard deviations from what chance gives. */
function chiSquaredScore(counts: ArrayLike<number>): number {
  const expected = mean(counts);
  const chi = Array.from(counts).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chi - freedom) / Math.sqrt(2 * freedom);
}

describe('hash32', () => {
  it.each([
    // Published vectors of MurmurHash3_x86_32, those whose input is whole words.
    { seed: 0, words: [], hash: 0 },
    { seed: 1, words: [], hash: 0x514e28b7 },
    { seed: 0xffffffff, words: [], hash: 0x81f16f39 },
    { seed: 0, words: [0], hash: 0x2362f9de },
    { seed: 0, words: [0xffffffff], hash: 0x76293b50 },
    { seed: 0, words: [0x87654321], hash: 0xf55b516b },
    { seed: 0x5082edee, words: [0x87654321], hash: 0x2362f9de },
    { seed: 0x9747b28c, words: [0x61616161], hash: 0x5a97808a },
  ])('is MurmurHash3 for seed $seed and words $words', ({ seed, words, hash }) => {
    expect(hash32(seed, ...words)).toBe(hash);
  });

  it('flips each output bit half the time when one input bit flips', () => {
    for (let bit = 0; bit < 32; bit++) {
      const flips = new Float64Array(32);
      for (let i = 0; i < 2000; i++) {
        const changed = hash32(7, 1, i) ^ hash32(7, 1, i ^ (1 << bit));
        for (let out = 0; out < 32; out++) flips[out] = (flips[out] ?? 0) + ((changed >>> out) & 1) / 2000;
      }
      for (const rate of flips) expect(Math.abs(rate - 0.5)).toBeLessThan(0.08);
    }
  });
});

describe('stream', () => {
  it('gives every name its own number', () => {
    const names = [
      'shuffle',
      'augment',
      'dropout',
      'initial',
      'validation-split',
      '',
      'a',
      'b',
      'ab',
      'ba',
      '\u{1F600}',
    ];
    expect(new Set(names.map(stream)).size).toBe(names.length);
    expect(stream('shuffle')).toBe(0xc27dd052);
  });
});

describe('uniform', () => {
  const draw = (seed: number, name = 'test') =>
    Float64Array.from({ length: DRAWS }, (_, i) => uniform(seed, stream(name), i));

  it('is in [0, 1) for any seed and counter', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(), (seed, id, i) => {
        const value = uniform(seed, id, i);
        return value >= 0 && value < 1;
      }),
    );
  });

  it.each([0, 1, 42, 0xdeadbeef])('is spread evenly, in its high and its low bits, with seed %i', (seed) => {
    const high = new Uint32Array(256);
    const low = new Uint32Array(256);
    for (const value of draw(seed)) {
      high[Math.floor(value * 256)] = (high[Math.floor(value * 256)] ?? 0) + 1;
      const last = (value * 2 ** 32) & 255;
      low[last] = (low[last] ?? 0) + 1;
    }
    expect(Math.abs(chiSquaredScore(high))).toBeLessThan(4);
    expect(Math.abs(chiSquaredScore(low))).toBeLessThan(4);
  });

  it('shows no correlation between neighbours, seeds and streams', () => {
    const a = draw(1);
    const others = [a.subarray(1), a.subarray(2), a.subarray(28), draw(2), draw(1 << 31), draw(1, 'other')];
    for (const b of others) {
      const products = b.map((value, i) => 12 * (value - 0.5) * ((a[i] ?? 0) - 0.5));
      expect(Math.abs(mean(products))).toBeLessThan(4 / Math.sqrt(products.length));
    }
  });

  it('fills the square of two neighbouring draws evenly', () => {
    const values = draw(3);
    const cells = new Uint32Array(256);
    for (let i = 0; i < values.length; i += 2) {
      const cell = Math.floor((values[i] ?? 0) * 16) * 16 + Math.floor((values[i + 1] ?? 0) * 16);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    expect(Math.abs(chiSquaredScore(cells))).toBeLessThan(4);
  });
});

describe('normal', () => {
  it('has the moments and the tails of a normal distribution', () => {
    const values = Float64Array.from({ length: DRAWS }, (_, i) => normal(5, stream('test'), i));
    const moment = (power: number) => mean(values.map((value) => value ** power));
    expect(moment(1)).toBeCloseTo(0, 1);
    expect(moment(2)).toBeCloseTo(1, 1);
    expect(moment(3)).toBeCloseTo(0, 1);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    const within = (limit: number) => values.filter((value) => Math.abs(value) < limit).length / DRAWS;
    expect(within(1)).toBeCloseTo(0.6827, 2);
    expect(within(2)).toBeCloseTo(0.9545, 2);
    expect(values.every(Number.isFinite)).toBe(true);
  });
});

describe('permutation', () => {
  it('holds each number once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer(), (count, seed) => {
        const sorted = permutation(count, seed, stream('shuffle')).sort();
        expect(Array.from(sorted)).toEqual(Array.from({ length: count }, (_, i) => i));
      }),
    );
  });

  it('repeats with its seed and differs with another seed or stream', () => {
    const order = permutation(100, 1, stream('shuffle'));
    expect(permutation(100, 1, stream('shuffle'))).toEqual(order);
    expect(permutation(100, 2, stream('shuffle'))).not.toEqual(order);
    expect(permutation(100, 1, stream('other'))).not.toEqual(order);
    expect(Array.from(permutation(10, 1, stream('shuffle')))).toEqual([1, 6, 7, 2, 5, 3, 9, 0, 4, 8]);
  });

  it('gives each of the 24 orders of 4 things as often', () => {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 24_000; seed++) {
      const key = permutation(4, seed, stream('shuffle')).join('');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(Math.abs(chiSquaredScore(Array.from(counts.values())))).toBeLessThan(4);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 32])('refuses the count %d', (count) => {
    expect(() => permutation(count, 0, 0)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
