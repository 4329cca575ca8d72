import { normal } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { tsne } from './tsne.js';

const SIZE = 8;
/** Points around three corners far from each other, one group after the other. */
const groups = (each: number) =>
  Float32Array.from({ length: 3 * each * SIZE }, (_, i) => {
    const group = Math.floor(i / (each * SIZE));
    return normal(1, 2, i) + (i % SIZE === group ? 12 : 0);
  });

describe('tsne', () => {
  it('keeps groups together that are together, and apart from others', async () => {
    const each = 30;
    const { points } = await tsne(groups(each), 3 * each, { perplexity: 10, iterations: 500 });
    const centre = (group: number, axis: number) => {
      let sum = 0;
      for (let i = group * each; i < (group + 1) * each; i++) sum += points[2 * i + axis]!;
      return sum / each;
    };
    const distance = (i: number, group: number) =>
      Math.hypot(points[2 * i]! - centre(group, 0), points[2 * i + 1]! - centre(group, 1));
    for (let i = 0; i < 3 * each; i++) {
      const own = Math.floor(i / each);
      for (const other of [0, 1, 2].filter((group) => group !== own)) {
        expect(distance(i, other)).toBeGreaterThan(2 * distance(i, own));
      }
    }
  });

  it('comes nearer to the neighbourhoods once nothing is exaggerated, and near to them at last', async () => {
    const divergences: number[] = [];
    for (const iterations of [0, 300, 400, 500, 800]) {
      divergences.push((await tsne(groups(20), 60, { iterations })).divergence);
    }
    const [start, ...others] = divergences;
    expect(others).toEqual(others.toSorted((a, b) => b - a));
    expect(others.at(-1)).toBeLessThan(0.05 * start!);
  });

  it('gives the same for the same seed', async () => {
    const run = (seed: number) => tsne(groups(10), 30, { iterations: 60, seed });
    expect(await run(3)).toEqual(await run(3));
  });

  it('places points that are all the same', async () => {
    const { points, perplexity } = await tsne(new Float32Array(40), 10, { iterations: 300 });
    expect(perplexity).toBe(3);
    expect(points.every(Number.isFinite)).toBe(true);
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const running = tsne(groups(10), 30, { signal: controller.signal });
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    [9, 3],
    [10, 4],
    [0, 5],
  ])('refuses %i numbers for %i points', async (length, count) => {
    await expect(tsne(new Float32Array(length), count)).rejects.toMatchObject({ code: 'bad-argument' });
  });
});
