/** Fine-tuning from end to end, with the files that are shipped: a persona is learned, and the core set is not forgotten. */

import type { TuningProgress } from '@denary/core';
import { createSession, createTuner, readModel } from '@denary/runtime-node';
import { evaluate, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { expect, it } from 'vitest';
import { drawEach, halves, written } from '../bench/personas/index.mjs';

const { own, held } = halves(subset(await loadDataset('mnist', 'test'), { from: 0, to: 2000 }), 1);
const accuracyOf = async (model: Uint8Array, dataset: typeof held) =>
  (await evaluate({ createSession, model, dataset, threads: 1 })).accuracy;

/** The most of the error that may be left. */
const left = { mlp: 0.8, 'cnn-pool4': 0.4 };

it.each(Object.entries(left))(
  '%s learns a slanted hand from ten corrections a digit, and what it knew stays',
  async (model, most) => {
    const theirs = written(held, 'slant', 2);
    const given = written(own, 'slant', 1);
    const tuner = await createTuner({ model, preprocess: 'none', isolation: 'none', threads: 1 });
    try {
      tuner.addAll(subset(given, drawEach(given, 10, 1)));
      expect(tuner.strategy.name).toBe('blocks');
      let last: { outcome?: string } = {};
      for await (const progress of tuner.run({ steps: tuner.strategy.steps })) last = progress;
      expect(last.outcome).toMatch(/finished|early-stop/);
      const { bytes } = await readModel(model);
      const tuned = await tuner.export();
      const [before, after] = [await accuracyOf(bytes, theirs), await accuracyOf(tuned, theirs)];
      expect(1 - after).toBeLessThan(most * (1 - before));
      expect(await accuracyOf(tuned, held)).toBeGreaterThan((await accuracyOf(bytes, held)) - 0.006);
    } finally {
      await tuner.close();
    }
  },
);

it.each([
  ['mlp', 'slant', 1],
  ['cnn-pool4', 'tiny', 4],
] as const)(
  '%s takes five corrections of one digit (%s, the %is), and reads the others as before',
  async (model, persona, digit) => {
    const given = written(own, persona, 1);
    const five = [...given.labels.keys()].filter((i) => given.labels[i] === digit).slice(0, 5);
    const tuner = await createTuner({ model, preprocess: 'none', isolation: 'none', threads: 1 });
    try {
      tuner.addAll(subset(given, five));
      expect(tuner.strategy.name).toBe('few');
      const before = await tuner.evaluate(held);
      let last: TuningProgress | undefined;
      for await (const progress of tuner.run({ steps: tuner.strategy.steps })) last = progress;
      expect(last!.accuracy).toBeGreaterThan(last!.before.accuracy);
      const after = await tuner.evaluate(held);
      expect(after.accuracy).toBeGreaterThan(before.accuracy - 0.005);
      before.classAccuracy.forEach((from, digit) => {
        expect(after.classAccuracy[digit], `the ${digit}s`).toBeGreaterThan(from - 0.021);
      });
    } finally {
      await tuner.close();
    }
  },
);
