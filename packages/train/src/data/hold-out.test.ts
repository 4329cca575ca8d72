import { describe, expect, it } from 'vitest';
import { createDataset } from './dataset.js';
import { holdOut } from './hold-out.js';

/** Ten of class 0, five of class 1 and two of class 2; an image is its number. */
const labels = Uint8Array.from([...Array(10).fill(0), ...Array(5).fill(1), 2, 2]);
const images = Uint8Array.from(labels, (_, i) => i);
const dataset = createDataset({ name: 'some', images, labels, height: 1, width: 1, classes: 3 });

describe('holdOut', () => {
  it('takes the same part of each class, rounded down, and gives every sample to one part', () => {
    const { train, held } = holdOut(dataset, 0.4, 1);
    expect([...held!.labels]).toEqual([0, 0, 0, 0, 1, 1]);
    expect([...train.images, ...held!.images].sort((a, b) => a - b)).toEqual([...images]);
    expect([...train.images].every((image, i) => labels[image] === train.labels[i])).toBe(true);
  });

  it('draws by the seed', () => {
    const drawn = [1, 1, 2].map((seed) => [...holdOut(dataset, 0.4, seed).held!.images].join());
    expect(drawn[0]).toBe(drawn[1]);
    expect(drawn[0]).not.toBe(drawn[2]);
  });

  it('holds nothing back of too few', () => {
    expect(holdOut(dataset, 0.05, 1)).toEqual({ train: dataset, held: undefined });
    expect(holdOut(dataset, 0, 1).held).toBeUndefined();
  });

  it.each([-0.1, 1, Number.NaN])('refuses a fraction of %f', (fraction) => {
    expect(() => holdOut(dataset, fraction, 1)).toThrow(expect.objectContaining({ code: 'bad-argument' }));
  });
});
