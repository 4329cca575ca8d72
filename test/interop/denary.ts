/** Our side of the comparison: training runs that Python repeats, and how far two sets of tensors are apart. */

import { encodeModel, initializersOf, type Tensor, type Tensors, Trainer, toNumbers } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { type Architecture, buildModel, createTrainingGraph, type Layer, type OptimizerSpec, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';

export interface Batch {
  /** uint8, [count, height, width]. */
  readonly images: Tensor<'uint8'>;
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
  /** For each probe, the gradient of each trained weight. */
  readonly gradients: readonly Tensors[];
  /** The loss of each step. */
  readonly losses: readonly number[];
  /** After all steps, with the moving statistics. */
  readonly weights: Tensors;
}

const BATCH_SIZE = 16;
const THREADS = 2;

/** Batches of MNIST's test images; every third one is short and weighted, with zeros and fractions. */
export async function mnistBatches(count: number): Promise<Batch[]> {
  const mnist = await loadDataset('mnist', 'test');
  return Array.from({ length: count }, (_, i) => {
    const short = i % 3 === 1;
    const size = short ? BATCH_SIZE - 5 : BATCH_SIZE;
    const { images, labels } = subset(mnist, { from: i * BATCH_SIZE, to: i * BATCH_SIZE + size });
    const weights = Float32Array.from({ length: size }, (_, sample) => (short ? (sample % 4) / 2 : 1));
    return {
      images: { dtype: 'uint8', shape: [size, 28, 28], data: images },
      labels: { dtype: 'int32', shape: [size], data: Int32Array.from(labels) },
      weights: { dtype: 'float32', shape: [size], data: weights },
    };
  });
}

/** A run of an architecture, dropout off: its masks are our own. */
export function runOf(architecture: Architecture, batches: readonly Batch[], seed = 1): Run {
  const { model, layers: reports } = buildModel(withoutDropout(architecture), seed);
  const names = new Set(reports.flatMap(({ weights }) => weights.map(({ name }) => name)));
  const weights = Object.fromEntries(Object.entries(initializersOf(model)).filter(([name]) => names.has(name)));
  const layers = withoutDropout(architecture).layers.map((layer, i) => ({ ...layer, name: reports[i]!.name }));
  return { architecture, layers, weights, probes: batches.slice(0, 2), batches };
}

const withoutDropout = (architecture: Architecture): Architecture => ({
  ...architecture,
  layers: architecture.layers.map((layer) => (layer.type === 'Dropout' ? { ...layer, rate: 0 } : layer)),
});

/** Trains with denary. */
export async function train({ architecture, layers, weights, probes, batches }: Run): Promise<Outcome> {
  const { model } = buildModel({ ...architecture, layers });
  const { loss, optimizer } = architecture.training;
  const trainer = (spec: OptimizerSpec) => {
    const training = encodeModel(createTrainingGraph(model, { loss, optimizer: spec, batchSize: BATCH_SIZE }));
    return Trainer.create({ createSession, training, weights, threads: THREADS });
  };
  const step = (to: Trainer, { images, labels, weights: counts }: Batch) =>
    to.step({ images: images.data, labels: labels.data, weights: counts.data });

  // With rate 1, momentum becomes the negative gradient in its first step.
  const probe = await trainer({ name: 'SGD', learningRate: 1, momentum: 0.5 });
  const start = await probe.state();
  const gradients: Tensors[] = [];
  for (const batch of probes) {
    await probe.restore(start);
    await step(probe, batch);
    const slots = Object.entries(await probe.state()).filter(([name]) => name.endsWith('/momentum'));
    gradients.push(Object.fromEntries(slots.map(([name, value]) => [name.replace('/momentum', ''), negated(value)])));
  }
  await probe.close();

  const long = await trainer(optimizer);
  const losses: number[] = [];
  for (const batch of batches) losses.push(await step(long, batch));
  const outcome = { gradients, losses, weights: await long.weights() };
  await long.close();
  return outcome;
}

const negated = ({ shape, data }: Tensor): Tensor => ({ dtype: 'float32', shape, data: (data as Float32Array).map((x) => -x) });

/** The largest difference of two tensors, as a part of the largest value of the second one (of `scale`, where larger). */
export function distance(a: Tensor, b: Tensor, scale = 0): number {
  const [actual, expected] = [toNumbers(a), toNumbers(b)];
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), scale);
  const difference = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0);
  return difference === 0 ? 0 : difference / largest;
}
