/**
 * Classifiers that PyTorch and Keras exported: wrapped into denary's contract, given training graphs, trained on a little,
 * and handed back to Python.
 */

import { decodeModel, encodeModel, openModel, sizeOf, strategies, type Tensor, trainingSpecOf } from '@denary/core';
import { createSession, createTuner } from '@denary/runtime-node';
import {
  buildTraining,
  createTrainingGraph,
  trainableChoices,
  trainableWeights,
  type Wrapped,
  wrapClassifier,
} from '@denary/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_SIZE, type Batch, probe, THREADS, testBatches } from './denary.js';
import { type Answers, python } from './exchange.js';
import { largestDifference, relativeErrors, shown } from './measures.js';

interface Foreign {
  readonly model: Tensor<'uint8'>;
  readonly probabilities: Tensor;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

const MNIST = { mean: [0.1307], std: [0.3081] };
const PHOTOS = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Each file, with what its makers say of the pixels, and how many weights it brings. */
const files = {
  'mlp, dynamo': { ...MNIST, weights: 4 },
  'mlp, torchscript': { ...MNIST, weights: 4 },
  'cnn, dynamo': { ...MNIST, weights: 6 },
  'cnn, torchscript': { ...MNIST, weights: 6 },
  'cnn with its normalization, torchscript': { ...MNIST, weights: 7 },
  'grouped, dynamo': { ...MNIST, weights: 6 },
  'grouped, of one image, torchscript': { ...MNIST, weights: 6 },
  'cnn, of one image, dynamo': { ...MNIST, weights: 6 },
  'coloured, dynamo': { ...PHOTOS, weights: 5 },
  'normed, torchscript': { ...MNIST, weights: 8 },
  'normed, dynamo': { ...MNIST, weights: 8 },
  keras: { ...MNIST, weights: 10 },
} as const;
type Title = keyof typeof files;
const titles = Object.keys(files) as Title[];

const OBJECTIVE = { loss: 'sparse_categorical_crossentropy' } as const;
const STEPS = 10;
/** Steps on the corrections as they are. */
const plain = { ...strategies.full, learningRateScale: 1, schedule: 'constant', augment: {}, checks: 1 } as const;

let batch: Batch;
let foreign: Answers<Foreign>;
const wrapped = {} as Record<Title, Wrapped>;
const tuned = {} as Record<Title, { readonly bytes: Uint8Array; readonly losses: readonly number[] }>;
let checked: Answers<{ readonly domains: readonly string[]; readonly outputs: readonly Tensor[] }>;
const report: string[] = [];

beforeAll(async () => {
  [batch] = (await testBatches(1, 'mnist')) as [Batch];
  const data = { images: batch.images, labels: batch.labels };
  const asked = titles.map((make) => [make, { make, ...data, mean: files[make].mean, std: files[make].std }]);
  foreign = await python('foreign', Object.fromEntries(asked));
  for (const title of titles) {
    const { mean, std } = files[title];
    wrapped[title] = wrapClassifier(decodeModel(foreign.get(title).model.data, title), { mean, std });
    tuned[title] = await fineTuned(wrapped[title]);
  }
  const items = titles.flatMap((title) => [
    [title, { model: tuned[title].bytes, feeds: { image: batch.images } }],
    [`${title}, training`, { model: encodeModel(trainingOf(wrapped[title])) }],
  ]);
  checked = await python('check', Object.fromEntries(items));
});

afterAll(() => console.info(report.join('\n')));

const trainingOf = ({ model }: Wrapped) =>
  createTrainingGraph(model, {
    ...OBJECTIVE,
    optimizer: { name: 'SGD', momentum: 0.9 },
    batchSize: BATCH_SIZE,
    trainable: () => true,
  });

/** By the tuner, as a user does it: its export rewrites the file's own bytes. */
async function fineTuned({ model }: Wrapped) {
  const objective = { ...OBJECTIVE, optimizer: { name: 'SGD', learningRate: 0.02 } } as const;
  const { files } = buildTraining(encodeModel(model), { ...objective, batchSizes: [BATCH_SIZE] });
  const tuner = await createTuner({
    model: encodeModel(model),
    training: files[0]!.bytes,
    replay: false,
    strategy: plain,
    isolation: 'none',
    threads: THREADS,
  });
  const { images, labels } = batch;
  const [count, height, width] = images.shape as [number, number, number];
  const classes = { classes: 10, labels: Uint8Array.from(labels.data) };
  const samples = { images: images.data, count, height, width, ...classes };
  tuner.addAll(samples);
  const before = await tuner.evaluate(samples);
  for await (const { outcome } of tuner.run({ steps: STEPS })) if (outcome) expect(outcome).toBe('finished');
  const after = await tuner.evaluate(samples);
  const bytes = await tuner.export();
  await tuner.close();
  return { bytes, losses: [before.loss, after.loss] };
}

async function predict(bytes: Uint8Array): Promise<Tensor> {
  const session = await createSession(bytes, { threads: THREADS });
  const { probabilities } = await session.run({ image: batch.images });
  await session.close();
  return probabilities!;
}

describe.each(titles)('%s', (title) => {
  it('predicts as its maker does, once it is wrapped', async () => {
    const error = largestDifference(await predict(encodeModel(wrapped[title].model)), foreign.get(title).probabilities);
    report.push(shown(`${title}, wrapped`, { probabilities: error }));
    expect(error).toBeLessThan(1e-5);
  });

  it("has PyTorch's gradients", async () => {
    const { gradients } = foreign.get(title);
    expect(Object.keys(gradients)).toHaveLength(files[title].weights);
    const [found] = await probe(wrapped[title].model, { ...OBJECTIVE, trainable: () => true }, [batch]);
    expect(Object.keys(found!.gradients).sort()).toEqual(Object.keys(gradients).sort());
    const errors = relativeErrors(found!.gradients, gradients);
    report.push(shown(`${title}, gradients`, { 'the worst': Math.max(...errors) }));
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });

  it('learns, and is the same in Python and when it is loaded back', async () => {
    const { bytes, losses } = tuned[title];
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const ours = await predict(bytes);
    const { outputs, domains } = checked.get(title);
    expect(domains).toEqual(['']);
    expect(largestDifference(ours, outputs[0]!)).toBeLessThan(1e-5);
    const { model } = openModel(bytes);
    expect(largestDifference(ours, await predict(encodeModel(model)))).toBe(0);
    expect(largestDifference(ours, foreign.get(title).probabilities)).toBeGreaterThan(1e-3);
  });

  it('has a training graph that is checked, small, and free of weights', () => {
    expect(checked.get(`${title}, training`).domains).toEqual(['']);
    const training = trainingOf(wrapped[title]);
    const state = new Set(trainingSpecOf(training).state.map(({ input }) => input));
    for (const [name, { shape }] of training.graph.initializers) {
      expect(state.has(name), name).toBe(false);
      expect(sizeOf(shape), name).toBeLessThanOrEqual(1000);
    }
    expect(encodeModel(training).length).toBeLessThan(64 * 1024);
  });

  it.each(trainableChoices)('can train %s', (choice) => {
    const { model } = wrapped[title];
    const chosen = trainableWeights(model, choice);
    const training = createTrainingGraph(model, {
      ...OBJECTIVE,
      optimizer: { name: 'SGD' },
      batchSize: 4,
      trainable: (name) => chosen.has(name),
    });
    expect(training.graph.outputs.length).toBe(chosen.size + 3);
  });
});
