/**
 * The batches of a run: augmented copies of the corrections beside images of the core set, as they are and as the user would
 * write them, all in seeded orders without end.
 * A step's batch is a function of the seed and the step alone.
 */

import type { Augmentation, AugmentOptions } from '../augment/augment.js';
import { hash32, permutation, stream } from '../random.js';
import type { Batch } from '../trainer.js';
import type { Samples, WeightedSamples } from './samples.js';
import type { Strategy } from './strategy.js';

const ORDER = stream('tuning-order');

export interface MixtureParts {
  readonly corrections: WeightedSamples;
  readonly replay: Samples | undefined;
  /** The core set in the user's hand, where there is one. */
  readonly imitation?: Samples | undefined;
  readonly strategy: Pick<Strategy, 'replayShare' | 'imitationShare' | 'copies'>;
  readonly augment: Augmentation;
  readonly replayAugment: Augmentation;
  readonly batchSize: number;
  readonly seed: number;
}

/** Turned or scaled as much as a single digit, those at the ends of a row would leave the image: by as much less as it is wider. */
export function augmentFor(
  options: AugmentOptions,
  { height, width, slots = 1 }: Omit<Samples, 'images'>,
): AugmentOptions {
  if (slots === 1 || width <= height) return options;
  const { rotate = 0, zoom = 0 } = options;
  return { ...options, rotate: (rotate * height) / width, zoom: (zoom * height) / width };
}

export class Mixture {
  /** In each batch. */
  readonly fresh: number;
  readonly imitated: number;
  readonly rehearsed: number;
  private readonly images: Uint8Array;
  private readonly labels: Uint8Array;
  private readonly weights: Float32Array;
  private readonly area: number;

  constructor(private readonly parts: MixtureParts) {
    const { corrections, replay, imitation, strategy, batchSize } = parts;
    const { height, width, slots = 1, count } = corrections;
    this.area = height * width;
    this.imitated = imitation ? Math.round(batchSize * strategy.imitationShare) : 0;
    const room = batchSize - this.imitated;
    const wanted = replay?.count ? Math.round(room * (1 - strategy.replayShare)) : room;
    this.fresh = Math.max(1, Math.min(wanted, count * strategy.copies));
    this.rehearsed = replay?.count ? room - this.fresh : 0;
    const size = this.fresh + this.imitated + this.rehearsed;
    this.images = new Uint8Array(size * this.area);
    this.labels = new Uint8Array(size * slots);
    this.weights = new Float32Array(size).fill(1);
  }

  /** The batch of a step, from 0. The arrays are overwritten by the next one. */
  at(step: number): Batch {
    const { corrections, replay, imitation, augment, replayAugment, seed } = this.parts;
    const { fresh, imitated, rehearsed } = this;
    this.take(corrections, augment, hash32(seed, 0), step, 0, fresh);
    if (imitation) this.take(imitation, augment, hash32(seed, 2), step, fresh, imitated);
    if (replay) this.take(replay, replayAugment, hash32(seed, 1), step, fresh + imitated, rehearsed);
    return { images: this.images, labels: this.labels, weights: this.weights };
  }

  /** Writes `count` samples from `start` on. Every round through the samples has an order and augmented copies of its own. */
  private take(
    from: Samples & Partial<WeightedSamples>,
    augment: Augmentation,
    seed: number,
    step: number,
    start: number,
    count: number,
  ) {
    const { area } = this;
    const { slots = 1 } = from;
    for (let done = 0; done < count; ) {
      const position = step * count + done;
      const [round, first] = [Math.floor(position / from.count), position % from.count];
      const order = permutation(from.count, hash32(seed, round), ORDER);
      const indices = order.subarray(first, first + count - done);
      const at = start + done;
      augment({ from, indices, epoch: round, seed, out: this.images.subarray(at * area) });
      indices.forEach((index, i) => {
        this.labels.set(from.labels.subarray(index * slots, (index + 1) * slots), (at + i) * slots);
        this.weights[at + i] = from.weights?.[index] ?? 1;
      });
      done += indices.length;
    }
  }
}
