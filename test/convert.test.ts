/** `denary export --target tfjs` and `denary convert`: there, back, and into the model file's contract again. */

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { denary, objects, root } from './command.js';
import { largestDifference } from './tfjs/tfjs.js';

const folder = mkdtempSync(join(tmpdir(), 'denary-convert-'));

async function outputOf(file: string, input: string, value: Tensor): Promise<Tensor> {
  const session = await createSession(readFileSync(file));
  const [output] = Object.values(await session.run({ [input]: value }));
  await session.close();
  return output!;
}

const floats = ({ data }: Tensor) => data as Float32Array;

describe('denary convert', () => {
  it('makes ONNX of what denary export --target tfjs wrote, which predicts as before', async () => {
    const tfjs = join(folder, 'hrnn');
    const [exported] = objects(await denary('export', 'hrnn', '--target', 'tfjs', '--out', tfjs, '--json'));
    expect(exported.files).toContain(join(tfjs, 'model.json'));
    const plain = join(folder, 'plain.onnx');
    const [facts] = objects(await denary('convert', join(tfjs, 'model.json'), plain, '--json'));
    expect(facts).toMatchObject({ model: plain, inputs: ['image float32 [batch, 28, 28]'] });
    const wrapped = await denary('convert', tfjs, join(folder, 'wrapped'), '--wrap');
    expect(wrapped.out).toContain('in   image uint8 [batch, 28, 28]');
    expect(wrapped.out).toContain('out  probabilities float32 [batch, 10]');

    const data = Uint8Array.from({ length: 2 * 784 }, (_, i) => (i * 7919) % 256);
    const image = { dtype: 'uint8', shape: [2, 28, 28], data } as const;
    const expected = floats(await outputOf(join(root, 'models/hrnn/model.onnx'), 'image', image));
    const pixels = { dtype: 'float32', shape: [2, 28, 28], data: Float32Array.from(data) } as const;
    for (const found of [
      await outputOf(plain, 'image', pixels),
      await outputOf(join(folder, 'wrapped/model.onnx'), 'image', image),
    ]) {
      expect(largestDifference(floats(found), expected)).toBeLessThan(1e-5);
    }
  });

  it('says which layers it does not cover, all at once, and writes nothing', async () => {
    const layers = ['ConvLSTM2D', 'Lambda'].map((class_name) => ({
      class_name,
      config: { name: class_name.toLowerCase() },
    }));
    const modelTopology = { class_name: 'Sequential', config: { name: 'm', layers } };
    writeFileSync(
      join(folder, 'model.json'),
      JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest: [] }),
    );
    const { code, err } = await denary('convert', folder, join(folder, 'nothing.onnx'));
    expect(code).toBe(1);
    expect(err).toContain('ConvLSTM2D "convlstm2d", Lambda "lambda"');
    expect(() => readFileSync(join(folder, 'nothing.onnx'))).toThrow('ENOENT');
  });
});
