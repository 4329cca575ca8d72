import { describe, expect, it } from 'vitest';
import { hash32 } from '../random.js';
import { atOnce } from '../slices.js';
import { type Affine, centreOf, identity, placementOf, refined } from './affine.js';
import { fitHand, inHand } from './hand.js';
import { picked, type Samples } from './samples.js';

const SIDE = 28;

/** Ten lopsided figures, each some strokes that wander a little from one copy to the next. */
function figures(each: number, seed: number): Samples {
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

const core = figures(40, 1);
const first = (samples: Samples, count: number): Samples => ({
  ...samples,
  images: samples.images.subarray(0, count * SIDE * SIDE),
  labels: samples.labels.subarray(0, count),
  count,
});

describe("a user's hand", () => {
  it.each<[string, Affine]>([
    ['leans', [1, 0.6, 0, 1, 0, 0]],
    ['is small', [1.8, 0, 0, 1.8, 0, 0]],
    ['is mirrored', [-1, 0, 0, 1, 0, 0]],
    ['is turned', [0.9, -0.43, 0.43, 0.9, 0, 0]],
  ])('that %s is found from five corrections a class', (_, map) => {
    const theirs = atOnce(inHand(figures(5, 2), { map, stroke: 0 }));
    const hand = atOnce(fitHand(theirs, core))!;
    expect(hand.likeness.after).toBeGreaterThan(hand.likeness.before);
    hand.map.slice(0, 4).forEach((value, i) => {
      expect(value, `${hand.map}`).toBeCloseTo(map[i]!, 0);
      expect(Math.abs(value - map[i]!), `${hand.map}`).toBeLessThan(0.2);
    });
  });

  it('that puts digits elsewhere, and strays, is found', () => {
    const place = { mean: [3, -2], stray: [1.2, 0.8] } as const;
    const theirs = atOnce(inHand(figures(10, 2), { map: identity, stroke: 0, place }));
    const hand = atOnce(fitHand(theirs, core))!;
    hand.map.forEach((value, i) => expect(Math.abs(value - identity[i]!)).toBeLessThan(0.1));
    hand.place!.mean.forEach((value, axis) => expect(Math.abs(value - place.mean[axis]!)).toBeLessThan(0.5));
    hand.place!.stray.forEach((value, axis) => expect(Math.abs(value - place.stray[axis]!)).toBeLessThan(0.5));
    const [own, others] = [theirs, atOnce(inHand(core, hand))].map(({ images, count }) =>
      Array.from({ length: count }, (_, i) => centreOf(images.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), core)),
    );
    const mean = (centres: typeof own, axis: 0 | 1) =>
      centres!.reduce((sum, at) => sum + at[axis], 0) / centres!.length;
    for (const axis of [0, 1] as const) expect(Math.abs(mean(own, axis) - mean(others, axis))).toBeLessThan(0.3);
  });

  it('that is thick is found', () => {
    const hand = atOnce(fitHand(atOnce(inHand(figures(5, 2), { map: identity, stroke: 3 })), core))!;
    expect(hand.stroke).toBeGreaterThanOrEqual(2);
  });

  it('is none for corrections like the core set, and for fewer than three', () => {
    expect(atOnce(fitHand(figures(5, 3), core))).toBeUndefined();
    const leaning = atOnce(inHand(figures(5, 2), { map: [1, 0.6, 0, 1, 0, 0], stroke: 0 }));
    expect(atOnce(fitHand(first(leaning, 2), core))).toBeUndefined();
  });

  it('is told from five corrections of one class', () => {
    const leaning = atOnce(inHand(figures(5, 2), { map: [1, 0.6, 0, 1, 0, 0], stroke: 0 }));
    const fours = picked(
      leaning,
      [...leaning.labels.keys()].filter((i) => leaning.labels[i] === 4),
    );
    const { map } = atOnce(fitHand(fours, core))!;
    expect(Math.abs(map[1] - 0.6), `${map}`).toBeLessThan(0.2);
  });

  it.each([...Array(10).keys()])('that is small is not taken for more from five %is', (label) => {
    const small = atOnce(inHand(figures(5, 2), { map: [1.8, 0, 0, 1.8, 0, 0], stroke: 0 }));
    const few = picked(
      small,
      [...small.labels.keys()].filter((i) => small.labels[i] === label),
    );
    const { map } = atOnce(fitHand(few, core))!;
    expect(Math.abs(map[1])).toBeLessThan(0.3);
    expect(map[2]).toBe(0);
    for (const scale of [map[0], map[3]]) expect(Math.abs(scale - 1.8)).toBeLessThan(0.25);
  });

  it('leaves an image as it is where nothing sets it apart', () => {
    const same = atOnce(inHand(core, { map: identity, stroke: 0 }));
    expect(same.images.every((pixel, i) => pixel === core.images[i])).toBe(true);
  });

  it('mirrors an image by a map', () => {
    const [one] = [first(core, 1)];
    const { images } = atOnce(inHand(one!, { map: [-1, 0, 0, 1, 0, 0], stroke: 0 }));
    expect(images.slice(0, SIDE)).toEqual(one!.images.slice(0, SIDE).reverse());
    expect(placementOf([-1, 0, 0, 1, 0, 0], one!).x).toBe(27 * 65536);
  });
});

describe('the search', () => {
  it('comes to the best map near by', () => {
    const aim: Affine = [1.2, -0.1, 0.05, 0.9, 0, 0];
    const { map } = atOnce(refined(identity, (map) => -map.reduce((sum, value, i) => sum + (value - aim[i]!) ** 2, 0)));
    map.forEach((value, i) => {
      expect(Math.abs(value - aim[i]!)).toBeLessThan(0.15);
    });
  });
});
