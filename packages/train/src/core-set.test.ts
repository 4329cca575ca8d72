import { decodeReplay, encodeModel, hash32 } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { findArchitecture } from './architectures/catalogue.js';
import { coveringOrder, createCoreSet } from './core-set.js';
import { createDataset } from './data/dataset.js';
import { buildModel } from './forward/build-model.js';

const draw = (i: number, k: number) => hash32(7, i, k) / 2 ** 31 - 1;

describe('the order of a core set', () => {
  const rows = Array.from({ length: 300 }, (_, i) => Float32Array.of(draw(i, 0) ** 3, draw(i, 1) ** 3, draw(i, 2)));

  it('begins with rows whose mean is that of all', () => {
    const meanOf = (numbers: readonly number[], k: number) =>
      numbers.reduce((sum, i) => sum + rows[i]![k]! / numbers.length, 0);
    const [typical, first, all] = [coveringOrder(rows, 10, 10), [...Array(10).keys()], [...rows.keys()]];
    for (const k of [0, 1, 2]) {
      expect(Math.abs(meanOf(typical, k) - meanOf(all, k))).toBeLessThan(0.03);
    }
    const miss = (numbers: readonly number[]) =>
      [0, 1, 2].reduce((sum, k) => sum + Math.abs(meanOf(numbers, k) - meanOf(all, k)), 0);
    expect(miss(typical)).toBeLessThan(miss(first) / 4);
  });

  it('then leaves no row far from all that were chosen', () => {
    const radius = (numbers: readonly number[]) =>
      Math.max(
        ...rows.map((row) => Math.min(...numbers.map((i) => Math.hypot(...row.map((v, k) => v - rows[i]![k]!))))),
      );
    expect(radius(coveringOrder(rows, 40, 10))).toBeLessThan(0.7 * radius([...Array(40).keys()]));
  });

  it('has no row twice, a longer one begins with the shorter, and ends with the rows', () => {
    const order = coveringOrder(rows, 1000, 20);
    expect(new Set(order).size).toBe(rows.length);
    expect(coveringOrder(rows, 50, 20)).toEqual(order.slice(0, 50));
    expect(coveringOrder([], 5)).toEqual([]);
  });
});

describe('createCoreSet', () => {
  const count = 60;
  const dataset = createDataset({
    name: 'made up',
    images: Uint8Array.from({ length: count * 784 }, (_, i) => (hash32(3, i) & 1) * 255),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
    height: 28,
    width: 28,
    classes: 10,
  });
  const model = encodeModel(buildModel(findArchitecture('mlp'), 1).model);

  it('fills the room that there is, with the same images each time', async () => {
    const file = await createCoreSet({ createSession, model, dataset, bytes: 6000 });
    expect(file.length).toBeLessThanOrEqual(6000);
    expect(await createCoreSet({ createSession, model, dataset, bytes: 6000 })).toEqual(file);
    const { labels, count } = await decodeReplay(file);
    expect(count).toBeGreaterThanOrEqual(20);
    expect([...labels.subarray(0, 10)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('takes images of several labels in turn by the first digit, with all of them', async () => {
    const images = Uint8Array.from({ length: 30 * 784 }, (_, i) => (hash32(5, i) & 1) * 255);
    const labels = Uint8Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 10 : (i >> 1) % 10));
    const strings = createDataset({ name: 'strings', images, labels, height: 28, width: 28, classes: 11, slots: 2 });
    const found = await decodeReplay(await createCoreSet({ createSession, model, dataset: strings }));
    expect(found).toMatchObject({ count: 30, classes: 11, slots: 2 });
    expect([...found.labels.subarray(0, 20)]).toEqual([...labels.subarray(0, 20)]);
    const own = new Set(Array.from({ length: 30 }, (_, i) => `${images.subarray(i * 784, (i + 1) * 784)}`));
    for (let i = 0; i < 30; i++) expect(own.delete(`${found.images.subarray(i * 784, (i + 1) * 784)}`)).toBe(true);
  });

  it('takes all images where there is room, and refuses where there is none', async () => {
    const file = await createCoreSet({ createSession, model, dataset });
    expect((await decodeReplay(file)).count).toBe(count);
    await expect(createCoreSet({ createSession, model, dataset, bytes: 100 })).rejects.toMatchObject({
      code: 'bad-argument',
    });
  });
});
