/** `denary export --target triton`: a model repository whose files belong together, with the model as it was. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSession } from '@denary/runtime-node';
import { expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'denary-export-'));
const denary = async (...args: string[]) =>
  (await promisify(execFile)(process.execPath, [path('packages/cli/bin/denary.js'), ...args])).stdout;

it.each(['mlp', 'string'])('writes what Triton needs to serve %s', async (model) => {
  const told = JSON.parse(await denary('export', model, '--target', 'triton', '--out', out, '--json'));
  const files = ['config.pbtxt', 'labels.txt', '1/model.onnx', 'manifest.json'].map((name) => join(out, model, name));
  expect(told).toEqual({ name: model, files });
  const [config, labels, bytes, manifest] = files.map((file) => readFileSync(file));
  expect(bytes!.equals(readFileSync(path(`models/${model}/model.onnx`)))).toBe(true);
  expect(JSON.parse(String(manifest))).toMatchObject({ name: model });

  // What the configuration says of inputs and outputs is what ONNX Runtime says of the file.
  const session = await createSession(bytes!);
  const said = [...String(config).matchAll(/name: "(\w+)", data_type: TYPE_(\w+), dims: \[ ([\d, ]+) \]/g)];
  const values = [...session.inputs, ...session.outputs];
  await session.close();
  const dtypes: Record<string, string> = { UINT8: 'uint8', FP32: 'float32' };
  expect(said.map(([, name, type, dims]) => [name, dtypes[type!], dims!.split(', ').map(Number)])).toEqual(
    values.map(({ name, dtype, shape }) => [name, dtype, shape.slice(1)]),
  );
  const elements = session.outputs[0]!.shape.slice(1).reduce<number>((product, size) => product * Number(size), 1);
  expect(String(labels).trimEnd().split('\n')).toHaveLength(elements);
});

it('wants a target', async () => {
  await expect(denary('export', 'mlp')).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('--target') });
});
