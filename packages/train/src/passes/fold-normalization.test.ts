import { encodeModel, type Model, normal } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { drawn, exported, node } from '../../../../test/exported.js';
import { foldNormalization } from './fold-normalization.js';

const statistics = (channels: number) => ({
  gamma: drawn(3, [channels]),
  beta: drawn(4, [channels]),
  mean: drawn(5, [channels]),
  variance: { ...drawn(6, [channels]), data: drawn(6, [channels]).data.map((value) => 0.1 + value ** 2) },
});

const bn = (input: string, output: string) =>
  node('BatchNormalization', [input, 'gamma', 'beta', 'mean', 'variance'], output);

async function outputOf(model: Model, shape: readonly number[]): Promise<Float32Array> {
  const session = await createSession(encodeModel(model));
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => normal(9, 0, i));
  const { output } = await session.run({ input: { dtype: 'float32', shape, data } });
  await session.close();
  return output!.data as Float32Array;
}

const image = { name: 'input', dtype: 'float32', shape: ['n', 2, 6, 6] } as const;
const row = { name: 'input', dtype: 'float32', shape: ['n', 5] } as const;
const transposed = { transB: { type: 'int', value: 1 } } as const;
const models: [string, readonly number[], Model][] = [
  [
    'a Conv with a bias',
    [3, 2, 6, 6],
    exported({
      input: image,
      nodes: [node('Conv', ['input', 'w', 'b'], 'a'), bn('a', 'output')],
      weights: { w: drawn(1, [4, 2, 3, 3]), b: drawn(2, [4]), ...statistics(4) },
    }),
  ],
  [
    'a Conv without one',
    [3, 2, 6, 6],
    exported({
      input: image,
      nodes: [node('Conv', ['input', 'w'], 'a'), bn('a', 'c'), node('Relu', ['c'], 'output')],
      weights: { w: drawn(1, [4, 2, 3, 3]), ...statistics(4) },
    }),
  ],
  [
    'a Gemm',
    [3, 5],
    exported({
      input: row,
      nodes: [node('Gemm', ['input', 'w', 'b'], 'a'), bn('a', 'output')],
      weights: { w: drawn(1, [5, 4]), b: drawn(2, [4]), ...statistics(4) },
    }),
  ],
  [
    'a transposed Gemm',
    [3, 5],
    exported({
      input: row,
      nodes: [node('Gemm', ['input', 'w'], 'a', transposed), bn('a', 'output')],
      weights: { w: drawn(1, [4, 5]), ...statistics(4) },
    }),
  ],
];

describe('foldNormalization', () => {
  it.each(models)('folds it into %s', async (_, shape, model) => {
    const folded = { ...model, graph: foldNormalization(model.graph) };
    expect(folded.graph.nodes.map(({ op }) => op)).not.toContain('BatchNormalization');
    const [before, after] = [await outputOf(model, shape), await outputOf(folded, shape)];
    after.forEach((value, i) => expect(value).toBeCloseTo(before[i]!, 4));
  });

  it('leaves it where somebody else reads the layer, and where no layer is before it', async () => {
    const weights = { w: drawn(1, [4, 2, 3, 3]), ...statistics(4) };
    const nodes = [node('Conv', ['input', 'w'], 'a'), bn('a', 'c'), node('Add', ['a', 'c'], 'output')];
    const read = exported({ input: image, nodes, weights });
    expect(foldNormalization(read.graph).nodes).toEqual(read.graph.nodes);
    const behind = [node('Conv', ['input', 'w'], 'a'), node('Relu', ['a'], 'c'), bn('c', 'output')];
    const active = exported({ input: image, nodes: behind, weights });
    expect(foldNormalization(active.graph).nodes).toEqual(active.graph.nodes);
  });
});
