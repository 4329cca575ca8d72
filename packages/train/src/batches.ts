/** Batches of a data set, in a seeded order that depends on the epoch alone, so that any step can be taken up again. */

import type { Augmentation, Batch } from '@denary/core';
import { hash32, permutation, stream } from '@denary/core';
import type { Dataset } from './data/dataset.js';

const SHUFFLE = stream('shuffle');

/** How an epoch is cut into steps. */
export interface BatchPlan {
  /** The most samples in a step. */
  readonly batchSize: number;
  /** Steps in an epoch. */
  readonly steps: number;
  /** The samples of a step, as places in the epoch's order: from..to-1. */
  bounds(step: number): readonly [from: number, to: number];
}

/** Full batches, the last one taking what is left; or, where `minibatches` are asked for, that many of even size. */
export function planBatches(count: number, { batchSize = 128, minibatches }: BatchSettings): BatchPlan {
  if (minibatches !== undefined) {
    const steps = Math.min(minibatches, count);
    const start = (step: number) => Math.floor((step * count) / steps);
    return { batchSize: Math.ceil(count / steps), steps, bounds: (step) => [start(step), start(step + 1)] };
  }
  const steps = Math.ceil(count / batchSize);
  return { batchSize, steps, bounds: (step) => [step * batchSize, Math.min((step + 1) * batchSize, count)] };
}

interface BatchSettings {
  readonly batchSize?: number | undefined;
  readonly minibatches?: number | undefined;
}

/** The batches of one epoch. The arrays given out are overwritten by the next batch. */
export class Batches {
  private readonly images: Uint8Array;
  private readonly labels: Uint8Array;
  private readonly area: number;
  private order = new Uint32Array();
  private epoch = -1;

  constructor(
    private readonly dataset: Dataset,
    private readonly plan: BatchPlan,
    private readonly seed: number,
    private readonly augment?: Augmentation,
  ) {
    this.area = dataset.height * dataset.width;
    this.images = new Uint8Array(this.isWhole ? 0 : plan.batchSize * this.area);
    this.labels = new Uint8Array(this.isWhole ? 0 : plan.batchSize * dataset.slots);
  }

  /** Whether every batch is the data set as it is. */
  private get isWhole(): boolean {
    return this.plan.steps === 1 && !this.augment;
  }

  /** The batch of a step, both counted from 0. */
  at(epoch: number, step: number): Batch {
    const { area, images, labels, dataset, augment, seed } = this;
    if (this.isWhole) return { images: dataset.images, labels: dataset.labels };
    if (epoch !== this.epoch) {
      this.order = permutation(dataset.count, hash32(seed, epoch), SHUFFLE) as typeof this.order;
      this.epoch = epoch;
    }
    const chosen = this.order.subarray(...this.plan.bounds(step));
    const { slots } = dataset;
    for (let i = 0; i < chosen.length; i++) {
      const index = chosen[i]!;
      if (!augment) images.set(dataset.images.subarray(index * area, (index + 1) * area), i * area);
      for (let slot = 0; slot < slots; slot++) labels[i * slots + slot] = dataset.labels[index * slots + slot]!;
    }
    augment?.({ from: dataset, indices: chosen, epoch, seed, out: images });
    return { images: images.subarray(0, chosen.length * area), labels: labels.subarray(0, chosen.length * slots) };
  }
}
