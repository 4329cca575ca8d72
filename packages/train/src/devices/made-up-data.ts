/** Images for trying a device, where no data set is at hand: spots of ink with random labels, always the same. */

import { hash32, stream, uniform } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { createDataset, type Dataset } from '../data/dataset.js';

const INK = stream('made-up/ink');
const LABEL = stream('made-up/label');
/** The part of an image that is ink; in MNIST, 19%. */
const COVERED = 0.2;

/** Enough for a full batch, also where a part is held out. */
export function madeUpData({ input, classes, slots = 1, training }: Architecture): Dataset {
  const [height, width] = input.image;
  const count = 4 * (training.batchSize ?? 128);
  const brightness = (i: number) =>
    Math.max(0, (uniform(0, INK, i) - 1 + COVERED) / COVERED) * Math.min(255, input.scale);
  return createDataset({
    name: 'made-up',
    ...{ height, width, classes, slots },
    images: Uint8Array.from({ length: count * height * width }, (_, i) => brightness(i)),
    labels: Uint8Array.from({ length: count * slots }, (_, i) => hash32(0, LABEL, i) % classes),
  });
}
