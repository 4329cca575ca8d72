/**
 * Graph models that TensorFlow makes in Python, frozen and optimized as its converter does, as ONNX: they give what TensorFlow.js
 * itself predicts, and onnx's checker passes them.
 */

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel } from '@denary/core';
import { tfjsFolder } from '@denary/train/node';
import { convertTfjsFiles } from '@denary/train/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answers, python } from './exchange.js';
import { execute } from './execute.mjs';
import { distance } from './graph-models.js';
import { interpreter } from './venv.mjs';

const script = fileURLToPath(new URL('python/graph_models.py', import.meta.url));
const names = [
  ...['mobilenet-v1', 'mobilenet-v3', 'unet', 'branches', 'cnn', 'embedding'].flatMap((name) => [
    name,
    `${name}-unfused`,
  ]),
  ...['lstm', 'lstm-stack', 'gru', 'simple-rnn'].flatMap((name) => [name, `${name}-functions`]),
  'operators',
];

let folder: string;
let checked: Answers<unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graph-models-'));
  await execute(interpreter, [script, folder]);
  const models = await Promise.all(
    names.map(
      async (name) => [name, encodeModel(await convertTfjsFiles(await tfjsFolder(join(folder, name))))] as const,
    ),
  );
  checked = await python(
    'check',
    Object.fromEntries(
      models.map(([name, bytes]) => [name, { model: { dtype: 'uint8', shape: [bytes.length], data: bytes } }]),
    ),
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it('are all of them here', async () => {
  expect((await readdir(folder)).sort()).toEqual([...names].sort());
});

describe('graph models of TensorFlow', () => {
  it.each(names)('%s', async (name) => {
    checked.get(name);
    expect(await distance(join(folder, name))).toBeLessThan(1e-5);
  });
});
