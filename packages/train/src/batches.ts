/** Batches of a data set, in a seeded order that depends on the epoch alone, so that any step can be taken up again. */

import type { Batch } from '@denary/core';
import type { Augmentation } from './data/augment.js';
import type { Dataset } from './data/dataset.js';
import { hash32, permutation, stream } from './random.js';

const SHUFFLE = stream('shuffle');

/** How many steps an epoch takes; the last one may be short. */
export const stepsPerEpoch = ({ count }: Dataset, batchSize: number): number => Math.ceil(count / batchSize);

/** The batches of one epoch. The arrays given out are overwritten by the next batch. */
export class Batches {
  private readonly images: Uint8Array;
  private readonly labels: Uint8Array;
  private readonly area: number;
  private order = new Uint32Array();
  private epoch = -1;

  constructor(
    private readonly dataset: Dataset,
    private readonly batchSize: number,
    private readonly seed: number,
    private readonly augment?: Augmentation,
  ) {
    this.area = dataset.height * dataset.width;
    this.images = new Uint8Array(batchSize * this.area);
    this.labels = new Uint8Array(batchSize * dataset.slots);
  }

  /** The batch of a step, both counted from 0. */
  at(epoch: number, step: number): Batch {
    if (epoch !== this.epoch) {
      this.order = permutation(this.dataset.count, hash32(this.seed, epoch), SHUFFLE) as typeof this.order;
      this.epoch = epoch;
    }
    const chosen = this.order.subarray(step * this.batchSize, (step + 1) * this.batchSize);
    const { area, images, labels, dataset, augment, seed } = this;
    const { slots } = dataset;
    chosen.forEach((index, i) => {
      if (!augment) images.set(dataset.images.subarray(index * area, (index + 1) * area), i * area);
      for (let slot = 0; slot < slots; slot++) labels[i * slots + slot] = dataset.labels[index * slots + slot]!;
    });
    augment?.({ from: dataset, indices: chosen, epoch, seed, out: images });
    return { images: images.subarray(0, chosen.length * area), labels: labels.subarray(0, chosen.length * slots) };
  }
}
