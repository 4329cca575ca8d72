/**
 * Graph models that TensorFlow makes in Python, frozen and optimized as its converter does, as ONNX: they give what TensorFlow and
 * TensorFlow.js themselves predict, and onnx's checker passes them.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Model, type Tensors } from '@denary/core';
import { tfjsFolder } from '@denary/train/node';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, python } from './exchange.js';
import { execute } from './execute.mjs';
import { distance, loadTfjs, runOnnx, runTfjs } from './graph-models.js';
import { interpreter } from './venv.mjs';

const script = fileURLToPath(new URL('python/graph_models.py', import.meta.url));
const images = ['mobilenet-v1', 'mobilenet-v3', 'unet', 'branches', 'cnn', 'embedding'];
const recurrent = ['lstm', 'lstm-stack', 'gru', 'simple-rnn'];
const names = [
  ...images.flatMap((name) => [name, `${name}-unfused`]),
  ...recurrent.flatMap((name) => [name, `${name}-functions`]),
  'operators',
];
/**
 * TensorFlow.js 4.22 does not run the loops of TensorFlow 2.21 as the converter lowers them ("Cannot compute the outputs"), and
 * disposes of lists too early that are stacked: those are compared with TensorFlow alone.
 */
const notInTfjs = new Set([...recurrent, 'lstm-stack-functions', 'simple-rnn-functions']);
const LIMIT = 1e-5;

let folder: string;
const models = new Map<string, Model>();
let checked: Answers<unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graph-models-'));
  await execute(interpreter, [script, folder]);
  for (const name of names) models.set(name, await convertTfjsFiles(await tfjsFolder(join(folder, name))));
  const files = [...models].map(([name, model]) => {
    const data = encodeModel(model);
    return [name, { model: { dtype: 'uint8', shape: [data.length], data } }];
  });
  checked = await python('check', Object.fromEntries(files));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** What TensorFlow gave, and what it was given. */
async function answersOf(name: string): Promise<Record<'inputs' | 'outputs', Tensors>> {
  const text = await readFile(join(folder, name, 'answers.json'), 'utf8');
  return JSON.parse(text, (_key, value) => {
    const isTensor = Array.isArray(value?.shape) && Array.isArray(value?.data);
    return isTensor ? { dtype: 'float32', shape: value.shape, data: Float32Array.from(value.data) } : value;
  });
}

it('has a test for each', async () => {
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
});

describe('graph models of TensorFlow', () => {
  it.each(names)('%s', async (name) => {
    expect(() => checked.get(name)).not.toThrow();
    const model = models.get(name)!;
    const { inputs, outputs } = await answersOf(name);
    expect(model.graph.inputs.map((input) => input.name)).toEqual(Object.keys(inputs));
    const found = await runOnnx(model, inputs);
    expect(distance(found, outputs)).toBeLessThan(LIMIT);
    if (notInTfjs.has(name)) return;
    const theirs = await runTfjs(await loadTfjs(await tfjsFolder(join(folder, name))), inputs, Object.keys(outputs));
    expect(distance(found, theirs)).toBeLessThan(LIMIT);
  });

  it.each([
    ['mobilenet-v1', 1],
    ['unet', 2],
  ])('%s is turned where images come in or go out, nowhere else', (name, count) => {
    const turned = models.get(name)!.graph.nodes.filter(({ op }) => op === 'Transpose');
    expect(turned.length).toBe(count);
  });
});
