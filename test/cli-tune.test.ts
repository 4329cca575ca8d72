/** denary build-training and denary tune as a user types them: files from elsewhere, images in folders and lists, Ctrl-C. */
import { copyFile, mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel, encodeModel, lineageIn, parseManifest, trainingSpecOf } from '@denary/core';
import { createRecognizer, readModel } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { beforeAll, describe, expect, it } from 'vitest';
import { denary, finished, objects, root, start } from './command.js';
import { beyondGather, cnn, exported, node } from './exported.js';

let folder: string;
let foreign: string;

const own = (...names: string[]) => join(folder, ...names);
const manifestOf = async (model: string) => parseManifest(await readFile(join(model, 'manifest.json'), 'utf8'));
const drawing = (digit: number) => join(root, 'examples/images', `digit-${digit}.png`);

/** Test digits in a mirror, as lines of pixels and a label: something to learn. */
async function mirrored(count: number): Promise<string> {
  const { images, labels } = await loadDataset('mnist', 'test');
  const lines = Array.from({ length: count }, (_, i) => {
    const pixels = images.subarray(i * 784, (i + 1) * 784);
    const turned = pixels.map((_, at) => pixels[at - (at % 28) + 27 - (at % 28)]!);
    return [...turned, labels[i]].join();
  });
  return lines.join('\n');
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-tune-'));
  foreign = own('foreign.onnx');
  await writeFile(foreign, encodeModel(cnn('LogSoftmax')));
  for (const digit of [1, 4, 7]) {
    await mkdir(own('hand', `${digit}`), { recursive: true });
    for (const name of ['a.png', 'b.png']) await copyFile(drawing(digit), own('hand', `${digit}`, name));
  }
  await mkdir(own('lone'));
  await copyFile(join(root, 'models/mlp/model.onnx'), own('lone', 'model.onnx'));
  await writeFile(own('mirrored.csv'), await mirrored(120));
});

describe('denary build-training', () => {
  it('wraps a foreign classifier, and makes its folder', async () => {
    const out = own('wrapped');
    const ran = await denary(
      'build-training',
      foreign,
      '--mean',
      '0.1',
      '--std',
      '0.5',
      '--scale',
      '1/255',
      '--out',
      out,
    );
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/wrapped: nchw, \(image \/ 255 - 0\.1\) \/ 0\.5, gives log-probabilities/);
    const manifest = await manifestOf(out);
    expect(manifest).toMatchObject({
      name: 'foreign',
      preprocessing: 'none',
      source: { producer: 'a test', opset: 17 },
    });
    expect(manifest.input.shape).toEqual(['batch', 8, 8]);
    expect(Object.keys(manifest.files)).toEqual([
      'model.onnx',
      'training.onnx',
      'training.last-blocks.onnx',
      'training.head.onnx',
    ]);
    const recognizer = await createRecognizer({ model: out, isolation: 'none' });
    const data = Uint8Array.from({ length: 64 }, (_, i) => 4 * i);
    expect((await recognizer.predict({ data, width: 8, height: 8 })).probabilities).toHaveLength(10);
    await recognizer.close();
  });

  it('makes several files, as it is told', async () => {
    const args = ['--trainable', 'head,all', '--batch-size', '8,16', '--optimizer', 'Adam', '--learning-rate', '0.01'];
    const ran = await denary('build-training', 'mlp', ...args, '--target', 'gpu', '--json', '--out', own('several'));
    const [{ files }] = objects(ran) as [{ files: { name: string; trainable: string; parameters: number }[] }];
    expect(files.map(({ name, trainable, parameters }) => [name, trainable, parameters])).toEqual([
      ['training.head.onnx', 'head', 650],
      ['training.head.b16.onnx', 'head', 650],
      ['training.onnx', 'all', 55_050],
      ['training.b16.onnx', 'all', 55_050],
    ]);
    const spec = trainingSpecOf(decodeModel(await readFile(own('several', 'training.b16.onnx'))));
    expect(spec).toMatchObject({
      batchSize: 16,
      optimizer: 'Adam',
      learningRate: 0.01,
      loss: 'categorical_crossentropy',
    });
    expect((await readModel(own('several'))).manifest).toMatchObject({ name: 'mlp', parameters: 55_050 });
  });

  it('makes what it can, says why not the rest, and tune takes that', async () => {
    await writeFile(own('stuck.onnx'), encodeModel(beyondGather(28)));
    const args = ['build-training', own('stuck.onnx'), '--trainable', 'all,head', '--out', own('stuck')];
    const told = await denary(...args);
    expect(told).toMatchObject({ code: 0, err: '' });
    expect(told.out).toMatch(/Not made:\n {2}all: .*"\/b\/Gather"/);
    const [{ files, skipped }] = objects(await denary(...args, '--json')) as [Record<string, { trainable: string }[]>];
    expect(files!.map(({ trainable }) => trainable)).toEqual(['head', 'head']);
    expect(skipped).toEqual([{ trainable: 'all', why: expect.stringMatching(/Gather/) }]);

    const tune = ['tune', own('stuck'), '--data', own('mirrored.csv'), '--steps', '1', '--json'];
    const [begun] = objects(await denary(...tune, '--out', own('unstuck')));
    expect(begun).toMatchObject({ event: 'start', strategy: 'head' });
    const refused = await denary(...tune, '--strategy', 'full', '--out', own('unstuck'));
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/those of head.*build-training MODEL\.onnx --trainable all/);
  });

  it('says all that it cannot do at once, and writes nothing', async () => {
    const odd = exported({ nodes: [node('STFT', ['input'], 'a'), node('Einsum', ['a'], 'output')], weights: {} });
    await writeFile(own('odd.onnx'), encodeModel(odd));
    const ran = await denary('build-training', own('odd.onnx'), '--out', own('odd'));
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/\/a\/STFT.*\/output\/Einsum/);
    expect(await readdir(folder)).not.toContain('odd');
  });

  it.each([
    ['a choice that is none', ['--trainable', 'tail'], 2],
    ['a size that is none', ['--size', '28'], 2],
    ['a scale of nothing', ['--scale', '0'], 2],
    ['momentum of Adam', ['--optimizer', 'Adam', '--momentum', '0.9'], 1],
    ['weights that are not there', ['--weights', 'nothing.*'], 1],
    ['another layout', ['--layout', 'hw'], 1],
  ])('refuses %s', async (_, args, code) => {
    expect(await denary('build-training', foreign, ...args, '--out', own('refused'))).toMatchObject({ code, out: '' });
    expect(await readdir(folder)).not.toContain('refused');
  });
});

