/**
 * Properties of training that hold for any architecture: random stacks of layers on small images. The gradient agrees with
 * differences of the loss, the loss falls, and both runtimes take the same steps. Dropout is part of it: its masks are a
 * function of seed and step, so a step can be taken again.
 */

import {
  type Batch,
  encodeModel,
  filled,
  initializersOf,
  type SessionFactory,
  type Tensor,
  Trainer,
  toNumbers,
} from '@denary/core';
import { createSession as createNodeSession } from '@denary/runtime-node';
import { createSession as createWebSession } from '@denary/runtime-web';
import {
  type ActivationName,
  type Architecture,
  buildModel,
  createTrainingGraph,
  type Layer,
  type LossName,
  normal,
  type OptimizerSpec,
  uniform,
} from '@denary/train';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const BATCH = 12;

interface Case {
  readonly architecture: Architecture;
  readonly loss: LossName;
  readonly optimizer: OptimizerSpec;
  readonly seed: number;
}

const activation = fc.constantFrom<ActivationName>('linear', 'relu', 'sigmoid', 'tanh', 'elu', 'softmax');
const side = fc.integer({ min: 1, max: 3 });
const padding = fc.constantFrom('valid' as const, 'same' as const);

const anywhere: fc.Arbitrary<Layer> = fc.oneof(
  fc.record({ type: fc.constant('Dropout' as const), rate: fc.constantFrom(0, 0.1, 0.25, 0.5) }),
  fc.record({ type: fc.constant('BatchNormalization' as const) }),
  fc.record({ type: fc.constant('Activation' as const), activation }),
);
const onImages: fc.Arbitrary<Layer> = fc.oneof(
  anywhere,
  fc.record({
    type: fc.constant('Conv2D' as const),
    filters: fc.integer({ min: 1, max: 6 }),
    kernelSize: fc.tuple(side, side),
    strides: fc.constantFrom([1, 1] as const, [1, 1] as const, [2, 1] as const, [2, 2] as const),
    padding,
    activation,
    useBias: fc.boolean(),
  }),
  fc.record(
    {
      type: fc.constant('MaxPooling2D' as const),
      poolSize: fc.tuple(side, side),
      strides: fc.tuple(side, side),
      padding,
    },
    { requiredKeys: ['type'] },
  ),
);
const onVectors: fc.Arbitrary<Layer> = fc.oneof(
  anywhere,
  fc.record({
    type: fc.constant('Dense' as const),
    units: fc.integer({ min: 2, max: 8 }),
    activation,
    useBias: fc.boolean(),
  }),
);

/** Leaves out what does not fit into the image that is left. */
function fitting(layers: readonly Layer[], image: readonly [number, number]): Layer[] {
  let size: readonly number[] = image;
  return layers.filter((layer) => {
    if (layer.type !== 'Conv2D' && layer.type !== 'MaxPooling2D') return true;
    const window = layer.type === 'Conv2D' ? layer.kernelSize : (layer.poolSize ?? [2, 2]);
    const strides = layer.strides ?? (layer.type === 'Conv2D' ? [1, 1] : window);
    const next = size.map((length, i) =>
      layer.padding === 'same' ? Math.ceil(length / strides[i]!) : Math.floor((length - window[i]!) / strides[i]!) + 1,
    );
    if (next.some((length) => length < 1)) return false;
    size = next;
    return true;
  });
}

const optimizer: fc.Arbitrary<OptimizerSpec> = fc.constantFrom<OptimizerSpec>(
  { name: 'SGD', learningRate: 0.02 },
  { name: 'SGD', learningRate: 0.01, momentum: 0.5 },
  { name: 'SGD', learningRate: 0.01, momentum: 0.5, nesterov: true, decay: 0.1 },
  // The first steps of these are as long for a gradient of mere rounding as for any other, unless epsilon is larger.
  { name: 'RMSprop', learningRate: 0.001, epsilon: 1e-3 },
  { name: 'Adam', learningRate: 0.002, epsilon: 1e-3 },
  { name: 'Adadelta', learningRate: 1, epsilon: 1e-3 },
);

