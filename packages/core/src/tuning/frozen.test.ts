/** Frozen weights as constants: the same steps, of fewer inputs. */

import { readFile } from 'node:fs/promises';
import { createSession } from '@denary/runtime-node';
import { expect, it } from 'vitest';
import { decodeModel } from '../onnx/decode.js';
import type { Tensors } from '../tensor.js';
import { initializersOf, Trainer } from '../trainer.js';
import { withFrozen } from './frozen.js';

const file = async (name: string) =>
  new Uint8Array(await readFile(new URL(`../../../../models/cnn-pool4/${name}`, import.meta.url)));

async function steps(training: Uint8Array, weights: Tensors): Promise<number[]> {
  const trainer = await Trainer.create({ createSession, training, weights, threads: 1 });
  const images = Uint8Array.from({ length: 8 * 784 }, (_, i) => (i * 37) % 256);
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push(await trainer.step({ images, labels: [0, 1, 2, 3, 4, 5, 6, 7] }));
  await trainer.close();
  return losses;
}

it('steps as with weights that are handed in', async () => {
  const weights = initializersOf(decodeModel(await file('model.onnx'), 'the test'));
  const training = await file('training.head.onnx');
  const made = withFrozen(training, weights);
  const { graph } = decodeModel(made.training, 'the test');
  expect(made.frozen.length).toBeGreaterThan(0);
  for (const name of made.frozen) expect(graph.initializers.get(name)).toEqual(weights[name]);
  expect(graph.inputs.some(({ name }) => made.frozen.includes(name))).toBe(false);
  const [expected, received] = [await steps(training, weights), await steps(made.training, weights)];
  expected.forEach((loss, i) => expect(received[i]).toBeCloseTo(loss, 5));
  expect(received[2]).toBeLessThan(received[0]!);
});

it('leaves a graph that trains everything as it is, and weights of another model to the trainer', async () => {
  const weights = initializersOf(decodeModel(await file('model.onnx'), 'the test'));
  expect(withFrozen(await file('training.onnx'), weights).frozen).toEqual([]);
  const { frozen } = withFrozen(await file('training.head.onnx'), {});
  expect(frozen).toEqual([]);
});
