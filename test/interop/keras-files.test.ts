/** Models that Keras saves, read without Python: what Keras predicts is what the converted model gives, and onnx's checker passes it. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Tensor } from '@denary/core';
import { convertFile } from '@denary/train/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { python } from './exchange.js';
import { execute } from './execute.mjs';
import { distance, runOnnx } from './graph-models.js';
import { interpreter } from './venv.mjs';

const script = fileURLToPath(new URL('python/keras_models.py', import.meta.url));
const names = ['image', 'recurrent', 'several', 'words'];
const files = [
  ...names.flatMap((name) => ['.keras', '.h5', '-2.h5'].map((ending) => [name, name + ending] as const)),
  // Keras 2's hard sigmoid is another one: the same file in its form has other answers.
  ...['.keras', '.h5'].map((ending) => ['hard', `hard${ending}`] as const),
];

let folder: string;
let answers: Record<string, Record<'inputs' | 'outputs', Tensor[]>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keras-files-'));
  await execute(interpreter, [script, folder]);
  answers = JSON.parse(await readFile(join(folder, 'answers.json'), 'utf8'), (_, value) =>
    Array.isArray(value?.data) ? { dtype: 'float32', shape: value.shape, data: Float32Array.from(value.data) } : value,
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const named = (values: readonly { name: string }[], tensors: readonly Tensor[]) =>
  Object.fromEntries(values.map(({ name }, i) => [name, tensors[i]!]));

describe('models in files of Keras', () => {
  it.each(files)('%s, %s', async (name, file) => {
    const model = await convertFile(join(folder, file));
    const { inputs, outputs } = answers[name]!;
    const found = await runOnnx(model, named(model.graph.inputs, inputs));
    expect(distance(found, named(model.graph.outputs, outputs))).toBeLessThan(1e-5);
  });

  it('pass onnx', async () => {
    const models = await Promise.all(
      files.map(async ([, file]) => [file, encodeModel(await convertFile(join(folder, file)))] as const),
    );
    const items = models.map(([file, data]) => [file, { model: { dtype: 'uint8', shape: [data.length], data } }]);
    const checked = await python('check', Object.fromEntries(items));
    for (const [, file] of files) expect(() => checked.get(file)).not.toThrow();
  });

  it("has Keras 2's hard sigmoid for files of Keras 2", async () => {
    const { inputs, outputs } = answers.hard!;
    const model = await convertFile(join(folder, 'hard-2.h5'));
    const found = await runOnnx(model, named(model.graph.inputs, inputs));
    expect(distance(found, named(model.graph.outputs, outputs))).toBeGreaterThan(1e-3);
  });

  it('says what of a file is not covered, and which one command converts it', async () => {
    await expect(convertFile(join(folder, 'odd.keras'))).rejects.toMatchObject({
      code: 'unknown-layer',
      received: expect.stringMatching(/MultiHeadAttention.*GroupNormalization/),
      remedy: expect.stringContaining("export('model.onnx', format='onnx')"),
    });
    await expect(convertFile(join(folder, 'alone.weights.h5'))).rejects.toMatchObject({
      code: 'bad-model',
      remedy: expect.stringContaining("model.save('model.keras')"),
    });
  });
});
