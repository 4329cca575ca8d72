/** Models in eight bits, as a user makes and uses them: `denary quantize`, `--variant int8`, createRecognizer. */
import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseManifest } from '@denary/core';
import { createRecognizer, createTuner } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { denary, objects, root } from './command.js';
import { Serving, said } from './serving.js';

let folder: string;
const own = (...names: string[]) => join(folder, ...names);
const drawing = (digit: number) => join(root, 'examples/images', `digit-${digit}.png`);
const manifestOf = async (model: string) => parseManifest(await readFile(join(model, 'manifest.json'), 'utf8'));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-quantize-'));
});

describe('denary quantize', () => {
  it('makes the variant of a model, and tells how good, large and fast both are', async () => {
    const ran = await denary('quantize', 'mlp', '--samples', '200', '--out', own('mlp'), '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    const [{ files, ...facts }] = objects(ran);
    expect(facts).toEqual({ model: own('mlp'), data: 'mnist-test', layers: 3, kept: [] });
    const [before, after] = [files['model.onnx'], files['model.int8.onnx']];
    expect(after.bytes).toBeLessThan(0.4 * before.bytes);
    expect(after.accuracy).toBeGreaterThan(before.accuracy - 0.003);
    const { variants, files: described } = await manifestOf(own('mlp'));
    expect(variants?.int8).toMatchObject({
      of: described['model.onnx']!.sha256,
      how: expect.stringContaining('200 images of mnist-train'),
      metrics: { test: { accuracy: after.accuracy, count: 10_000 } },
    });
  });

  it('takes a bare file, and tells in words', async () => {
    await mkdir(own('bare'));
    await copyFile(join(root, 'models/cnn-pool4/model.onnx'), own('bare', 'digits.onnx'));
    const ran = await denary('quantize', own('bare', 'digits.onnx'), '--samples', '64', '--out', own('digits'));
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/4 layers in eight bits\n.*size.*accuracy on mnist-test.*loss.*images\/s/);
    expect(ran.out).toMatch(/model\.int8\.onnx +1\d\d\.\d kB +9[89]\.\d\d%/);
    expect((await manifestOf(own('digits'))).name).toBe('digits');
  });

  it('says why not', async () => {
    const again = await denary('quantize', join(root, 'models/mlp/model.int8.onnx'), '--out', own('again'));
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toMatch(/expected a Conv, Gemm or MatMul with weights in initializers, received none/);
    const other = await denary('quantize', 'mlp', '--dataset', 'pairs', '--out', own('again'));
    expect(other).toMatchObject({ code: 1, err: expect.stringContaining('expected images of 28x28') });
  });
});

describe('a variant', () => {
  it('reads the drawings in every command', async () => {
    const files = Array.from({ length: 10 }, (_, digit) => drawing(digit));
    const predicted = objects(await denary('predict', ...files, '--variant', 'int8', '--json'));
    expect(predicted.map(({ digit }) => digit)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const read = await denary('read', drawing(7), '--variant', 'int8');
    expect(read.out).toMatch(/^7 /);
    const [evaluated] = objects(await denary('evaluate', 'cnn', '--variant', 'int8', '--json'));
    const { variants } = await manifestOf(join(root, 'models/cnn'));
    expect(evaluated.accuracy).toBeCloseTo(variants!.int8!.metrics.test!.accuracy, 3);
  });

  it('is served, and named among the models', async () => {
    const serving = await Serving.start('--variant', 'int8', '--workers', '1');
    try {
      const { models } = await said(fetch(`${serving.url}/v1/models`));
      const { variants, files } = await manifestOf(join(root, 'models/cnn'));
      expect(models).toMatchObject([
        {
          name: 'cnn',
          variant: 'int8',
          sha256: files['model.int8.onnx']!.sha256,
          accuracy: variants!.int8!.metrics.test!.accuracy,
        },
      ]);
      const answer = serving.predict(new Uint8Array(await readFile(drawing(4))), 'image/png');
      expect((await said(answer)).predictions).toMatchObject([{ digit: 4 }]);
    } finally {
      await serving.stop();
    }
  });

  it('may take the place of the model that it was made from, and give it back', async () => {
    const { images, labels } = await loadDataset('mnist', 'test');
    const some = Array.from({ length: 200 }, (_, i) => ({
      data: images.subarray(i * 784, (i + 1) * 784),
      width: 28,
      height: 28,
      channels: 1 as const,
    }));
    await using recognizer = await createRecognizer({ model: 'cnn-pool4', isolation: 'none', preprocess: 'none' });
    const whole = await recognizer.predict(some);
    await recognizer.swap(await readFile(join(root, 'models/cnn-pool4/model.int8.onnx')));
    const eight = await recognizer.predict(some);
    expect(eight.filter(({ digit }, i) => digit === labels[i]).length).toBeGreaterThanOrEqual(196);
    const apart = eight.map(({ confidence }, i) => Math.abs(confidence - whole[i]!.confidence));
    expect(Math.max(...apart)).toBeGreaterThan(0);
    expect(apart.filter((difference) => difference > 0.05).length).toBeLessThan(6);
  });

  it('is not taken where the model beside it was trained anew', async () => {
    await mkdir(own('stale'));
    for (const file of ['model.onnx', 'model.int8.onnx']) {
      await copyFile(join(root, 'models/mlp', file), own('stale', file));
    }
    const manifest = await manifestOf(join(root, 'models/mlp'));
    manifest.variants!.int8!.of = 'another one';
    await writeFile(own('stale', 'manifest.json'), JSON.stringify(manifest));
    const stale = createRecognizer({ model: own('stale'), variant: 'int8' });
    await expect(stale).rejects.toMatchObject({
      code: 'bad-model',
      expected: expect.stringContaining('a variant of the model.onnx beside it'),
      remedy: expect.stringContaining('denary quantize'),
    });
  });

  it('is refused by name where there is none', async () => {
    await expect(createRecognizer({ model: 'hrnn', variant: 'int8' })).rejects.toMatchObject({
      code: 'not-found',
      remedy: expect.stringContaining('denary quantize hrnn'),
    });
    const bytes = await readFile(join(root, 'models/mlp/model.int8.onnx'));
    await expect(createRecognizer({ model: bytes, variant: 'int8' })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('is not tuned: the model is, and then made into eight bits', async () => {
    const tuner = await createTuner({ model: join(root, 'models/mlp/model.int8.onnx'), isolation: 'none' });
    await tuner.add(drawing(3), 3);
    const steps = tuner.run({ steps: 2 })[Symbol.asyncIterator]();
    await expect(steps.next()).rejects.toMatchObject({
      code: 'bad-model',
      message: expect.stringContaining('Give the model that the training graph was made from.'),
    });
    await tuner.close();
  });
});
