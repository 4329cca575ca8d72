/** Layers in the form in which they train: what a padded batch computes, how statistics move, what is frozen, what is swapped. */

import {
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  initializersOf,
  type Node,
  normal,
  sizeOf,
  type Tensor,
  type Tensors,
  Trainer,
  toNumbers,
  uniform,
  type Value,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import type { Architecture } from '../architectures/architecture.js';
import { buildModel } from '../forward/build-model.js';
import { maths } from '../math.js';
import { createTrainingGraph, type Objective } from '../training-graph.js';
import { appendForTraining, poolBeforeRelu, type TrainingContext } from './training-form.js';

const values = (shape: readonly number[], key: number, stretch = 1, shift = 0): Tensor<'float32'> =>
  fromNumbers(
    'float32',
    Array.from({ length: sizeOf(shape) }, (_, i) => shift + stretch * normal(5, key, i)),
    shape,
  );

async function run(graph: GraphBuilder, feeds: Tensors): Promise<Tensors> {
  const session = await createSession(encodeModel(graph.model()), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

function expectClose(received: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  expect(received.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(received[i]! - expected[i]!);
    expect(distance, `element ${i}: ${received[i]}, not ${expected[i]}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(expected[i]!)),
    );
  }
}

describe('batch normalization', () => {
  const [CHANNELS, MOMENTUM, EPSILON] = [3, 0.9, 0.01];
  const weights = {
    gamma: fromNumbers('float32', [1, 2, -0.5]),
    beta: fromNumbers('float32', [0, 0.25, 1]),
    moving_mean: fromNumbers('float32', [0.5, -1, 2]),
    moving_variance: fromNumbers('float32', [1, 4, 0.25]),
  };

  /** One layer in its training form. Its outputs: y, and the next moving statistics. */
  async function normalize(
    x: Tensor,
    sampleWeights: readonly number[],
  ): Promise<{ y: number[]; mean: number[]; variance: number[] }> {
    const graph = new GraphBuilder('normalization');
    const inputs = [
      graph.input('x', 'float32', x.shape),
      ...Object.keys(weights).map((name) => graph.input(name, 'float32', [CHANNELS])),
    ];
    const next = new Map<string, Value>();
    const context: TrainingContext = {
      math: maths(graph),
      sampleWeight: graph.input('sample_weight', 'float32', [x.shape[0]!]),
      rowKeys: () => expect.fail('batch normalization draws nothing'),
      nextStatistic: (name, value) => next.set(name, value),
      followsStatistics: () => true,
    };
    const attributes = {
      epsilon: { type: 'float', value: EPSILON },
      momentum: { type: 'float', value: MOMENTUM },
    } as const;
    const node: Node = {
      name: 'bn',
      op: 'BatchNormalization',
      domain: '',
      inputs: inputs.map(({ name }) => name),
      outputs: ['bn'],
      attributes,
    };
    appendForTraining(node, context);
    graph.output(graph.value('bn'), 'y');
    graph.output(next.get('moving_mean')!, 'mean');
    graph.output(next.get('moving_variance')!, 'variance');
    const results = await run(graph, { x, ...weights, sample_weight: fromNumbers('float32', sampleWeights) });
    const [y, mean, variance] = ['y', 'mean', 'variance'].map((name) => toNumbers(results[name]!)) as [
      number[],
      number[],
      number[],
    ];
    return { y, mean, variance };
  }

  /** Keras' formulas, by hand, in float64: moving = moving momentum + batch (1 - momentum), with the biased variance. */
  function expected(x: Tensor) {
    const area = sizeOf(x.shape.slice(2));
    const channelOf = (i: number) => Math.floor(i / area) % CHANNELS;
    const batchMean = (of: (value: number, i: number) => number) => {
      const sums = new Array<number>(CHANNELS).fill(0);
      toNumbers(x).forEach((value, i) => {
        sums[channelOf(i)]! += of(value, i) / (x.shape[0]! * area);
      });
      return sums;
    };
    const mean = batchMean((value) => value);
    const variance = batchMean((value, i) => (value - mean[channelOf(i)]!) ** 2);
    const [gamma, beta, movingMean, movingVariance] = Object.values(weights).map(toNumbers) as [
      number[],
      number[],
      number[],
      number[],
    ];
    const follow = (old: number[], now: number[]) => old.map((value, i) => value * MOMENTUM + now[i]! * (1 - MOMENTUM));
    return {
      y: toNumbers(x).map((value, i) => {
        const c = channelOf(i);
        return (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + EPSILON) + beta[c]!;
      }),
      mean: follow(movingMean, mean),
      variance: follow(movingVariance, variance),
    };
  }

  describe.each([
    ['a vector', [] as number[]],
    ['an image', [4, 5]],
  ])('of %s', (_, spatial) => {
    it('normalizes by the batch, and its moving statistics follow Keras’ formula', async () => {
      const x = values([6, CHANNELS, ...spatial], 1, 2, 3);
      const [received, wanted] = [await normalize(x, new Array(6).fill(1)), expected(x)];
      expectClose(received.y, wanted.y, 2e-5);
      expectClose(received.mean, wanted.mean);
      expectClose(received.variance, wanted.variance);
    });

    it('does not count samples of weight 0, whatever they hold', async () => {
      const x = values([4, CHANNELS, ...spatial], 2, 1, -1);
      const size = x.data.length / 4;
      const padded = values([6, CHANNELS, ...spatial], 3, 50, 100);
      // The samples that count are the second, third, fourth and sixth.
      [1, 2, 3, 5].forEach((row, i) => padded.data.set(x.data.subarray(i * size, (i + 1) * size), row * size));
      const [received, wanted] = [await normalize(padded, [0, 1, 1, 1, 0, 1]), expected(x)];
      const kept = [1, 2, 3, 5].flatMap((row) => received.y.slice(row * size, (row + 1) * size));
      expectClose(kept, wanted.y, 2e-5);
      expectClose(received.mean, wanted.mean);
      expectClose(received.variance, wanted.variance);
    });

    it('counts a sample of any positive weight once', async () => {
      const x = values([4, CHANNELS, ...spatial], 4);
      expectClose((await normalize(x, [0.1, 3, 1, 0.5])).y, expected(x).y, 2e-5);
    });
  });
});

describe('training with batch normalization', () => {
  const architecture: Architecture = {
    name: 'normalized',
    description: '',
    input: { image: [6, 6], scale: 255, as: 'image' },
    classes: 3,
    layers: [
      { type: 'Conv2D', filters: 3, kernelSize: [3, 3] },
      { type: 'BatchNormalization', momentum: 0.8 },
      { type: 'Activation', activation: 'relu' },
      { type: 'MaxPooling2D' },
      { type: 'Flatten' },
      { type: 'Dense', units: 4 },
      { type: 'BatchNormalization', name: 'last', momentum: 0.8 },
      { type: 'Dense', units: 3, activation: 'softmax' },
    ],
    training: { loss: 'categorical_crossentropy', optimizer: { name: 'SGD' }, batchSize: 5, epochs: 1 },
  };
  const { model } = buildModel(architecture, 1);
  const initial = initializersOf(model);
  const batchOf = (count: number, key: number) => ({
    images: Uint8Array.from({ length: count * 36 }, (_, i) => 256 * uniform(9, key, i)),
    labels: Array.from({ length: count }, (_, i) => Math.floor(3 * uniform(10, key, i))),
  });
  const statistics = Object.keys(initial).filter((name) => name.includes('/moving_'));

  async function training<T>(objective: Partial<Objective>, use: (trainer: Trainer) => Promise<T>): Promise<T> {
    const defaults: Objective = {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'SGD', learningRate: 0.1 },
      batchSize: 5,
    };
    const graph = createTrainingGraph(model, { ...defaults, ...objective });
    const trainer = await Trainer.create({ createSession, threads: 1, training: encodeModel(graph), weights: initial });
    try {
      return await use(trainer);
    } finally {
      await trainer.close();
    }
  }

  it('takes the same steps on a padded batch as on a smaller one', async () => {
    const steps = (batchSize: number) =>
      training({ batchSize }, async (trainer) => {
        const losses: number[] = [];
        for (let i = 0; i < 3; i++) losses.push(await trainer.step(batchOf(5, i)));
        return { losses, weights: await trainer.weights() };
      });
    const [exact, padded] = [await steps(5), await steps(8)];
    expectClose(padded.losses, exact.losses);
    for (const name of Object.keys(exact.weights)) {
      expectClose(toNumbers(padded.weights[name]!), toNumbers(exact.weights[name]!));
      if (!name.endsWith('bias')) expect(exact.weights[name], name).not.toEqual(initial[name]);
    }
  });

  it('moves statistics without training them: they are no weights of the loss', async () => {
    await training({ optimizer: { name: 'SGD', learningRate: 0 } }, async (trainer) => {
      await trainer.step(batchOf(5, 1));
      const after = await trainer.weights();
      for (const [name, tensor] of Object.entries(after)) {
        if (statistics.includes(name)) expect(tensor, name).not.toEqual(initial[name]);
        else expect(tensor, name).toEqual(initial[name]);
      }
    });
  });

  it('keeps what is frozen bit for bit, statistics too, and normalizes by them', async () => {
    const trainable = (name: string) => name.startsWith('dense_1/');
    await training({ trainable }, async (trainer) => {
      const batch = batchOf(5, 1);
      const loss = await trainer.step(batch);
      for (let i = 2; i < 5; i++) await trainer.step(batchOf(5, i));
      const after = await trainer.weights();
      // Kernels and biases of three layers, and four weights of each normalization.
      expect(Object.keys(after).length).toBe(14);
      for (const [name, tensor] of Object.entries(after)) {
        if (trainable(name)) expect(tensor, name).not.toEqual(initial[name]);
        else expect(tensor, name).toEqual(initial[name]);
      }

      // The loss of the first step is that of the finished model's own predictions.
      const session = await createSession(encodeModel(model), { threads: 1 });
      const { probabilities } = await session.run({ image: { dtype: 'uint8', shape: [5, 6, 6], data: batch.images } });
      await session.close();
      const logs = batch.labels.map((label, row) => -Math.log(Number(probabilities!.data[3 * row + label])));
      expectClose([loss], [logs.reduce((sum, value) => sum + value) / 5]);
    });
  });

  it('tells the runtime which state moves: frozen weights and statistics have no output', () => {
    const graph = createTrainingGraph(model, {
      loss: 'categorical_crossentropy',
      optimizer: { name: 'Adam' },
      batchSize: 2,
      trainable: (name) => name === 'dense_1/kernel',
    });
    const moved = graph.graph.outputs.map(({ name }) => name);
    expect(moved).toContain('dense_1/kernel/next');
    expect(moved.filter((name) => /conv2d|last|normalization|dense\/|bias/.test(name))).toEqual([]);
  });
});

describe('poolBeforeRelu', () => {
  /** Relu, MaxPool, and by `more` whatever else reads the Relu. */
  const reluThenPool = (
    attributes: Record<string, readonly number[]>,
    more: (graph: GraphBuilder, relu: Value) => Value[] = () => [],
  ) => {
    const graph = new GraphBuilder('pool');
    const relu = graph.op('Relu', [graph.op('Mul', [graph.input('x', 'float32', [2, 2, 6, 6]), 2])]);
    const pooled = graph.op('MaxPool', [relu], attributes);
    const others = more(graph, relu);
    graph.output(graph.op('Neg', [pooled]), 'y');
    others.forEach((value, i) => graph.output(value, `other${i}`));
    return graph.build();
  };
  const results = async (graph: ReturnType<typeof reluThenPool>, nodes: readonly Node[]) =>
    run(GraphBuilder.from({ ...graph, nodes }, 17, true), { x: values([2, 2, 6, 6], 6) });

  it.each([
    ['windows that do not overlap', { kernel_shape: [2, 2], strides: [2, 2] }],
    ['windows that overlap', { kernel_shape: [3, 3], strides: [2, 2] }],
    ['windows that reach into the padding', { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ])('changes the order and no value, with %s', async (_, attributes) => {
    const graph = reluThenPool(attributes);
    const swapped = poolBeforeRelu(graph.nodes);
    expect(swapped.map(({ op }) => op)).toEqual(['Mul', 'MaxPool', 'Relu', 'Neg']);
    expect(await results(graph, swapped)).toEqual(await results(graph, graph.nodes));
  });

  it('leaves a Relu alone that somebody else reads', async () => {
    const graph = reluThenPool({ kernel_shape: [2, 2], strides: [2, 2] }, (builder, relu) => [
      builder.op('Exp', [relu]),
    ]);
    expect(poolBeforeRelu(graph.nodes)).toEqual(graph.nodes);
  });

  it('swaps one pair after another, and pools of pools', async () => {
    const graph = new GraphBuilder('pools');
    let x = graph.input('x', 'float32', [2, 2, 6, 6]);
    for (let i = 0; i < 2; i++)
      x = graph.op('MaxPool', [graph.op('Relu', [graph.op('Sub', [x, 0.25])])], { kernel_shape: [2, 2] });
    graph.output(graph.op('MaxPool', [x], { kernel_shape: [2, 2] }), 'y');
    const built = graph.build();
    const swapped = poolBeforeRelu(built.nodes);
    expect(swapped.filter(({ op }) => op === 'Relu').length).toBe(2);
    expect(await results(built, swapped)).toEqual(await results(built, built.nodes));
  });
});

describe('an LSTM', () => {
  const [STEPS, SAMPLES, FEATURES, HIDDEN] = [5, 3, 4, 6];

  it.each([
    ['with a bias', true],
    ['without', false],
  ])('unrolled gives what the operator gives, %s', async (_, hasBias) => {
    const graph = new GraphBuilder('lstm');
    const x = graph.input('x', 'float32', [STEPS, SAMPLES, FEATURES]);
    const bias = values([1, 8 * HIDDEN], 3);
    bias.data.fill(0, 4 * HIDDEN);
    const weights = [
      graph.initializer('w', values([1, 4 * HIDDEN, FEATURES], 1)),
      graph.initializer('r', values([1, 4 * HIDDEN, HIDDEN], 2)),
      ...(hasBias ? [graph.initializer('b', bias)] : []),
    ];
    const inputs = [x, ...weights].map(({ name }) => name);
    const node = (kind: string): Node => ({
      name: kind,
      op: 'LSTM',
      domain: '',
      inputs,
      outputs: ['sequence', 'hidden', 'cell'].map((output) => `${kind}/${output}`),
      attributes: { hidden_size: { type: 'int', value: HIDDEN } },
    });
    graph.append(node('operator'));
    appendForTraining(node('unrolled'), { math: maths(graph) } as unknown as TrainingContext);
    expect(graph.build().nodes.filter(({ op }) => op === 'LSTM').length).toBe(1);
    const outputs = [...node('operator').outputs, ...node('unrolled').outputs];
    for (const name of outputs) graph.output(graph.value(name));
    const results = await run(graph, { x: values([STEPS, SAMPLES, FEATURES], 4) });
    for (const output of ['sequence', 'hidden', 'cell']) {
      const [ours, theirs] = [results[`unrolled/${output}`]!, results[`operator/${output}`]!];
      expect(ours.shape).toEqual(theirs.shape);
      expectClose(toNumbers(ours), toNumbers(theirs));
    }
  });
});

describe('dropout in training form', () => {
  it('is the identity for a rate of 0, and needs no random keys', async () => {
    const graph = new GraphBuilder('dropout');
    const x = graph.input('x', 'float32', [2, 3]);
    const rate = graph.initializer('rate', filled('float32', []));
    const unused = () => expect.fail('nothing is drawn');
    const context = {
      math: maths(graph),
      rowKeys: unused,
      nextStatistic: unused,
      followsStatistics: unused,
    } as unknown as TrainingContext;
    appendForTraining(
      { name: 'd', op: 'Dropout', domain: '', inputs: [x.name, rate.name], outputs: ['d'], attributes: {} },
      context,
    );
    graph.output(graph.value('d'), 'y');
    const given = values([2, 3], 7);
    expect((await run(graph, { x: given })).y).toEqual(given);
  });
});
