import { decodeModel, encodeModel, type Model, openModel, type Tensors, Trainer, trainingSpecOf } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { cnn, drawn, exported, node } from '../../../../test/exported.js';
import { buildTraining } from '../build-training.js';

const RATE = 0.1;
const objective = {
  loss: 'sparse_categorical_crossentropy',
  optimizer: { name: 'SGD', learningRate: RATE },
  batchSizes: [4],
  blocks: 3,
} as const;
const batch = {
  images: Uint8Array.from({ length: 4 * 64 }, (_, i) => (i * 31) % 256),
  labels: [3, 1, 4, 1],
};
/** Read by a Conv, a Gemm with its second matrix transposed, and a MatMul. */
const matrices = ['conv.weight', 'fc1.weight', 'fc2.kernel'];

async function trained(model: Model, trainable: 'all' | 'low-rank', rank = 1) {
  const { files, bytes } = buildTraining(encodeModel(model), { ...objective, trainable: [trainable], rank });
  const weights = Object.fromEntries(openModel(bytes).model.graph.initializers);
  const trainer = await Trainer.create({ createSession, training: files[0]!.bytes, weights, threads: 1 });
  return { trainer, weights, file: files[0]! };
}

const floats = (tensors: Tensors, name: string) => tensors[name]!.data as Float32Array;

describe('training by factors of a low rank', () => {
  it('begins at the model, and knows its weights by their names', async () => {
    const { trainer, weights, file } = await trained(cnn(), 'low-rank');
    const read = await trainer.weights(matrices);
    await trainer.close();
    for (const name of matrices) expect(read[name]).toEqual(weights[name]);
    expect([...file.weights].sort()).toEqual(trainer.trained.sort());
    expect(file.weights).toEqual(expect.arrayContaining([...matrices, 'fc1.bias', 'bn.scale']));
    expect(file.parameters).toBeLessThan((await trained(cnn(), 'all')).file.parameters / 2);
  });

  it('takes the step of the chain rule: W changes by -rate A A^T dW of the factor A that is not 0', async () => {
    const whole = await trained(cnn(), 'all');
    const loss = await whole.trainer.step(batch);
    const after = await whole.trainer.weights();
    await whole.trainer.close();
    const { trainer, weights } = await trained(cnn(), 'low-rank');
    const start = await trainer.state();
    expect(await trainer.step(batch)).toBeCloseTo(loss, 6);
    const merged = await trainer.weights();
    await trainer.close();

    const { lowRank } = trainer.spec;
    expect(lowRank!.map(({ weight }) => weight)).toEqual(matrices);
    for (const { weight, left, right } of lowRank!) {
      const rows = start[left]!.shape[0]!;
      const columns = floats(weights, weight).length / rows;
      const [a, b] = [floats(start, left), floats(start, right)];
      // Of rank 1 the projection onto the drawn factor is an outer product with itself.
      const gradient = (row: number, column: number) =>
        (floats(weights, weight)[row * columns + column]! - floats(after, weight)[row * columns + column]!) / RATE;
      const along = (count: number, term: (i: number) => number) =>
        Array.from({ length: count }, (_, i) => term(i)).reduce((sum, value) => sum + value, 0);
      const leftDrawn = a.some((value) => value !== 0);
      expect(b.some((value) => value !== 0)).toBe(!leftDrawn);
      const change = (row: number, column: number) =>
        leftDrawn
          ? a[row]! * along(rows, (i) => a[i]! * gradient(i, column))
          : b[column]! * along(columns, (i) => b[i]! * gradient(row, i));
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const at = row * columns + column;
          const expected = floats(weights, weight)[at]! - RATE * change(row, column);
          expect(floats(merged, weight)[at]).toBeCloseTo(expected, 5);
        }
      }
    }
    for (const name of ['fc1.bias', 'fc2.bias', 'bn.scale', 'bn.shift']) {
      expect(floats(merged, name)).toEqual(floats(after, name));
    }
  });

  it('learns, is pulled back, and begins anew', async () => {
    const { trainer, weights } = await trained(cnn(), 'low-rank');
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) losses.push(await trainer.step(batch));
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    const far = await trainer.weights();
    await trainer.pull(0.5);
    const half = await trainer.weights();
    for (const name of [...matrices, 'fc2.bias']) {
      const [start, end, now] = [floats(weights, name), floats(far, name), floats(half, name)];
      now.forEach((value, i) => {
        expect(value).toBeCloseTo((start[i]! + end[i]!) / 2, 5);
      });
    }
    await trainer.restart(weights);
    expect(await trainer.step(batch)).toBe(losses[0]);
    await trainer.close();
  });

  it('trains whole what a factor would not make smaller, what is shared, and what no product reads as it is', () => {
    const model = exported({
      input: { name: 'input', dtype: 'float32', shape: ['n', 8, 8] },
      nodes: [
        node('Flatten', ['input'], 'flat'),
        node('MatMul', ['flat', 'first'], 'a'),
        node('MatMul', ['a', 'tied'], 'b'),
        node('MatMul', ['b', 'tied'], 'c'),
        node('Transpose', ['turned'], 'kernel'),
        node('MatMul', ['c', 'kernel'], 'd'),
        node('MatMul', ['d', 'small'], 'output'),
      ],
      weights: {
        first: drawn(1, [64, 16]),
        tied: drawn(2, [16, 16]),
        turned: drawn(3, [16, 16]),
        small: drawn(4, [16, 10]),
      },
    });
    const { files } = buildTraining(encodeModel(model), { ...objective, trainable: ['low-rank'], blocks: 9, rank: 7 });
    const { lowRank, state } = trainingSpecOf(decodeModel(files[0]!.bytes));
    expect(lowRank).toEqual([{ weight: 'first', left: 'first/left', right: 'first/right' }]);
    const whole = state.filter(({ kind, output }) => kind === 'weight' && output).map(({ input }) => input);
    expect(whole).toEqual(['tied', 'turned', 'small']);
  });
});
