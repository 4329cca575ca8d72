/** Every optimizer and every loss against Keras' own, on a small smooth network. A new one is a row. */

import { type Architecture, type Dense, type LossName, losses, type OptimizerSpec, optimizers } from '@denary/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, type Run, runOf, testBatches, train } from './denary.js';
import { type Answers, python } from './exchange.js';
import { pathError, relativeErrors, shown } from './measures.js';

const STEPS = 20;

/** Each with its defaults, and with all that it can be told. */
const specs: readonly OptimizerSpec[] = [
  { name: 'SGD' },
  { name: 'SGD', momentum: 0.9 },
  { name: 'SGD', momentum: 0.9, nesterov: true },
  { name: 'SGD', learningRate: 0.5, decay: 0.1 },
  { name: 'SGD', learningRate: 0.1, decay: 1e-2, momentum: 0.8, nesterov: true, emaMomentum: 0.8 },
  { name: 'RMSprop' },
  { name: 'RMSprop', learningRate: 0.01, rho: 0.5, epsilon: 1e-3, decay: 0.2, emaMomentum: 0.8 },
  { name: 'Adam' },
  { name: 'Adam', learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, decay: 0.2, emaMomentum: 0.8 },
  { name: 'Adadelta' },
  { name: 'Adadelta', learningRate: 1, rho: 0.5, epsilon: 1e-4, decay: 0.2, emaMomentum: 0.8 },
  { name: 'Adagrad' },
  { name: 'Adagrad', learningRate: 0.1, initialAccumulatorValue: 1e-3, epsilon: 1e-3, decay: 0.2, emaMomentum: 0.8 },
  { name: 'Adamax' },
  { name: 'Adamax', learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, decay: 0.2, emaMomentum: 0.8 },
  { name: 'Nadam' },
  { name: 'Nadam', learningRate: 0.01, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, decay: 0.2, emaMomentum: 0.8 },
];

/** A large gain makes a network sure of itself, and often wrong: probabilities next to 0 and 1. */
const endings = [
  { ending: 'softmax', gain: 1 },
  { ending: 'softmax', gain: 30 },
  { ending: 'sigmoid', gain: 1 },
  { ending: 'sigmoid', gain: 30 },
] as const;
const lossRows = (Object.keys(losses) as LossName[])
  .flatMap((loss) => endings.map((ending) => ({ loss, ...ending })))
  // Where sigmoids give a label less than epsilon, Keras' sparse crossentropy differs from its categorical one.
  .filter(({ loss, ending, gain }) => !(loss.includes('categorical') && ending === 'sigmoid' && gain > 1));

const network = (
  ending: Dense['activation'],
  training: Pick<Architecture['training'], 'loss' | 'optimizer'>,
): Architecture => ({
  name: 'small',
  description: 'Smooth everywhere',
  input: { image: [28, 28], scale: 255, as: 'flat' },
  classes: 10,
  layers: [
    // Its kernel is large enough to be updated by itself; the other weights are updated as one vector.
    { type: 'Dense', units: 48, activation: 'tanh' },
    { type: 'Dense', units: 10, activation: ending },
  ],
  training: { ...training, batchSize: 16, epochs: 1 },
});

const title = (spec: object) => JSON.stringify(spec).replaceAll('"', '');
const runs: Record<string, Run> = {};
let keras: Answers<Outcome>;
const report: string[] = [];

beforeAll(async () => {
  const batches = await testBatches(STEPS, 'mnist');
  for (const optimizer of specs) {
    const architecture = network('softmax', { loss: 'categorical_crossentropy', optimizer });
    runs[title(optimizer)] = runOf(architecture, { probes: [], batches });
  }
  for (const row of lossRows) {
    const architecture = network(row.ending, { loss: row.loss, optimizer: { name: 'SGD' } });
    const run = runOf(architecture, { probes: batches.slice(0, 2), batches: batches.slice(0, 2) });
    const { dtype, shape, data } = run.weights['dense_1/kernel']!;
    const kernel = { dtype, shape, data: (data as Float32Array).map((x) => row.gain * x) };
    runs[title(row)] = { ...run, weights: { ...run.weights, 'dense_1/kernel': kernel } };
  }
  const items = Object.entries(runs).map(([name, run]) => [name, { ...run, dtype: 'float32' }]);
  keras = await python('keras_train', Object.fromEntries(items));
});

afterAll(() => console.info(report.join('\n')));

describe('optimizers', () => {
  it('has a row for each', () => {
    expect(new Set(specs.map(({ name }) => name))).toEqual(new Set(Object.keys(optimizers)));
  });

  it.each(specs.map(title))(`%s ends ${STEPS} steps where Keras does`, async (name) => {
    const run = runs[name]!;
    const { weights } = await train(run);
    const errors = Object.keys(weights).map((weight) =>
      pathError(run.weights, weights, keras.get(name).weights, [weight]),
    );
    report.push(shown(name, { 'worst weight': Math.max(...errors) }));
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });
});

describe('losses', () => {
  it.each(lossRows.map(title))('%s has the value and gradient of Keras', async (name) => {
    const actual = await train(runs[name]!);
    const expected = keras.get(name);
    const value = Math.max(...actual.losses.map((loss, i) => Math.abs(loss / expected.losses[i]! - 1)));
    const gradient = Math.max(
      ...actual.probes.flatMap(({ gradients }, i) => relativeErrors(gradients, expected.probes[i]!.gradients)),
    );
    report.push(shown(name, { value, gradient }));
    // Of a p next to 1, float32 leaves 1 - p few digits, and the losses of each class by itself look at it.
    const loose = /binary|logistic/.test(name) ? 10 : 1;
    expect(value).toBeLessThan(1e-5 * loose);
    expect(gradient).toBeLessThan(1e-4 * loose);
  });
});
