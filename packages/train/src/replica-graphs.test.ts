import { encodeModel, initializersOf, sideBySide, type Tensors, Trainer, uniform } from '@denary/core';
import { createSession, isolatedSessions } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import type { Architecture } from './architectures/architecture.js';
import type { Layer } from './architectures/layers.js';
import { buildModel } from './forward/build-model.js';
import type { OptimizerSpec } from './objective/optimizers.js';
import { canBeShared, createReplicaGraphs } from './replica-graphs.js';
import { createTrainingGraph, type Objective } from './training-graph.js';

/** Along each row, then over the rows. */
const lstm: readonly Layer[] = [
  { type: 'TimeDistributed', layer: { type: 'LSTM', units: 3 } },
  { type: 'LSTM', units: 4 },
];
const architectureOf = (layers: readonly Layer[]): Architecture => ({
  name: 'small',
  description: '',
  input: { image: [4, 4], scale: 255, as: 'rows' },
  classes: 3,
  layers,
  training: { loss: 'categorical_crossentropy', optimizer: { name: 'Adam' }, batchSize: 5, epochs: 1 },
});

/** Dropout must draw the same bits for a row whichever replica has it. */
const recurrent = architectureOf([
  ...lstm,
  { type: 'Dropout', rate: 0.4 },
  { type: 'Dense', units: 3, activation: 'softmax' },
]);
const { model } = buildModel(recurrent, 1);

const BATCH = 7;
const STEPS = 6;
/** The last one has a sample for the first replica alone. */
const batchAt = (step: number) => {
  const count = step === STEPS - 1 ? 1 : BATCH;
  return {
    images: Uint8Array.from({ length: count * 16 }, (_, i) => 256 * uniform(2, step, i)),
    labels: Array.from({ length: count }, (_, i) => Math.floor(3 * uniform(3, step, i))),
    weights: Array.from({ length: count }, (_, i) => 0.5 + uniform(4, step, i)),
    learningRate: 0.02 / (step + 1),
  };
};

const objectiveOf = (optimizer: OptimizerSpec, more: Partial<Objective> = {}): Objective => ({
  loss: 'categorical_crossentropy',
  optimizer,
  batchSize: BATCH,
  ...more,
});

async function trained(objective: Objective, replicas: number, from?: Tensors) {
  const start = { weights: initializersOf(model), seed: 3 };
  const { gradients, update, contribution } = createReplicaGraphs(model, objective, replicas);
  const threads = sideBySide(isolatedSessions('thread'), gradients.map(encodeModel), contribution);
  const trainer = await (replicas > 1
    ? Trainer.create({ ...start, createSession: threads, training: encodeModel(update) })
    : Trainer.create({ ...start, createSession, training: encodeModel(createTrainingGraph(model, objective)) }));
  try {
    if (from) await trainer.restore(from);
    const losses = [...(await trainer.steps(2, batchAt)), ...(await trainer.steps(STEPS - 2, (i) => batchAt(i + 2)))];
    return { losses, state: await trainer.state(), metrics: await trainer.metrics() };
  } finally {
    await trainer.close();
  }
}

function expectClose(received: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(received.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) => expect(received[i]).toBeCloseTo(value, 5));
}

describe('replicas that share a step', () => {
  it.each<[string, Objective, number]>([
    ['two, by Adam with averages', objectiveOf({ name: 'Adam', emaMomentum: 0.9, decay: 0.1 }), 2],
    ['three, by the sum of the losses', objectiveOf({ name: 'SGD', momentum: 0.9 }, { reduction: 'sum' }), 3],
  ])('%s, train as one session does', async (_, objective, replicas) => {
    const [received, expected] = [await trained(objective, replicas), await trained(objective, 1)];
    expectClose(received.losses, expected.losses);
    expectClose(Object.values(received.metrics), Object.values(expected.metrics));
    expect(Object.keys(received.state)).toEqual(Object.keys(expected.state));
    for (const [name, { data }] of Object.entries(expected.state)) {
      expectClose(received.state[name]!.data as Float32Array, data as Float32Array);
    }
  });

  it('go on from a state of one session, which goes on from theirs', async () => {
    const objective = objectiveOf({ name: 'Adam' });
    const [one, two] = [await trained(objective, 1), await trained(objective, 2)];
    expectClose((await trained(objective, 2, one.state)).losses, (await trained(objective, 1, two.state)).losses);
  });
});

describe('a step cannot be shared', () => {
  const shared = (layers: readonly Layer[], more: Partial<Objective> = {}) => {
    const built = buildModel(architectureOf(layers), 1);
    return canBeShared(built.model, objectiveOf({ name: 'SGD' }, { regularizers: built.regularizers, ...more }));
  };
  const last: Layer = { type: 'Dense', units: 3, activation: 'softmax' };

  it('where it normalizes by its batch', () => {
    expect(shared([...lstm, { type: 'BatchNormalization' }, last])).toBe(false);
  });

  it('where weights have a penalty', () => {
    expect(shared([...lstm, { ...last, kernelRegularizer: { l2: 0.1 } }])).toBe(false);
  });

  it('where some weights are frozen', () => {
    expect(shared([...lstm, last], { trainable: (name) => name.startsWith('dense') })).toBe(false);
    expect(shared([...lstm, last])).toBe(true);
  });
});
