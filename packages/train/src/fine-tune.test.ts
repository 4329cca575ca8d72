import { problem, type Samples, type Tuner, type TuningProgress } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { createDataset } from './data/dataset.js';
import { accuraciesOf, fineTune } from './fine-tune.js';

const COUNT = 20;
const dataset = createDataset({
  name: 'pixels',
  images: Uint8Array.from({ length: COUNT }, (_, i) => i),
  labels: Uint8Array.from({ length: COUNT }, (_, i) => i % 2),
  height: 1,
  width: 1,
  classes: 2,
});

/** A tuner that learns nothing, and remembers what it was asked. */
function recorder(outcome: TuningProgress['outcome'] = 'finished') {
  const learned: Samples[] = [];
  const measured: Samples[] = [];
  const taken: string[] = [];
  let untils = 0;
  const tuner = {
    strategy: { name: 'none', steps: 7 },
    async add(path: string) {
      if (path === 'bad.png') throw problem('bad-image', path, 'an image', 'something else', 'Give an image.');
      taken.push(path);
    },
    get corrections(): Samples {
      return {
        ...dataset,
        count: taken.length,
        images: dataset.images.slice(0, taken.length),
        labels: dataset.labels.slice(0, taken.length),
      };
    },
    clear: () => undefined,
    addAll: (samples: Samples) => learned.push(samples),
    async evaluate(samples: Samples) {
      measured.push(samples);
      return { count: samples.count, accuracy: measured.length / 4, classAccuracy: [], loss: 1 };
    },
    async *run({ until, steps }: { until: () => boolean; steps: number }) {
      expect(steps).toBe(7);
      const before = { accuracy: 0.5, coreAccuracy: undefined };
      const progress = { ...before, before, step: 1, steps: 1, loss: 1, seconds: 0, strategy: 'none' };
      if (until()) untils++;
      yield { ...progress, accuracy: 0.75, outcome, reason: 'So it was.' };
    },
    export: async () => Uint8Array.of(7),
  };
  return { tuner: tuner as unknown as Tuner<string>, learned, measured, untils: () => untils };
}

describe('fineTune', () => {
  it('learns what it does not hold out, and measures what it does, before and after', async () => {
    const { tuner, learned, measured } = recorder();
    const tuned = await fineTune({ tuner, images: { dataset }, holdout: 0.3 });
    expect(learned.map(({ count }) => count)).toEqual([14]);
    expect(measured.map(({ count }) => count)).toEqual([6, 6]);
    const seen = new Set(learned[0]!.images);
    expect([...measured[0]!.images].some((image) => seen.has(image))).toBe(false);
    expect(tuned).toMatchObject({ corrections: 14, heldOut: 6, unusable: 0, model: Uint8Array.of(7) });
    expect(accuraciesOf(tuned)).toEqual([
      { of: 'held out', images: 6, before: 0.25, after: 0.5 },
      { of: 'corrections', images: 14, before: 0.5, after: 0.75 },
    ]);
  });

  it('leaves out images that cannot be read, and tells of them', async () => {
    const { tuner } = recorder();
    const told: string[] = [];
    const files = ['a.png', 'bad.png', 'b.png'].map((path) => ({ path, label: 1 }));
    const tuned = await fineTune({ tuner, images: { files }, onUnusable: (path) => told.push(path) });
    expect(tuned).toMatchObject({ corrections: 2, heldOut: 0, unusable: 1 });
    expect(tuned.held).toBeUndefined();
    expect(told).toEqual(['bad.png']);
    const bad = [{ path: 'bad.png', label: 1 }];
    await expect(fineTune({ tuner: recorder().tuner, images: { files: bad } })).rejects.toMatchObject({
      code: 'bad-data',
    });
  });

  it('gives no model where the run was rolled back', async () => {
    const { tuner } = recorder('rolled-back');
    expect(await fineTune({ tuner, images: { dataset } })).not.toHaveProperty('model');
  });

  it('stops before the first step with an error, and later with what was learned', async () => {
    const early = recorder();
    await expect(fineTune({ tuner: early.tuner, images: { dataset }, stopped: () => true })).rejects.toMatchObject({
      code: 'aborted',
    });
    const late = recorder('reached');
    let asked = 0;
    const tuned = await fineTune({ tuner: late.tuner, images: { dataset }, stopped: () => asked++ > 0 });
    expect(late.untils()).toBe(1);
    expect(tuned.model).toEqual(Uint8Array.of(7));
  });
});
