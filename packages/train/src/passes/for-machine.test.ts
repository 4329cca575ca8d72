import type { SessionFactory } from '@denary/core';
import { createSession as createNodeSession } from '@denary/runtime-node';
import { createSession as createWebSession } from '@denary/runtime-web';
import { describe, expect, it } from 'vitest';
import { findArchitecture } from '../architectures/catalogue.js';
import { buildModel } from '../forward/build-model.js';
import { createTrainingGraph } from '../training-graph.js';
import { channelBlockOf, forMachine } from './for-machine.js';

const trainingOf = (name: string) => {
  const { training } = findArchitecture(name);
  return createTrainingGraph(buildModel(findArchitecture(name), 0).model, { ...training, batchSize: 2 });
};

/** The operators inside the Scan that the whole graph has become, each with its domain. */
function stepOf({ graph }: ReturnType<typeof trainingOf>): string[] {
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Scan']);
  const { body } = graph.nodes[0]!.attributes;
  return body?.type === 'graph' ? body.value.nodes.map(({ domain, op }) => `${domain}.${op}`) : [];
}

describe('a training graph for the machine', () => {
  it('does several steps in a run on a CPU, with convolutions over its blocks where it has such', async () => {
    const [cnn, block] = [
      await forMachine(trainingOf('cnn'), createNodeSession),
      await channelBlockOf(createNodeSession),
    ];
    const blocked = stepOf(cnn).filter((op) => op.startsWith('com.microsoft.nchwc'));
    // The second convolution and the gradient of its input; the first one has too few channels.
    expect(blocked.filter((op) => op.endsWith('.Conv'))).toHaveLength(block ? 2 : 0);
    expect(stepOf(cnn)).toContain('.Conv');
  });

  it('has standard operators alone on WASM, and without convolutions', async () => {
    const wasm = await forMachine(trainingOf('cnn'), createWebSession, 'wasm');
    const mlp = await forMachine(trainingOf('mlp'), createNodeSession);
    for (const graph of [wasm, mlp]) expect(stepOf(graph).every((op) => op.startsWith('.'))).toBe(true);
  });

  it('stays as it is on WebGPU, and asks for no session there', async () => {
    const refusing: SessionFactory = () => expect.fail('a session');
    const training = trainingOf('cnn');
    expect(await forMachine(training, refusing, 'webgpu')).toBe(training);
  });

  it('is known to have no blocks where a factory has no CPU', async () => {
    expect(await channelBlockOf(createWebSession)).toBeUndefined();
  });
});
