/** onnxruntime-node, held to the session contract. CUDA is not run here: it needs hardware; test/gpu runs WebGPU. */

import { encodeModel, GraphBuilder } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { describeSessionContract } from './contract/session-contract.js';

describeSessionContract('runtime-node', createSession, { devices: ['cpu'], foreign: 'wasm' });

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
