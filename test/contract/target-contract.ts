/**
 * What a GPU's training graphs must do, on whatever device they are run: step every system of the catalogue, by every
 * optimizer and loss, to where the CPU's graphs on the CPU bring it.
 */

import {
  type Device,
  encodeModel,
  filled,
  initializersOf,
  type SessionFactory,
  sizeOf,
  type Tensor,
  type Tensors,
  Trainer,
} from '@denary/core';
import {
  type Architecture,
  buildModel,
  catalogue,
  createTrainingGraph,
  type LossName,
  losses,
  type Objective,
  type OptimizerName,
  type OptimizerSpec,
  optimizers,
  type Target,
  uniform,
} from '@denary/train';
import { describe, expect, it } from 'vitest';

const BATCH = 3;
/** Of the largest change of a tensor; one that hardly moves is held to a part of this instead. */
const [TOLERANCE, SLIGHT] = [1e-3, 0.01];

export function graphFor(architecture: Architecture, target: Target, objective: Partial<Objective> = {}) {
  const { model, regularizers } = buildModel(architecture, 1);
  const { loss, reduction } = architecture.training;
  // Plain descent at a rate of 1: the weights move by their gradients.
  const optimizer = { name: 'SGD', learningRate: 1 } as const;
  const rest = { batchSize: BATCH, regularizers, target, ...(reduction && { reduction }) };
  return { model, training: createTrainingGraph(model, { loss, optimizer, ...rest, ...objective }) };
}

interface Steps {
  readonly architecture: Architecture;
  readonly steps?: number;
  readonly objective?: Partial<Objective>;
}

async function trained(
  createSession: SessionFactory,
  [target, device]: readonly [Target, Device],
  { architecture, steps = 1, objective }: Steps,
) {
  const { model, training } = graphFor(architecture, target, objective);
  const weights = initializersOf(model);
  const trainer = await Trainer.create({ createSession, training: encodeModel(training), weights, seed: 9, device });
  try {
    const { input, classes, slots = 1 } = architecture;
    const images = Uint8Array.from({ length: BATCH * sizeOf(input.image) }, (_, i) => 256 * uniform(1, 1, i) ** 3);
    const labels = Array.from({ length: BATCH * slots }, (_, i) => Math.floor(classes * uniform(1, 2, i)));
    const loss: number[] = [];
    for (let step = 0; step < steps; step++) loss.push(await trainer.step({ images, labels, weights: [1, 0.5, 2] }));
    return { before: weights, state: await trainer.state(), loss };
  } finally {
    await trainer.close();
  }
}

/** By how much two tensors differ, beside how much the first has moved. */
function difference({ data: one, dtype, shape }: Tensor, { data: other }: Tensor, from: Tensor | undefined): number {
  const before = (from ?? filled(dtype, shape)).data;
  let [apart, moved] = [0, 0];
  for (let i = 0; i < one.length; i++) {
    apart = Math.max(apart, Math.abs(Number(one[i]) - Number(other[i])));
    moved = Math.max(moved, Math.abs(Number(one[i]) - Number(before[i])));
    if (!Number.isFinite(Number(other[i]))) return Number.POSITIVE_INFINITY;
  }
  return apart / Math.max(moved, SLIGHT);
}

export function describeTarget(createSession: SessionFactory, device: Device): void {
  const expectSame = async (steps: Steps) => {
    const onCpu = await trained(createSession, ['cpu', 'cpu'], steps);
    const onGpu = await trained(createSession, ['gpu', device], steps);
    onCpu.loss.forEach((loss, i) => expect(onGpu.loss[i]! / loss).toBeCloseTo(1, 3));
    const [a, b]: Tensors[] = [onCpu.state, onGpu.state];
    expect(Object.keys(b!)).toEqual(Object.keys(a!));
    for (const name in a) expect(difference(a[name]!, b![name]!, onCpu.before[name]), name).toBeLessThan(TOLERANCE);
  };

  describe(`a training graph for a GPU, on ${device}`, () => {
    it.each(catalogue.map((system) => [`${system.name} ${system.training.data ?? ''}`.trim(), system] as const))(
      'steps %s as for a CPU',
      (_, architecture) => expectSame({ architecture }),
    );

    it.each(Object.keys(optimizers) as OptimizerName[])('steps by %s as for a CPU', (name) => {
      const optimizer = { name, learningRate: 0.05, emaMomentum: 0.9 } as OptimizerSpec;
      return expectSame({ architecture: small, steps: 4, objective: { optimizer } });
    });

    it.each(Object.keys(losses) as LossName[])('steps by %s as for a CPU', (loss) =>
      expectSame({ architecture: small, steps: 2, objective: { loss } }),
    );
  });
}

/** What the catalogue does not have: overlapping windows, an ELU, a penalty on absolute values. */
export const small: Architecture = {
  name: 'small',
  description: '',
  input: { image: [5, 5], scale: 255, as: 'image' },
  classes: 4,
  layers: [
    { type: 'Conv2D', filters: 3, kernelSize: [2, 2], activation: 'elu' },
    { type: 'MaxPooling2D', poolSize: [2, 2], strides: [1, 1] },
    { type: 'Flatten' },
    { type: 'Dense', units: 4, activation: 'sigmoid', kernelRegularizer: { l1: 0.01 } },
  ],
  training: { loss: 'mean_squared_error', optimizer: { name: 'SGD' }, batchSize: BATCH, epochs: 1 },
};
