/** Figures for tests of tuning: ten classes that are unlike themselves mirrored, turned and leaning. */

import { hash32 } from '../packages/core/src/random.js';
import { picked, type Samples } from '../packages/core/src/tuning/samples.js';

const SIDE = 28;

/** Ten lopsided figures, each some strokes that wander a little from one copy to the next. */
export function figures(each: number, seed: number): Samples {
  const images = new Uint8Array(10 * each * SIDE * SIDE);
  const labels = Uint8Array.from({ length: 10 * each }, (_, i) => i % 10);
  labels.forEach((label, i) => {
    const place = (k: number) => 7 + (hash32(label, k) % 14) + (hash32(seed, i, k) / 2 ** 32) * 1.5;
    for (let k = 0; k < 4; k++) {
      for (let t = 0; t <= 1; t += 0.02) {
        const x = Math.round(place(2 * k) * (1 - t) + place(2 * k + 2) * t);
        const y = Math.round(place(2 * k + 1) * (1 - t) + place(2 * k + 3) * t);
        for (const [dx, dy] of [
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const) {
          images[(i * SIDE + y + dy) * SIDE + x + dx] = 255;
        }
      }
    }
  });
  return { images, labels, count: labels.length, height: SIDE, width: SIDE, classes: 10 };
}

export const only = (samples: Samples, label: number): Samples =>
  picked(
    samples,
    [...samples.labels.keys()].filter((i) => samples.labels[i] === label),
  );