describe('denary tune', () => {
  const tuned = () => own('tuned');

  it('learns from pixels, tells what came of it, and writes a model of the same kind', async () => {
    const args = [
      '--data',
      own('mirrored.csv'),
      '--holdout',
      '0.3',
      '--no-replay',
      '--strategy',
      'full',
      '--steps',
      '60',
    ];
    const ran = await denary('tune', own('several'), ...args, '--out', tuned(), '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    const [begun, ...rest] = objects(ran);
    const done = rest.pop();
    expect(begun).toMatchObject({ event: 'start', name: 'mlp', strategy: 'full', unusable: 0 });
    expect(begun.corrections + begun.heldOut).toBe(120);
    expect(rest.every(({ event }) => event === 'progress')).toBe(true);
    expect(done).toMatchObject({ event: 'done', outcome: 'finished', model: tuned() });
    const [held, corrections] = done.accuracies;
    expect([held.of, corrections.of]).toEqual(['held out', 'corrections']);
    expect(corrections.after).toBeGreaterThan(corrections.before);

    const manifest = await manifestOf(tuned());
    expect(manifest.metrics).toEqual({
      validation: expect.objectContaining({ accuracy: held.after, count: begun.heldOut }),
    });
    expect(manifest.lineage).toMatchObject({ samples: begun.corrections, strategy: 'full', runs: 1 });
    const { bytes } = await readModel(tuned());
    expect(lineageIn(decodeModel(bytes))).toEqual(manifest.lineage);
    expect((await readdir(tuned())).sort()).toEqual((await readdir(own('several'))).sort());
    expect(await denary('evaluate', tuned(), '--json')).toMatchObject({ code: 0 });
  });

  it('learns from folders, leaving out what is no image, and does it again from what it made', async () => {
    await writeFile(own('hand', '7', 'c.png'), 'no image');
    const ran = await denary('tune', tuned(), '--data', own('hand'), '--steps', '2', '--out', own('again'));
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/left out: .*c\.png/);
    expect(ran.out).toMatch(/1 images could not be used/);
    expect(ran.out).toMatch(/accuracy on +images +before +after/);
    const { lineage } = await manifestOf(own('again'));
    expect(lineage!.origin).toBe((await manifestOf(tuned())).lineage!.parent);
  });

  it('keeps what was learned at Ctrl-C', async () => {
    const args = ['--data', own('mirrored.csv'), '--no-replay', '--seconds', '60', '--strategy', 'full', '--json'];
    const child = start('tune', 'mlp', ...args, '--out', own('stopped'));
    let said = '';
    child.stdout!.on('data', (text) => {
      const before = said;
      said += text;
      // Once: a second one would end it at once.
      if (said.includes('"step":2,') && !before.includes('"step":2,')) child.kill('SIGINT');
    });
    const ran = await finished(child);
    expect(ran.code).toBe(0);
    expect(objects(ran).at(-1)).toMatchObject({ event: 'done', outcome: 'reached' });
    expect((await readModel(own('stopped'))).manifest?.lineage?.steps).toBeGreaterThanOrEqual(2);
  });

  it.each([
    ["the model's own folder", ['lone', '--data', 'hand', '--out', 'lone'], /another folder than the model's own/],
    ['data that are not there', ['lone', '--data', 'nowhere'], /no file or folder/],
    ['labels that it does not know', ['lone', '--data', '.'], /expected a label of 0 to 9/],
    ['a model without a training graph', ['lone/model.onnx', '--data', 'hand'], /denary build-training/],
  ])('refuses %s', async (_, [model, data, images, ...rest], message) => {
    const out = rest.length > 0 ? own(rest[1]!) : own('never');
    const ran = await denary('tune', own(model!), data!, own(images!), '--out', out);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(message);
    expect(await readdir(folder)).not.toContain('never');
  });

  it('explains the strategies', async () => {
    const { out } = await denary('tune', '--help');
    expect(out).toMatch(/--strategy auto, the default, goes by the number of corrections/);
    expect(out).toMatch(/head +head +\d+/);
    expect(out).toMatch(/of fewer than 5 digits, however many: few\n +without a core set: head\n.* alone: full/);
  });
});
