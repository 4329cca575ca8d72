/**
 * Gradients alone, of what gradients.test.ts has no training run for: recurrent networks of one and two layers, also
 * under TimeDistributed, penalties, and the systems with several heads, whose loss is the sum over the heads.
 */

import { type Architecture, catalogue, dataOf, type Layer } from '@denary/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_SIZE, type Run, runOf, testBatches, titleOf, train } from './denary.js';
import { probeErrors, shown } from './measures.js';
import { AGREEMENT, peersOf } from './peers.js';
import { smooth, withoutDropout } from './variants.js';

const lstm = { type: 'LSTM', units: 8 } as const;
const everyStep = { ...lstm, returnSequences: true } as const;
const distributed = (layer: Layer): Layer => ({ type: 'TimeDistributed', layer });

/** Steps of a row's pixels, the single channel being taken away. */
const rows = distributed({ type: 'Flatten' });

const penalised: Layer = {
  type: 'Dense',
  units: 12,
  activation: 'tanh',
  biasInitializer: { type: 'random_normal', stddev: 0.1 },
  kernelRegularizer: { l1: 0.01, l2: 0.03 },
  biasRegularizer: { l1: 0.02, l2: 0.05 },
};

/** What stands between an image's rows, [8, 8, 1], and the last layer. */
const networks: Record<string, readonly Layer[]> = {
  LSTM: [rows, lstm],
  'LSTM without biases': [rows, { ...lstm, useBias: false }],
  'two LSTMs': [rows, everyStep, { ...lstm, units: 6 }],
  'LSTM, all its steps': [rows, everyStep, { type: 'Flatten' }],
  'TimeDistributed LSTM': [distributed(lstm), { type: 'Flatten' }],
  'TimeDistributed LSTM, LSTM': [distributed(lstm), { ...lstm, units: 6 }],
  'TimeDistributed Dense, LSTM': [rows, distributed({ type: 'Dense', units: 5, activation: 'tanh' }), lstm],
  'Dense, LSTM': [rows, { type: 'Dense', units: 5, activation: 'sigmoid' }, lstm],
  penalties: [{ type: 'Flatten' }, penalised],
};

const small = (name: string, layers: readonly Layer[]): Architecture => ({
  name,
  description: 'Small and smooth',
  input: { image: [8, 8], scale: 16, as: 'rows' },
  classes: 10,
  layers: [...layers, { type: 'Dense', units: 10, activation: 'softmax' }],
  training: { data: 'optdigits', loss: 'categorical_crossentropy', optimizer: { name: 'SGD' }, epochs: 1 },
});

const headed = catalogue.filter(({ slots = 1 }) => slots > 1).map(withoutDropout);

/** By title, with the largest error. */
const systems: Record<string, { readonly architecture: Architecture; readonly bound: number }> = {};
for (const [name, layers] of Object.entries(networks)) {
  systems[name] = { architecture: small(name, layers), bound: 1e-5 };
}
for (const architecture of headed) {
  // The single gamma and beta of their first layer have gradients that nearly cancel out over all pixels.
  systems[`${titleOf(architecture)}, smooth`] = { architecture: smooth(architecture), bound: 1e-3 };
  // For the reason that `smooth` gives.
  systems[titleOf(architecture)] = { architecture, bound: 1e-2 };
}

const runs: Record<string, Run> = {};
let peers: Awaited<ReturnType<typeof peersOf>>;
const report: string[] = [];

beforeAll(async () => {
  for (const [title, { architecture }] of Object.entries(systems)) {
    const probes = await testBatches(2, dataOf(architecture), architecture.slots ? 4 : BATCH_SIZE);
    runs[title] = runOf(architecture, { probes, batches: [] });
  }
  peers = await peersOf(runs);
});

afterAll(() => console.info(report.join('\n')));

describe.each(Object.keys(systems))('%s', (title) => {
  it('has a reference: PyTorch and Keras agree', () => {
    const errors = probeErrors(peers.Keras.get(title), peers.PyTorch.get(title));
    expect(Math.max(...errors)).toBeLessThan(AGREEMENT);
  });

  it('has their gradients and batch statistics', async () => {
    const ours = await train(runs[title]!);
    const errors = Object.fromEntries(
      Object.entries(peers).map(([peer, answers]) => [peer, Math.max(...probeErrors(ours, answers.get(title)))]),
    );
    report.push(shown(title, errors));
    expect(Object.keys(ours.probes[0]!.gradients)).not.toHaveLength(0);
    expect(Math.max(...Object.values(errors))).toBeLessThan(systems[title]!.bound);
  });
});
