/** A training graph in the form that this machine's kernels like best; what it computes stays the same. */

import { type Device, encodeModel, filled, type Model, type SessionFactory } from '@denary/core';
import { blockChannels, REORDERING } from './channel-blocks.js';
import { severalSteps } from './several-steps.js';

/**
 * To be run, not to be kept: the result may hold operators that only this machine's ONNX Runtime has. On WebGPU, which keeps
 * state where it is and has no Scan, a graph stays as it is.
 */
export async function forMachine(training: Model, createSession: SessionFactory, device?: Device): Promise<Model> {
  return device === 'webgpu' ? training : severalSteps(await forKernels(training, createSession, device));
}

/** The same for one step, or a part of one. */
export async function forKernels(graph: Model, createSession: SessionFactory, device: Device = 'cpu'): Promise<Model> {
  const convolves = graph.graph.nodes.some(({ op }) => op === 'Conv');
  const block = convolves && device === 'cpu' ? await channelBlockOf(createSession) : undefined;
  return block ? blockChannels(graph, block) : graph;
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