const cases: fc.Arbitrary<Case> = fc
  .record({
    image: fc.tuple(fc.integer({ min: 8, max: 12 }), fc.integer({ min: 8, max: 12 })),
    classes: fc.integer({ min: 2, max: 4 }),
    convolutional: fc.array(onImages, { maxLength: 5 }),
    dense: fc.array(onVectors, { maxLength: 3 }),
    flat: fc.boolean(),
    last: fc.constantFrom<ActivationName>('softmax', 'softmax', 'sigmoid'),
    loss: fc.constantFrom<LossName>('categorical_crossentropy', 'mean_squared_error'),
    optimizer,
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  })
  .map(({ image, classes, convolutional, dense, flat, last, ...rest }) => {
    const front: Layer[] = flat ? [] : [...fitting(convolutional, image), { type: 'Flatten' }];
    return caseOf([...front, ...dense, { type: 'Dense', units: classes, activation: last }], image, classes, rest);
  });

function caseOf(
  layers: readonly Layer[],
  image: readonly [number, number] = [9, 9],
  classes = 2,
  { loss, optimizer, seed }: Omit<Case, 'architecture'> = {
    loss: 'categorical_crossentropy',
    optimizer: { name: 'SGD' },
    seed: 1,
  },
): Case {
  const training = { loss, optimizer, batchSize: BATCH, epochs: 1 };
  const input = {
    image,
    scale: 255,
    as: layers.some(({ type }) => type === 'Flatten') ? ('image' as const) : ('flat' as const),
  };
  return { architecture: { name: 'random', description: '', input, classes, layers, training }, loss, optimizer, seed };
}

/** Pooling as it once went wrong: windows that reach past the image, overlap, or leave pixels between them. */
const pools: readonly Layer[] = [
  { type: 'MaxPooling2D', padding: 'same' },
  { type: 'MaxPooling2D', poolSize: [3, 3], strides: [2, 2], padding: 'same' },
  { type: 'MaxPooling2D', poolSize: [1, 2], strides: [2, 2], padding: 'same' },
];
const conv: Layer = { type: 'Conv2D', filters: 4, kernelSize: [2, 3], padding: 'same', activation: 'relu' };
const classify: Layer = { type: 'Dense', units: 2, activation: 'softmax' };
const examples = pools.map((pool): [Case] => [caseOf([conv, pool, { type: 'Flatten' }, classify], [8, 9])]);

const RUNS = { numRuns: 25 + examples.length, seed: 20_240_117, examples };

/** A trainer, and a batch that can be learned: every class has its own bright spots, and there is noise. */
async function started(
  { architecture, loss, optimizer, seed }: Case,
  createSession: SessionFactory = createNodeSession,
) {
  const { model } = buildModel(architecture, seed);
  const training = encodeModel(createTrainingGraph(model, { loss, optimizer, batchSize: BATCH }));
  const trainer = await Trainer.create({ createSession, training, weights: initializersOf(model), seed, threads: 1 });
  const pixels = architecture.input.image[0] * architecture.input.image[1];
  const labels = Array.from({ length: BATCH }, (_, i) => i % architecture.classes);
  const images = Uint8Array.from({ length: BATCH * pixels }, (_, i) => {
    const [sample, pixel] = [Math.floor(i / pixels), i % pixels];
    return 128 * Number(uniform(1, labels[sample]!, pixel) < 0.4) + 127 * uniform(2, sample, pixel);
  });
  return { trainer, batch: { images, labels } };
}

const using = async <T>(trainer: Trainer, use: () => Promise<T>): Promise<T> => {
  try {
    return await use();
  } finally {
    await trainer.close();
  }
};

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const norm = (values: readonly number[]) => Math.sqrt(sum(values.map((value) => value * value)));
const describeCase = ({ architecture: { layers }, loss, optimizer }: Case) =>
  JSON.stringify({ layers, loss, optimizer });

/** One step of plain descent with rate 1 subtracts the gradient: the state before it, and the gradient of all weights in a row. */
async function gradientOf(trainer: Trainer, batch: Batch) {
  const names = trainer.spec.state.filter(({ kind }) => kind === 'weight').map(({ input }) => input);
  const before = await trainer.state();
  await trainer.step(batch, 1);
  const after = await trainer.state();
  await trainer.restore(before);
  const gradient = names.flatMap((name) =>
    toNumbers(before[name]!).map((value, i) => value - Number(after[name]!.data[i])),
  );
  return { names, before, gradient, length: norm(gradient) };
}

