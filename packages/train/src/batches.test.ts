import { describe, expect, it } from 'vitest';
import { Batches, stepsPerEpoch } from './batches.js';
import { augment } from './data/augment.js';
import { createDataset, type Dataset } from './data/dataset.js';
import { hash32 } from './random.js';

/** Noise; no two images are alike. */
const dataset = createDataset({
  name: 'noise',
  images: Uint8Array.from({ length: 50 * 784 }, (_, i) => hash32(1, i) & 255),
  labels: Uint8Array.from({ length: 50 }, (_, i) => i % 10),
  height: 28,
  width: 28,
  classes: 10,
});
const text = (bytes: Uint8Array, i: number) => bytes.subarray(i * 784, (i + 1) * 784).join();

/** The pictures of an epoch with their labels, in their order. */
function epochOf({ count }: Dataset, batches: Batches, batchSize: number, epoch: number): string[] {
  return Array.from({ length: stepsPerEpoch({ count } as Dataset, batchSize) }, (_, step) => {
    const { images, labels } = batches.at(epoch, step);
    return Array.from(labels, (label, i) => `${label}: ${text(images, i)}`);
  }).flat();
}

describe('Batches', () => {
  it('give each sample once an epoch, with its label, in an order of its own', () => {
    const batches = new Batches(dataset, 16, 1);
    const all = Array.from({ length: 50 }, (_, i) => `${i % 10}: ${text(dataset.images, i)}`).sort();
    const [first, second] = [epochOf(dataset, batches, 16, 0), epochOf(dataset, batches, 16, 1)];
    expect([...first].sort()).toEqual(all);
    expect([...second].sort()).toEqual(all);
    expect(first).not.toEqual(second);
  });

  it('augment alike whatever the batch size and wherever one starts, and anew in each epoch', () => {
    const settings = { rotate: 10, shift: 0.1, elastic: { alpha: 30, sigma: 4 } };
    const [large, small] = [16, 7].map((size) => new Batches(dataset, size, 1, augment(settings))) as [
      Batches,
      Batches,
    ];
    const first = epochOf(dataset, large, 16, 0);
    const second = epochOf(dataset, large, 16, 1);
    expect(epochOf(dataset, small, 7, 1)).toEqual(second);
    expect(new Batches(dataset, 16, 1, augment(settings)).at(1, 2).images.join()).toBe(large.at(1, 2).images.join());
    expect(new Set([...first, ...second]).size).toBe(100);
    const plain = epochOf(dataset, new Batches(dataset, 16, 1), 16, 0);
    expect(first.map((sample) => sample[0])).toEqual(plain.map((sample) => sample[0]));
    expect(first.filter((sample) => plain.includes(sample))).toEqual([]);
  });
});
