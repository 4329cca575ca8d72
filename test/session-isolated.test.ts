/** Sessions in worker threads and child processes, held to the same contract as those on the calling thread. */

import { encodeModel, fromNumbers, GraphBuilder } from '@denary/core';
import { isolatedSessions } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { describeSessionContract } from './contract/session-contract.js';

const options = { devices: ['cpu'], foreign: 'wasm' } as const;
describeSessionContract('runtime-node in a thread', isolatedSessions('thread'), options);
describeSessionContract('runtime-node in a process', isolatedSessions('process'), options);

describe.each(['thread', 'process'] as const)('feeds of a session in a %s', (isolation) => {
  it('are copied, or taken along where they are given away', async () => {
    const graph = new GraphBuilder('doubling');
    graph.output(graph.op('Mul', [graph.input('x', 'float32', [2]), 2]), 'y');
    const session = await isolatedSessions(isolation)(encodeModel(graph.model()), { threads: 1 });
    const x = fromNumbers('float32', [1, 2]);
    for (const give of [false, true]) {
      const { y } = await session.run({ x }, { give });
      expect(y).toEqual(fromNumbers('float32', [2, 4]));
      // Between processes everything is copied.
      expect(x.data.length).toBe(give && isolation === 'thread' ? 0 : 2);
    }
    await session.close();
  });
});
