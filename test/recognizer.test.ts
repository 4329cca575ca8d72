/** The recognizer as a Node service embeds it: files, bytes and raw pixels in, predictions out, errors told. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeModel, type Image, type Recognizer } from '@denary/core';
import { createRecognizer, type ImageSource, modelNames } from '@denary/runtime-node';
import { buildModel, type Dataset, findArchitecture } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const drawing = (digit: number) => fileURLToPath(new URL(`../examples/images/digit-${digit}.png`, import.meta.url));
let recognizer: Recognizer<ImageSource>;
let test: Dataset;
let folder: string;

beforeAll(async () => {
  [recognizer, test, folder] = await Promise.all([
    createRecognizer({ model: 'cnn' }),
    loadDataset('mnist', 'test'),
    mkdtemp(join(tmpdir(), 'denary-')),
  ]);
});
afterAll(() => recognizer.close());

const image = (index: number): Image => ({
  data: test.images.subarray(index * 784, (index + 1) * 784),
  width: 28,
  height: 28,
  channels: 1,
});
const accuracyOf = (digits: readonly (number | null)[]) =>
  digits.filter((digit, i) => digit === test.labels[i]).length / digits.length;

describe('predict', () => {
  it('reads drawings of all ten digits', async () => {
    const predictions = await recognizer.predict(Array.from({ length: 10 }, (_, digit) => drawing(digit)));
    expect(predictions.map(({ digit }) => digit)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('gives the same for a path, a URL and bytes', async () => {
    const path = drawing(7);
    const [fromPath, fromUrl, fromBytes] = [
      await recognizer.predict(path),
      await recognizer.predict(new URL(`file://${path}`)),
      await recognizer.predict(await readFile(path)),
    ];
    expect(fromUrl).toEqual(fromPath);
    expect(fromBytes).toEqual(fromPath);
    expect(fromPath.confidence).toBe(fromPath.probabilities[7]);
    expect(fromPath.probabilities.reduce((sum, p) => sum + p)).toBeCloseTo(1, 5);
  });

  it('gives one for one, and as many as it is given in their order', async () => {
    const images = Array.from({ length: 300 }, (_, i) => image(i));
    const together = await recognizer.predict(images);
    expect(together).toHaveLength(300);
    expect(together[137]!.digit).toBe((await recognizer.predict(images[137]!)).digit);
  });

  it('reads test digits as well when they are normalised anew as when they are taken as they are', async () => {
    const plain = await createRecognizer({ model: 'cnn', preprocess: 'none' });
    const images = Array.from({ length: 2000 }, (_, i) => image(i));
    const [normalised, asIs] = [await recognizer.predict(images), await plain.predict(images)];
    await plain.close();
    expect(accuracyOf(asIs.map(({ digit }) => digit))).toBeGreaterThan(0.98);
    expect(accuracyOf(normalised.map(({ digit }) => digit))).toBeGreaterThan(0.98);
  });

  it('says null of an empty image', async () => {
    const blank: Image = { data: new Uint8Array(100 * 80).fill(255), width: 100, height: 80, channels: 1 };
    expect(await recognizer.predict(blank)).toEqual({ digit: null, confidence: 0, probabilities: Array(10).fill(0) });
  });

  it('answers calls that are made at the same time, each with its own', async () => {
    const answers = await Promise.all([0, 1, 2, 3, 4].map((i) => recognizer.predict(image(i))));
    expect(answers.map(({ digit }) => digit)).toEqual([7, 2, 1, 0, 4]);
  });
});

describe('errors', () => {
  it.each([
    ['a missing file', () => recognizer.predict('/nowhere/at/all.png'), 'not-found'],
    ['an empty batch', () => recognizer.predict([]), 'bad-argument'],
    ['bytes that are no image', () => recognizer.predict(new Uint8Array([1, 2, 3])), 'bad-image'],
    ['pixels that are missing', () => recognizer.predict({ ...image(0), width: 29 }), 'bad-image'],
    ['a missing model', () => createRecognizer({ model: 'resnet' }), 'not-found'],
    ['a text as a model', () => createRecognizer({ model: Buffer.from('hello, world') }), 'bad-model'],
    ['an impossible batch size', () => createRecognizer({ model: 'mlp', batchSize: 0 }), 'bad-argument'],
    // Which no machine has in Node.
    [
      'a device that is not here',
      () => createRecognizer({ model: 'mlp', device: 'wasm' as 'cpu' }),
      'device-unavailable',
    ],
  ])('tells of %s', async (_, act, code) => {
    await expect(act()).rejects.toMatchObject({ name: 'DenaryError', code, remedy: expect.stringMatching(/.{10}/) });
  });

  it('tells of a truncated PNG, and predicts on', async () => {
    const whole = await readFile(drawing(3));
    const path = join(folder, 'cut.png');
    await writeFile(path, whole.subarray(0, whole.length >> 1));
    await expect(recognizer.predict([drawing(1), path])).rejects.toMatchObject({ code: 'bad-image', who: path });
    expect((await recognizer.predict(drawing(3))).digit).toBe(3);
  });

  it('tells of images in the wrong size where nothing is normalised', async () => {
    const plain = await createRecognizer({ model: 'mlp', preprocess: 'none' });
    await expect(plain.predict(drawing(3))).rejects.toMatchObject({ code: 'bad-image' });
    await plain.close();
  });

  it('tells of weights that are not numbers', async () => {
    const { model } = buildModel(findArchitecture('mlp'));
    (model.graph.initializers.get('dense/bias')!.data as Float32Array)[0] = Number.POSITIVE_INFINITY;
    await expect(createRecognizer({ model: encodeModel(model) })).rejects.toMatchObject({ code: 'not-finite' });
  });

  it('tells of a model whose input has another name', async () => {
    const { model } = buildModel(findArchitecture('mlp'));
    const { graph } = model;
    const rename = (name: string) => (name === 'image' ? 'pixels' : name);
    const inputs = graph.inputs.map((value) => ({ ...value, name: rename(value.name) }));
    const nodes = graph.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) }));
    const bytes = encodeModel({ ...model, graph: { ...graph, inputs, nodes } });
    await expect(createRecognizer({ model: bytes })).rejects.toMatchObject({ code: 'bad-model' });
  });

  it('tells of a model file that is not the one of its manifest', async () => {
    const names = await modelNames();
    expect(names).toEqual(expect.arrayContaining(['mlp', 'cnn']));
    const model = encodeModel(buildModel(findArchitecture('mlp')).model);
    await writeFile(join(folder, 'model.onnx'), model);
    const shipped = new URL('../models/mlp/manifest.json', import.meta.url);
    await writeFile(join(folder, 'manifest.json'), await readFile(shipped));
    await expect(createRecognizer({ model: folder })).rejects.toThrow(/sha256/);
  });

  it('tells of a recognizer that was closed', async () => {
    const brief = await createRecognizer({ model: 'mlp' });
    await brief.close();
    await brief.close();
    await expect(brief.predict(image(0))).rejects.toMatchObject({ code: 'closed' });
  });
});
