/** Our side of the comparison: training runs that Python repeats. */

import { encodeModel, initializersOf, type Model, type Tensor, type Tensors, Trainer, withWeights } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  type Architecture,
  buildModel,
  createTrainingGraph,
  dataOf,
  type Layer,
  type Objective,
  subset,
} from '@denary/train';
import { type DatasetName, loadDataset } from '@denary/train/node';

export interface Batch {
  /** uint8, [count, height, width]. */
  readonly images: Tensor<'uint8'>;
  /** [count], or [count, slots]. */
  readonly labels: Tensor<'int32'>;
  /** float32, [count]; a sample of weight 0 is as good as absent. */
  readonly weights: Tensor<'float32'>;
}

/** One training run, as the Python scripts are told of it. */
export interface Run {
  readonly architecture: Architecture;
  /** The architecture's layers, each with its name. */
  readonly layers: readonly Layer[];
  readonly weights: Tensors;
  /** Batches whose gradients at the initial weights are wanted. */
  readonly probes: readonly Batch[];
  /** Batches to train on, in turn. */
  readonly batches: readonly Batch[];
}

export interface Outcome {
  /** For each probe, the gradient of each trained weight, and the next value of each moving statistic. */
  readonly probes: readonly { readonly gradients: Tensors; readonly statistics: Tensors }[];
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** After all steps, with the moving statistics. */
  readonly weights: Tensors;
}

export const BATCH_SIZE = 16;
/** One, here and in Python: with other work on the same cores, threads wait for each other most of the time. */
export const THREADS = 1;

/** What tells a system from all others: some share their name, and differ in their data. */
export const titleOf = (architecture: Architecture): string => `${architecture.name} (${dataOf(architecture)})`;

/** Batches of test images; every third one is short and weighted, with zeros and fractions. */
export async function testBatches(count: number, data: string, most = BATCH_SIZE): Promise<Batch[]> {
  // Fashion-MNIST is not on every machine, and MNIST has its shape.
  const test = await loadDataset((data === 'fashion-mnist' ? 'mnist' : data) as DatasetName, 'test');
  return Array.from({ length: count }, (_, i) => {
    const short = i % 3 === 1;
    const size = short ? Math.ceil((2 * most) / 3) : most;
    const { images, labels } = subset(test, { from: i * most, to: i * most + size });
    const weights = Float32Array.from({ length: size }, (_, sample) => (short ? (sample % 4) / 2 : 1));
    const slots = test.slots === 1 ? [] : [test.slots];
    return {
      images: { dtype: 'uint8', shape: [size, test.height, test.width], data: images },
      labels: { dtype: 'int32', shape: [size, ...slots], data: Int32Array.from(labels) },
      weights: { dtype: 'float32', shape: [size], data: weights },
    };
  });
}

/** A run of an architecture, from a seed's initial weights. Dropout must be off: its masks are our own. */
export function runOf(architecture: Architecture, parts: Pick<Run, 'probes' | 'batches'>, seed = 1): Run {
  const { model, layers: reports } = buildModel(architecture, seed);
  const initializers = initializersOf(model);
  const names = reports.flatMap(({ weights }) => weights.map(({ name }) => name));
  const layers = architecture.layers.map((layer, i) => ({ ...layer, name: reports[i]!.name }));
  const weights = Object.fromEntries(names.map((name) => [name, initializers[name]!]));
  return { architecture, layers, weights, ...parts };
}

/** Trains with denary. */
export async function train({ architecture, weights, probes, batches }: Run): Promise<Outcome> {
  const { model, regularizers } = buildModel(architecture);
  const objective = { ...architecture.training, regularizers };
  const trainer = await trainerOf(model, objective, weights);
  const losses: number[] = [];
  for (const batch of batches) losses.push(await step(trainer, batch));
  const trained = await trainer.weights();
  await trainer.close();
  return { probes: await probe(withWeights(model, weights), objective, probes), losses, weights: trained };
}

/** A power of two so large that w - RATE g is -RATE g but for its last digits, and g can be had from it. */
const RATE = 2 ** 20;

/** The gradients of each batch, and what it makes of the moving statistics. */
export async function probe(
  model: Model,
  objective: Omit<Objective, 'optimizer' | 'batchSize'>,
  batches: readonly Batch[],
): Promise<Outcome['probes']> {
  const weights = initializersOf(model);
  const trainer = await trainerOf(model, { ...objective, optimizer: { name: 'SGD', learningRate: RATE } }, weights);
  const start = await trainer.state();
  const probes: Outcome['probes'][number][] = [];
  for (const batch of batches) {
    await trainer.restore(start);
    await step(trainer, batch);
    const after = await trainer.weights();
    const named = (kind: string) => trainer.spec.state.filter((slot) => slot.kind === kind).map(({ input }) => input);
    probes.push({
      gradients: Object.fromEntries(named('weight').map((name) => [name, gradient(weights[name]!, after[name]!)])),
      statistics: Object.fromEntries(named('statistic').map((name) => [name, after[name]!])),
    });
  }
  await trainer.close();
  return probes;
}

export function trainerOf(
  model: Model,
  objective: Omit<Objective, 'batchSize'>,
  weights = initializersOf(model),
): Promise<Trainer> {
  const training = encodeModel(createTrainingGraph(model, { ...objective, batchSize: BATCH_SIZE }));
  return Trainer.create({ createSession, training, weights, threads: THREADS });
}

export const step = (trainer: Trainer, { images, labels, weights }: Batch): Promise<number> =>
  trainer.step({ images: images.data, labels: labels.data, weights: weights.data });

function gradient({ shape, data: before }: Tensor, { data: after }: Tensor): Tensor {
  const data = Float32Array.from(before as Float32Array, (w, i) => (w - Number(after[i])) / RATE);
  return { dtype: 'float32', shape, data };
}
