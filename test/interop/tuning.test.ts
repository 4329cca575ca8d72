/** A tuned model in other hands: onnx's checker, and ONNX Runtime in Python. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, type Tensor } from '@denary/core';
import { createSession, createTuner, modelsFolder } from '@denary/runtime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { testBatches } from './denary.js';
import { type Answers, python } from './exchange.js';
import { largestDifference } from './measures.js';

interface Checked {
  readonly domains: readonly string[];
  readonly outputs: readonly Tensor[];
}

const names = ['mlp', 'cnn', 'cnn-pool4', 'hrnn'];
const predictions = new Map<string, readonly [before: Tensor, after: Tensor]>();
const originals = new Map<string, Uint8Array>();
const tuned = new Map<string, Uint8Array>();
let checked: Answers<Checked>;

async function predict(model: Uint8Array, image: Tensor): Promise<Tensor> {
  const session = await createSession(model);
  const { probabilities } = await session.run({ image });
  await session.close();
  return probabilities!;
}

beforeAll(async () => {
  const items: Record<string, object> = {};
  const image = (await testBatches(1, 'mnist'))[0]!.images;
  for (const name of names) {
    const original = await readFile(join(modelsFolder(), name, 'model.onnx'));
    const tuner = await createTuner({ model: name, isolation: 'none', preprocess: 'none' });
    const [, height, width] = image.shape as [number, number, number];
    for (let i = 0; i < 10; i++) {
      const data = image.data.slice(i * height * width, (i + 1) * height * width) as Uint8Array;
      // Some are called something else than they are, so that there is something to learn.
      await tuner.add({ data, width, height }, (i + 1) % 10);
    }
    for await (const _ of tuner.run({ steps: 2, until: ({ step }) => step === 2 }));
    const model = await tuner.export();
    await tuner.close();
    originals.set(name, original);
    tuned.set(name, model);
    predictions.set(name, [await predict(original, image), await predict(model, image)]);
    items[name] = { model, feeds: { image } };
  }
  checked = await python('check', items);
});

describe.each(names)('%s, tuned', (name) => {
  it("passes onnx's checker, and keeps everything but weights and lineage", () => {
    expect(checked.get(name).domains).toEqual(['']);
    const [before, after] = [originals.get(name)!, tuned.get(name)!].map((bytes) => decodeModel(bytes));
    expect(after!.graph.nodes).toEqual(before!.graph.nodes);
    expect(after!.metadata).toMatchObject(before!.metadata);
    expect(Object.keys(after!.metadata)).toContain('denary.lineage');
  });

  it("predicts the same in Python's ONNX Runtime", () => {
    const [before, after] = predictions.get(name)!;
    expect(largestDifference(after, checked.get(name).outputs[0]!)).toBeLessThan(1e-5);
    expect(largestDifference(before, after)).toBeGreaterThan(1e-4);
  });
});
