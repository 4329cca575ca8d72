/** A whole training on WebGPU: it ends where the CPU's does, and either goes on where the other was stopped. */

import { type Device, initializersOf, type Model } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { type Architecture, type Checkpoint, decodeCheckpoint, encodeCheckpoint, fit } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { expect, it } from 'vitest';
import { describeOnGpu } from './describe-on-gpu.js';

/** With all that a step can carry on: dropout, moving statistics, momentum and averages of the weights. */
const architecture: Architecture = {
  name: 'small',
  description: '',
  input: { image: [8, 8], scale: 16, as: 'flat' },
  classes: 10,
  layers: [
    { type: 'Dense', units: 24 },
    { type: 'BatchNormalization' },
    { type: 'Activation', activation: 'relu' },
    { type: 'Dropout', rate: 0.2 },
    { type: 'Dense', units: 10, activation: 'softmax' },
  ],
  training: {
    loss: 'categorical_crossentropy',
    optimizer: { name: 'SGD', learningRate: 0.1, momentum: 0.9, emaMomentum: 0.9 },
    batchSize: 64,
    epochs: 1,
  },
};
const STEPS = 12;

describeOnGpu('fit on WebGPU', async () => {
  const train = await loadDataset('optdigits', 'train');
  const options = { createSession, architecture, train, seed: 5, steps: STEPS };

  async function stopAfter(steps: number, device: Device): Promise<Checkpoint> {
    const stop = new AbortController();
    let kept: Checkpoint | undefined;
    let done = 0;
    const onProgress = () => {
      if (++done === steps) stop.abort();
    };
    const onCheckpoint = (checkpoint: Checkpoint) => {
      kept = decodeCheckpoint(encodeCheckpoint(checkpoint));
    };
    await fit({
      ...options,
      device,
      signal: stop.signal,
      progressInterval: 0,
      callbacks: { onProgress, onCheckpoint },
    });
    return kept!;
  }

  function expectSame(received: Model, expected: Model): void {
    const weights = initializersOf(received);
    for (const [name, { data }] of expected.graph.initializers) {
      data.forEach((value, i) => expect(Math.abs(Number(weights[name]!.data[i]) - Number(value))).toBeLessThan(1e-3));
    }
  }

  it('ends where the CPU does, with the files that the CPU makes', async () => {
    const [onGpu, onCpu] = [await fit({ ...options, device: 'webgpu' }), await fit({ ...options, device: 'cpu' })];
    expect([onGpu.device, onCpu.device]).toEqual(['webgpu', 'cpu']);
    expectSame(onGpu.model, onCpu.model);
    expect(onGpu.history[0]!.accuracy).toBeCloseTo(onCpu.history[0]!.accuracy, 2);
    expect(onGpu.training).toEqual(onCpu.training);
  });

  it.each<[Device, Device]>([
    ['webgpu', 'cpu'],
    ['cpu', 'webgpu'],
    ['webgpu', 'webgpu'],
  ])('begun on %s, it goes on on %s', async (first, second) => {
    const resume = await stopAfter(5, first);
    expect(resume.step).toBe(5);
    const { model, finished } = await fit({ ...options, device: second, resume });
    expect(finished).toBe(true);
    expectSame(model, (await fit({ ...options, device: 'cpu' })).model);
  });
});
