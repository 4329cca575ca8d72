import { augment, hash32 } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { Batches, type BatchPlan, planBatches } from './batches.js';
import { createDataset } from './data/dataset.js';

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
function epochOf(batches: Batches, { steps }: BatchPlan, epoch: number): string[] {
  return Array.from({ length: steps }, (_, step) => {
    const { images, labels } = batches.at(epoch, step);
    return Array.from(labels, (label, i) => `${label}: ${text(images, i)}`);
  }).flat();
}

const sixteen = planBatches(50, { batchSize: 16 });
const seven = planBatches(50, { batchSize: 7 });

describe('planBatches', () => {
  const sizes = ({ steps, bounds }: BatchPlan) =>
    Array.from({ length: steps }, (_, step) => bounds(step)[1] - bounds(step)[0]);

  it('fills batches and leaves the rest to the last', () => expect(sizes(sixteen)).toEqual([16, 16, 16, 2]));

  it('makes as many even ones as asked for', () => {
    const plan = planBatches(50, { minibatches: 4 });
    expect(plan.batchSize).toBe(13);
    expect(sizes(plan)).toEqual([12, 13, 12, 13]);
    expect(sizes(planBatches(3, { minibatches: 5 }))).toEqual([1, 1, 1]);
  });
});

describe('Batches', () => {
  it('give each sample once an epoch, with its label, in an order of its own', () => {
    const batches = new Batches(dataset, sixteen, 1);
    const all = Array.from({ length: 50 }, (_, i) => `${i % 10}: ${text(dataset.images, i)}`).sort();
    const [first, second] = [epochOf(batches, sixteen, 0), epochOf(batches, sixteen, 1)];
    expect([...first].sort()).toEqual(all);
    expect([...second].sort()).toEqual(all);
    expect(first).not.toEqual(second);
  });

  it('give the data set itself where a batch is all of it', () => {
    const { images, labels } = new Batches(dataset, planBatches(50, { minibatches: 1 }), 1).at(3, 0);
    expect([images, labels]).toEqual([dataset.images, dataset.labels]);
  });

  it('augment alike whatever the batch size and wherever one starts, and anew in each epoch', () => {
    const settings = { rotate: 10, shift: 0.1, elastic: { alpha: 30, sigma: 4 } };
    const make = (plan: BatchPlan) => new Batches(dataset, plan, 1, augment(settings));
    const large = make(sixteen);
    const [first, second] = [epochOf(large, sixteen, 0), epochOf(large, sixteen, 1)];
    expect(epochOf(make(seven), seven, 1)).toEqual(second);
    expect(make(sixteen).at(1, 2).images.join()).toBe(large.at(1, 2).images.join());
    expect(new Set([...first, ...second]).size).toBe(100);
    const plain = epochOf(new Batches(dataset, sixteen, 1), sixteen, 0);
    expect(first.map((sample) => sample[0])).toEqual(plain.map((sample) => sample[0]));
    expect(first.filter((sample) => plain.includes(sample))).toEqual([]);
  });
});
