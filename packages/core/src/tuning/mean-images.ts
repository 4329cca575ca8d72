/** Mean images of classes: what a core set and corrections are compared by. */

import { type Affine, centreOf, likenessTo, type Moments, momentsOf, type Size } from './affine.js';
import type { Samples } from './samples.js';

interface Mean {
  readonly image: Float64Array;
  readonly count: number;
}
/** By class, of those that there are. */
export type Means = ReadonlyMap<number, Mean>;

export function meansOf({ images, labels, height, width }: Samples): Means {
  const area = height * width;
  const sums = new Map<number, { image: Float64Array; count: number }>();
  labels.forEach((label, i) => {
    const sum = sums.get(label) ?? { image: new Float64Array(area), count: 0 };
    const own = images.subarray(i * area, (i + 1) * area);
    // Each with its centre in the middle: where digits are put says nothing of how they are written.
    const [right, down] = centreOf(own, { height, width }).map(Math.round) as [number, number];
    for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
      for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
        sum.image[(y - down) * width + x - right]! += own[y * width + x]!;
      }
    }
    sum.count++;
    sums.set(label, sum);
  });
  return new Map([...sums].map(([label, { image, count }]) => [label, { image: image.map((v) => v / count), count }]));
}

/** The mean over the corrections, each as like the core set's as the mean image of its class. */
export function meanLikeness(core: Means, theirs: Means, map: Affine, size: Size): number {
  let [sum, count] = [0, 0];
  for (const [label, own] of theirs) {
    const source = core.get(label);
    if (!source) continue;
    sum += own.count * likenessTo(own.image, source.image, map, size);
    count += own.count;
  }
  return sum / (count || 1);
}

/** Of the classes that both have, each as often as it is among the corrections. */
export function pooled(means: Means, theirs: Means, size: Size): Moments {
  let [yy, xy, xx, count] = [0, 0, 0, 0];
  for (const [label, own] of theirs) {
    const mean = means.get(label);
    if (!mean) continue;
    const moments = momentsOf(mean.image, size);
    yy += own.count * moments[0];
    xy += own.count * moments[1];
    xx += own.count * moments[2];
    count += own.count;
  }
  return [yy / count, xy / count, xx / count];
}