/** How far, relative to its length, the gradient is from differences of the loss, at the distance where they agree best. */
async function gradientError(example: Case): Promise<number> {
  const { trainer, batch } = await started({ ...example, optimizer: { name: 'SGD' } });
  return using(trainer, async () => {
    const { names, before, gradient, length } = await gradientOf(trainer, batch);
    // Along the gradient, where the loss changes most, and askew, so that no part of it can be wrong.
    const askew = gradient.map((_, i) => normal(3, 4, i));
    const direction = askew.map((value, i) => value / norm(askew) + (length > 0 ? gradient[i]! / length : 0));
    const slope = sum(direction.map((value, i) => value * gradient[i]!));

    const lossAt = async (distance: number): Promise<number> => {
      let start = 0;
      const moved = names.map((name) => {
        const { dtype, shape, data } = before[name] as Tensor<'float32'>;
        const values = data.map((value, i) => value + distance * direction[start + i]!);
        start += values.length;
        return [name, { dtype, shape, data: values }] as const;
      });
      await trainer.restore({ ...before, ...Object.fromEntries(moved) });
      return trainer.step(batch, 0);
    };
    // Float32 losses are good to some 1e-7: a short distance meets few kinks, a long one little rounding.
    const errors: number[] = [];
    for (const distance of [1e-2, 1e-3, 3e-4, 1e-4]) {
      const difference = ((await lossAt(distance)) - (await lossAt(-distance))) / (2 * distance);
      errors.push(Math.abs(difference - slope) / Math.max(length, 1e-2));
    }
    return Math.min(...errors);
  });
}

describe('any architecture', () => {
  it('has the gradient that differences of its loss have', async () => {
    const property = fc.asyncProperty(cases, async (example) => {
      // A weight may stand at a kink (of a Relu, say) by chance, but not in three draws.
      let error = Infinity;
      for (let i = 0; i < 3 && error > 5e-3; i++)
        error = await gradientError({ ...example, seed: (example.seed + i) >>> 0 });
      expect(error, describeCase(example)).toBeLessThan(5e-3);
    });
    await fc.assert(property, RUNS);
  });

  it('learns: thirty small steps make its loss smaller', async () => {
    const property = fc.asyncProperty(cases, async (example) => {
      const plain = await started({ ...example, optimizer: { name: 'SGD' } });
      const { length } = await using(plain.trainer, () => gradientOf(plain.trainer, plain.batch));
      // Nothing is learned where all units are dead.
      fc.pre(length > 1e-3);
      const { trainer, batch } = await started(example);
      await using(trainer, async () => {
        /** The mean loss over the masks of eight steps, with the weights as they are. */
        const meanLoss = async (): Promise<number> => {
          const held = await trainer.state();
          await trainer.restore({ step: filled('uint32', [], 1000) });
          const losses: number[] = [];
          for (let i = 0; i < 8; i++) losses.push(await trainer.step(batch, 0));
          await trainer.restore(held);
          return sum(losses) / losses.length;
        };
        const before = await meanLoss();
        for (let i = 0; i < 30; i++) await trainer.step(batch);
        expect(await meanLoss(), describeCase(example)).toBeLessThan(before);
      });
    });
    await fc.assert(property, RUNS);
  });

  it('trains alike in Node and on the web', async () => {
    const property = fc.asyncProperty(cases, async (example) => {
      const weightsOn = async (createSession: SessionFactory) => {
        const { trainer, batch } = await started(example, createSession);
        return using(trainer, async () => {
          for (let i = 0; i < 3; i++) await trainer.step(batch);
          return trainer.weights();
        });
      };
      const [node, web] = [await weightsOn(createNodeSession), await weightsOn(createWebSession)];
      for (const [name, tensor] of Object.entries(node)) {
        const [ours, theirs] = [toNumbers(tensor), toNumbers(web[name]!)];
        const difference = norm(ours.map((value, i) => value - theirs[i]!));
        expect(difference / Math.max(norm(ours), 1), `${name} in ${describeCase(example)}`).toBeLessThan(1e-4);
      }
    });
    await fc.assert(property, RUNS);
  });
});
