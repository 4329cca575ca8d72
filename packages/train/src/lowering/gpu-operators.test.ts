/** What WebGPU lacks, in other operators: the numbers are those of the operators themselves, on the CPU, which has them all. */

import {
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  normal,
  sizeOf,
  type Tensor,
  toNumbers,
  type Value,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { maths } from '../math.js';
import { inGpuOperators } from './gpu-operators.js';

type Build = (graph: GraphBuilder, x: Value) => readonly Value[];

const LACKING = ['ArgMax', 'LogSoftmax', 'Or', 'PRelu', 'ReduceLogSumExp', 'Selu', 'Sign', 'Softplus', 'Sum'];

const drawn = (shape: readonly number[]): Tensor =>
  fromNumbers(
    'float32',
    Array.from({ length: sizeOf(shape) }, (_, i) => normal(2, 1, i)),
    shape,
  );

async function run(graph: GraphBuilder, rewritten: boolean, x: Tensor) {
  const model = graph.model();
  const graphs = rewritten ? inGpuOperators(model.graph, model.opset) : model.graph;
  const session = await createSession(encodeModel({ ...model, graph: graphs }), { threads: 1 });
  try {
    return { nodes: graphs.nodes, outputs: session.outputs, results: await session.run({ x }) };
  } finally {
    await session.close();
  }
}

async function expectSame(build: Build, x: Tensor): Promise<void> {
  const graph = new GraphBuilder('case');
  build(graph, graph.input('x', 'float32', x.shape)).forEach((y, i) => graph.output(y, `y${i}`));
  const [before, after] = [await run(graph, false, x), await run(graph, true, x)];
  for (const { op, outputs, inputs } of after.nodes) {
    expect(LACKING).not.toContain(op);
    if (op === 'Split') expect(outputs.length + inputs.length).toBeLessThanOrEqual(9);
  }
  expect(after.outputs).toEqual(before.outputs);
  for (const [name, expected] of Object.entries(before.results)) {
    const received = toNumbers(after.results[name]!);
    toNumbers(expected).forEach((value, i) => expect(received[i], `${name} ${i}`).toBeCloseTo(value, 5));
  }
}

const onInt32 = (graph: GraphBuilder, x: Value, attributes: { axis: number; keepdims?: number }) => [
  maths(graph).cast(graph.op('ArgMax', [x], attributes), 'int32'),
];

describe('in the operators of a GPU', () => {
  it.each<[string, Build]>([
    ['PRelu', (graph, x) => [graph.op('PRelu', [x, graph.constant(fromNumbers('float32', [0.1, -1, 2]))])]],
    ['Selu', (graph, x) => [graph.op('Selu', [x]), graph.op('Selu', [x], { alpha: 0.5, gamma: 2 })]],
    ['Softplus', (graph, x) => [graph.op('Softplus', [x])]],
  ])('%s is the same', async (_, build) => {
    const values = toNumbers(drawn([40, 3])).map((value) => 4 * value);
    await expectSame(build, fromNumbers('float32', values, [40, 3]));
  });

  it.each<[string, Build]>([
    ['ArgMax along the last axis', (graph, x) => onInt32(graph, x, { axis: -1, keepdims: 0 })],
    ['ArgMax along another', (graph, x) => onInt32(graph, x, { axis: 1 })],
    ['LogSoftmax', (graph, x) => [graph.op('LogSoftmax', [x]), graph.op('LogSoftmax', [x], { axis: 1 })]],
    [
      'Or',
      (graph, x) => {
        const { less, greater, cast } = maths(graph);
        return [cast(graph.op('Or', [less(x, -0.5), greater(x, 0.5)]), 'float32')];
      },
    ],
    ['logsumexp over all', (graph, x) => [graph.op('ReduceLogSumExp', [x], { keepdims: 0 })]],
    [
      'logsumexp over two axes',
      (graph, x) => [maths(graph).logSumExp(x, [0, -1]), maths(graph).logSumExp(x, [1, 2], false)],
    ],
    ['Sign', (graph, x) => [graph.op('Sign', [graph.op('Relu', [x])]), graph.op('Sign', [x])]],
    ['Sum', (graph, x) => [graph.op('Sum', [x, graph.op('Neg', [x]), graph.op('Exp', [x])]), graph.op('Sum', [x])]],
  ])('%s is the same', (_, build) => expectSame(build, drawn([3, 4, 5])));

  it('ArgMax takes the first of equals', () =>
    expectSame(
      (graph, x) => onInt32(graph, x, { axis: 1, keepdims: 0 }),
      fromNumbers('float32', [0, 7, 7, 3, 3, 3], [2, 3]),
    ));

  it('a step that would overflow is steep, and the same', async () => {
    const step: Build = (graph, x) => [
      graph.op('HardSigmoid', [x], { alpha: 3e38, beta: 0 }),
      graph.op('HardSigmoid', [x]),
    ];
    await expectSame(step, fromNumbers('float32', [-5, -1e-6, 0, 1e-6, 0.3, 7]));
    const graph = new GraphBuilder('case');
    step(graph, graph.input('x', 'float32', [1])).forEach((y, i) => graph.output(y, `y${i}`));
    const { nodes } = await run(graph, true, filled('float32', [1]));
    for (const { attributes } of nodes) expect(attributes.alpha!.value).toBeLessThanOrEqual(1e30);
  });

  it('logsumexp of numbers whose exponentials are none is right', () =>
    expectSame(
      (graph, x) => [maths(graph).logSumExp(x, [1])],
      fromNumbers('float32', [900, 899, 1, -900, -901, -902], [2, 3]),
    ));

  it.each([7, 8, 28, 60])('a split in %i parts is one', async (count) => {
    const lengths = Array.from({ length: count }, (_, i) => 1 + (i % 3));
    const x = drawn([2, lengths.reduce((sum, length) => sum + length)]);
    await expectSame((graph, value) => maths(graph).split(value, 1, lengths), x);
  });

  it('a split in equal parts is one, too', () =>
    expectSame(
      (graph, x) => graph.ops('Split', [x], {}, { outputs: Array.from({ length: 9 }, (_, i) => `part${i}`) }),
      drawn([18, 2]),
    ));

  it('keeps the rest as it is, and gives no name twice', async () => {
    const graph = new GraphBuilder('case');
    const { add, sum, sign } = maths(graph);
    const x = graph.input('x', 'float32', [4]);
    let y = x;
    for (let i = 0; i < 5; i++) y = add(graph.op('Sum', [y, sign(y), x]), sum(y, [0]));
    graph.output(y, 'y0');
    const { nodes } = await run(graph, true, filled('float32', [4], 1));
    const names = nodes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
