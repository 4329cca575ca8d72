/** onnxruntime-web's WASM, in Node, held to the session contract. WebGPU needs a browser: test/gpu has one. */

import { encodeModel, fromNumbers, GraphBuilder, toNumbers } from '@denary/core';
import { createSession } from '@denary/runtime-web';
import { expect, it } from 'vitest';
import { describeSessionContract } from './contract/session-contract.js';

describeSessionContract('runtime-web', createSession, { devices: ['wasm'], foreign: 'cpu' });

it('runtime-web takes threads in Node, those of the first session for all', async () => {
  const graph = new GraphBuilder('g');
  graph.output(graph.op('Relu', [graph.input('x', 'float32', [2])]), 'y');
  const sessions = await Promise.all([1, 2].map((threads) => createSession(encodeModel(graph.model()), { threads })));
  for (const session of sessions) {
    const { y } = await session.run({ x: fromNumbers('float32', [-1, 2]) });
    expect(toNumbers(y!)).toEqual([0, 2]);
    await session.close();
  }
});
