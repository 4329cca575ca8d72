/** The gradient of the LSTM operator beside that of the same LSTM written as cells, which rules.test.ts checks in float64. */

import {
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  type Node,
  normal,
  sizeOf,
  type Tensors,
  toNumbers,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import type { Target } from '../../lowering/target.js';
import { appendForTraining, type TrainingContext } from '../../lowering/training-form.js';
import { maths } from '../../math.js';
import { differentiate } from '../differentiate.js';

const [BATCH, FEATURES, HIDDEN] = [3, 4, 5];
const OUTPUTS = ['sequence', 'hidden', 'cell'] as const;
type Output = (typeof OUTPUTS)[number];

const drawn = (shape: readonly number[], key: number) =>
  fromNumbers(
    'float32',
    Array.from({ length: sizeOf(shape) }, (_, i) => normal(3, key, i)),
    shape,
  );

/** The gradients of sum(r y), over the outputs y that are asked for. */
async function gradients(target: Target, steps: number, outputs: readonly Output[], bias: boolean): Promise<Tensors> {
  const graph = new GraphBuilder('lstm');
  const shapes: Record<string, number[]> = {
    x: [steps, BATCH, FEATURES],
    kernel: [1, 4 * HIDDEN, FEATURES],
    recurrent: [1, 4 * HIDDEN, HIDDEN],
    ...(bias ? { bias: [1, 8 * HIDDEN] } : {}),
  };
  const inputs = Object.entries(shapes).map(([name, shape]) => graph.input(name, 'float32', shape));
  const node: Node = {
    name: 'lstm',
    op: 'LSTM',
    domain: '',
    inputs: inputs.map(({ name }) => name),
    outputs: OUTPUTS.map((name) => (outputs.includes(name) ? name : '')),
    attributes: { hidden_size: { type: 'int', value: HIDDEN } },
  };
  const math = maths(graph);
  appendForTraining(node, { math, target } as TrainingContext);
  expect(graph.build().nodes.some(({ op }) => op === 'LSTM')).toBe(target === 'gpu');
  const parts = outputs.map((name, i) => {
    const y = graph.value(name);
    return math.sum(
      math.mul(y, graph.constant(drawn(y.shape as number[], i))),
      y.shape.map((_, axis) => axis),
      false,
    );
  });
  const loss = parts.reduce((sum, part) => math.add(sum, part));
  for (const [name, gradient] of differentiate(graph, loss, inputs)) graph.output(gradient, `d_${name}`);
  const session = await createSession(encodeModel(graph.model()), { threads: 1 });
  try {
    const feeds = Object.fromEntries(Object.entries(shapes).map(([name, shape], i) => [name, drawn(shape, 10 + i)]));
    // The recurrent half of the bias is zero in what denary trains.
    if (feeds.bias) feeds.bias.data.set(filled('float32', [4 * HIDDEN]).data, 4 * HIDDEN);
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

describe.each([1, 2, 3, 8, 9])('the gradient of an LSTM of %i steps', (steps) => {
  it.each<[string, readonly Output[], boolean]>([
    ['all its steps', ['sequence'], true],
    ['the last step', ['hidden'], true],
    ['the last cell', ['cell'], true],
    ['everything, without a bias', OUTPUTS, false],
  ])('by %s is that of its cells', async (_, outputs, bias) => {
    const [whole, cells] = [await gradients('gpu', steps, outputs, bias), await gradients('cpu', steps, outputs, bias)];
    expect(Object.keys(whole)).toEqual(expect.arrayContaining(['d_x', 'd_kernel', 'd_recurrent']));
    for (const [name, expected] of Object.entries(cells)) {
      expect(whole[name]!.shape).toEqual(expected.shape);
      const received = toNumbers(whole[name]!);
      toNumbers(expected).forEach((value, i) => expect(received[i], `${name} ${i}`).toBeCloseTo(value, 4));
    }
  });
});
