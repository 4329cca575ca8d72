import { describe, expect, it } from 'vitest';
import { figures, only } from '../../../../test/figures.js';
import { atOnce } from '../slices.js';
import { type Affine, centreOf, identity, placementOf, refined } from './affine.js';
import { inHand } from './drawing.js';
import { fitHand } from './hand.js';
import { plainPen } from './pen.js';
import type { Samples } from './samples.js';

const SIDE = 28;
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
    const theirs = atOnce(inHand(figures(5, 2), { map, pen: plainPen }));
    const hand = atOnce(fitHand(theirs, core))!;
    expect(hand.likeness.after).toBeGreaterThan(hand.likeness.before);
    hand.map.slice(0, 4).forEach((value, i) => {
      expect(value, `${hand.map}`).toBeCloseTo(map[i]!, 0);
      expect(Math.abs(value - map[i]!), `${hand.map}`).toBeLessThan(0.2);
    });
  });

  it('that puts digits elsewhere, and strays, is found', () => {
    const place = { mean: [3, -2], stray: [1.2, 0.8] } as const;
    const theirs = atOnce(inHand(figures(10, 2), { map: identity, pen: plainPen, place }));
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

  it.each([
    { stroke: 3, softness: 0 },
    { stroke: 0, softness: 4 },
    { stroke: 3, softness: 3 },
  ])('that has a pen of $stroke more pixels, softened $softness times, is found from five of one class', (pen) => {
    const theirs = atOnce(inHand(figures(5, 2), { map: identity, pen }));
    const found = atOnce(fitHand(only(theirs, 4), core))!.pen;
    expect(Math.abs(found.stroke - pen.stroke), `${found.stroke}`).toBeLessThanOrEqual(1);
    expect(Math.abs(found.softness - pen.softness), `${found.softness}`).toBeLessThanOrEqual(1);
  });

  it('that is thick is found from several classes', () => {
    const theirs = atOnce(inHand(figures(5, 2), { map: identity, pen: { ...plainPen, stroke: 3 } }));
    expect(atOnce(fitHand(theirs, core))!.pen.stroke).toBeGreaterThanOrEqual(2);
  });

  it('that is small has strokes as narrow by that alone', () => {
    const theirs = atOnce(inHand(figures(5, 2), { map: [2, 0, 0, 2, 0, 0], pen: plainPen }));
    expect(atOnce(fitHand(only(theirs, 4), core))!.pen.stroke).toBe(0);
  });

  it('is none for corrections like the core set, and for fewer than three', () => {
    expect(atOnce(fitHand(figures(5, 3), core))).toBeUndefined();
    const leaning = atOnce(inHand(figures(5, 2), { map: [1, 0.6, 0, 1, 0, 0], pen: plainPen }));
    expect(atOnce(fitHand(first(leaning, 2), core))).toBeUndefined();
  });

  it('is told from five corrections of one class', () => {
    const leaning = atOnce(inHand(figures(5, 2), { map: [1, 0.6, 0, 1, 0, 0], pen: plainPen }));
    const { map } = atOnce(fitHand(only(leaning, 4), core))!;
    expect(Math.abs(map[1] - 0.6), `${map}`).toBeLessThan(0.2);
  });

  it.each([...Array(10).keys()])('that is small is not taken for more from five %is', (label) => {
    const small = atOnce(inHand(figures(5, 2), { map: [1.8, 0, 0, 1.8, 0, 0], pen: plainPen }));
    const { map } = atOnce(fitHand(only(small, label), core))!;
    expect(Math.abs(map[1])).toBeLessThan(0.3);
    expect(map[2]).toBe(0);
    for (const scale of [map[0], map[3]]) expect(Math.abs(scale - 1.8)).toBeLessThan(0.25);
  });

  it('leaves an image as it is where nothing sets it apart', () => {
    const same = atOnce(inHand(core, { map: identity, pen: plainPen }));
    expect(same.images.every((pixel, i) => pixel === core.images[i])).toBe(true);
  });

  it('mirrors an image by a map', () => {
    const [one] = [first(core, 1)];
    const { images } = atOnce(inHand(one!, { map: [-1, 0, 0, 1, 0, 0], pen: plainPen }));
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
