/** onnxruntime-node's WebGPU, held to the session contract, and to what it says of operators that it does not have. */

import { encodeModel, fromNumbers, GraphBuilder, type SessionFactory } from '@denary/core';
import * as node from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { describeSessionContract } from '../contract/session-contract.js';
import { describeOnGpu } from './describe-on-gpu.js';

const createSession: SessionFactory = (model, options) => node.createSession(model, { device: 'webgpu', ...options });

describeOnGpu('WebGPU in Node', () => {
  describeSessionContract('runtime-node', createSession, { devices: ['webgpu'], foreign: 'wasm' });

  describe('an operator that WebGPU does not have', () => {
    const graph = new GraphBuilder('g');
    graph.output(graph.op('Sign', [graph.input('x', 'float32', [2])]), 'y');
    const model = encodeModel(graph.model());

    it('runs on the CPU where that may help', async () => {
      const session = await createSession(model);
      expect((await session.run({ x: fromNumbers('float32', [-3, 2]) })).y).toEqual(fromNumbers('float32', [-1, 1]));
      await session.close();
    });

    it('is an error where it may not', async () => {
      const refused = createSession(model, { fallback: false });
      await expect(refused).rejects.toMatchObject({ name: 'DenaryError', code: 'unsupported-operator' });
    });
  });
});
