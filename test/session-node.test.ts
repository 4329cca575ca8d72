/** onnxruntime-node, held to the session contract. CUDA is not run here: it needs hardware; test/gpu runs WebGPU. */

import { elementTypeOf, encodeModel, GraphBuilder } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { describeSessionContract } from './contract/session-contract.js';

describeSessionContract('runtime-node', createSession, { devices: ['cpu'], foreign: 'wasm' });

it('takes bytes in shared memory, of one size and another', async () => {
  const graph = new GraphBuilder('g');
  graph.output(graph.op('Cast', [graph.input('x', 'uint8', ['n'])], { to: elementTypeOf('float32') }), 'y');
  const session = await createSession(encodeModel(graph.model()));
  const memory = new Uint8Array(new SharedArrayBuffer(8)).map((_, i) => i);
  for (const [start, length] of [
    [0, 3],
    [2, 6],
    [1, 1],
  ] as const) {
    const data = memory.subarray(start, start + length);
    const { y } = await session.run({ x: { dtype: 'uint8', shape: [length], data } });
    expect([...y!.data]).toEqual([...data]);
  }
  await session.close();
});

describe('runtime-node without a graphics card', () => {
  const model = () => {
    const graph = new GraphBuilder('g');
    graph.output(graph.op('Relu', [graph.input('x', 'float32', [1])]), 'y');
    return encodeModel(graph.model());
  };

  it('says that the device is missing, or works where it is not', async () => {
    try {
      await (await createSession(model(), { device: 'cuda' })).close();
    } catch (error) {
      expect(error).toMatchObject({ name: 'DenaryError', code: 'device-unavailable' });
    }
  });

  it('blames the model, not the device, for bytes that load nowhere', async () => {
    const refused = createSession(model().subarray(0, 20), { device: 'cuda' });
    await expect(refused).rejects.toMatchObject({ name: 'DenaryError', code: 'bad-model' });
  });
});
