/** A training graph in the form that this machine's kernels like best; what it computes stays the same. */

import { type Device, encodeModel, filled, type Model, type SessionFactory } from '@denary/core';
import { blockChannels, REORDERING } from './channel-blocks.js';
import { severalSteps } from './several-steps.js';

/**
 * To be run, not to be kept: the result may hold operators that only this machine's ONNX Runtime has. On WebGPU, which keeps
 * state where it is and has no Scan, a graph stays as it is.
 */
export async function forMachine(training: Model, createSession: SessionFactory, device?: Device): Promise<Model> {
  if (device === 'webgpu') return training;
  const convolves = training.graph.nodes.some(({ op }) => op === 'Conv');
  const onProcessor = device === undefined || device === 'cpu';
  const block = convolves && onProcessor ? await channelBlockOf(createSession) : undefined;
  return severalSteps(block ? blockChannels(training, block) : training);
}

/**
 * How many channels ONNX Runtime's kernels for CPUs take as one block (8 with AVX2, 16 with AVX-512); undefined where it
 * has no such kernels, as in WASM. It is asked by running the smallest graph that shows it.
 */
export async function channelBlockOf(createSession: SessionFactory): Promise<number | undefined> {
  try {
    const session = await createSession(encodeModel(REORDERING), { device: 'cpu', threads: 1 });
    try {
      const { y } = await session.run({ x: filled('float32', [1, 8, 1, 1]) });
      return y!.shape[1];
    } finally {
      await session.close();
    }
  } catch {
    return undefined;
  }
}
