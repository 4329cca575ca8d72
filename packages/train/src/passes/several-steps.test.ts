import { encodeModel, initializersOf, type Session, Trainer, uniform } from '@denary/core';
import { createSession as createNodeSession } from '@denary/runtime-node';
import { createSession as createWebSession } from '@denary/runtime-web';
import { describe, expect, it } from 'vitest';
import type { Architecture } from '../architectures/architecture.js';
import { buildModel } from '../forward/build-model.js';
import { createTrainingGraph } from '../training-graph.js';
import { severalSteps } from './several-steps.js';

/** With dropout, moving statistics, an optimizer's memory and averages: everything that a state can be. */
const architecture: Architecture = {
  name: 'small',
  description: '',
  input: { image: [4, 4], scale: 255, as: 'flat' },
  classes: 3,
  layers: [
    { type: 'Dense', units: 6 },
    { type: 'BatchNormalization' },
    { type: 'Dropout', rate: 0.3 },
    { type: 'Dense', units: 3, activation: 'softmax' },
  ],
  training: { loss: 'categorical_crossentropy', optimizer: { name: 'Adam' }, batchSize: 5, epochs: 1 },
};
const { model } = buildModel(architecture, 1);
const training = createTrainingGraph(model, {
  loss: 'categorical_crossentropy',
  optimizer: { name: 'Adam', emaMomentum: 0.9, decay: 0.1 },
  batchSize: 5,
});

/** Of 5 samples, the last one of 3; each step with a rate of its own, all of them in the same arrays. */
const STEPS = 7;
const images = new Uint8Array(5 * 16);
const batchAt = (step: number) => {
  const count = step === STEPS - 1 ? 3 : 5;
  images.forEach((_, i) => {
    images[i] = 256 * uniform(2, step, i);
  });
  const labels = Array.from({ length: count }, (_, i) => Math.floor(3 * uniform(3, step, i)));
  return { images: images.subarray(0, count * 16), labels, learningRate: 0.01 / (step + 1) };
};

type CreateSession = (bytes: Uint8Array, options?: object) => Promise<Session>;

/** Losses and the whole state after all steps, done in runs of so many. */
async function trained(createSession: CreateSession, graph = training, runs: readonly number[] = [STEPS]) {
  const options = { createSession, threads: 1, training: encodeModel(graph), weights: initializersOf(model), seed: 4 };
  const trainer = await Trainer.create(options);
  try {
    const losses: number[] = [];
    for (const count of runs) {
      const done = losses.length;
      losses.push(...(await trainer.steps(count, (i) => batchAt(done + i))));
    }
    return { losses, state: await trainer.state(), metrics: await trainer.metrics() };
  } finally {
    await trainer.close();
  }
}

describe.each<[string, CreateSession]>([
  ['node', createNodeSession],
  ['wasm', createWebSession],
])('several steps in one run (%s)', (_, createSession) => {
  it.each([[[7]], [[1, 1, 1, 1, 1, 1, 1]], [[2, 4, 1]]])(
    'in runs of %j are bit for bit those of a run each',
    async (runs) => {
      const expected = await trained(createSession);
      expect(expected.losses).toHaveLength(STEPS);
      expect(await trained(createSession, severalSteps(training), runs)).toEqual(expected);
    },
  );

  it('refuses a batch in the middle that does not fit, and goes on from where it was', async () => {
    const options = {
      createSession,
      threads: 1,
      training: encodeModel(severalSteps(training)),
      weights: initializersOf(model),
    };
    const trainer = await Trainer.create(options);
    try {
      const before = await trainer.state();
      const bad = (i: number) => (i === 1 ? { ...batchAt(i), labels: [7] } : batchAt(i));
      await expect(trainer.steps(3, bad)).rejects.toMatchObject({ code: 'bad-data' });
      expect(await trainer.state()).toEqual(before);
      expect(await trainer.step(batchAt(0))).toBeGreaterThan(0);
    } finally {
      await trainer.close();
    }
  });
});
