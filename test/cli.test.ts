/** The built command as a user types it: output, exit codes, Ctrl-C and resume. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { denary, finished, objects, type Ran, start } from './command.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-cli-'));
});

describe('denary', () => {
  it('lists the systems', async () => {
    const ran = await denary('list', '--json');
    expect(ran.code).toBe(0);
    expect(objects(ran).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['mlp', 'cnn', 'cnn-bn', 'cnn-pool4', 'dnn', 'cnn-5x5']),
    );
  });

  it('ends quietly where nobody reads its output any more', async () => {
    const child = start('train', '--help');
    child.stdout!.destroy();
    expect(await finished(child)).toMatchObject({ code: 0, err: '' });
  });

  it("prints Keras' table and counts", async () => {
    const { out } = await denary('summary', 'cnn-pool4');
    expect(out).toMatch(/conv2d_1 \(Conv2D\) +\(None, 24, 24, 64\) +18,496/);
    expect(out).toContain('Total params: 65,994');
    expect(objects(await denary('summary', 'mlp', '--json'))[0]).toMatchObject({ parameters: 55_050, nonTrainable: 0 });
  });

  it('says which data are here', async () => {
    const all = objects(await denary('data', '--json'));
    expect(all.map(({ name }) => name)).toEqual(['mnist', 'fashion-mnist', 'optdigits', 'pairs', 'strings']);
    expect(all[0]).toMatchObject({ name: 'mnist', available: true });
  });

  it('shows a data set in numbers and as a gallery', async () => {
    const args = ['data', 'optdigits', '--split', 'train', '--json'];
    const facts = { name: 'optdigits-train', split: 'train', count: 1347, height: 8, width: 8, classes: 10, slots: 1 };
    expect(objects(await denary(...args))).toEqual([facts]);
    const gallery = join(folder, 'new', 'optdigits.png');
    const [shown] = objects(await denary(...args, '--gallery', gallery, '--count', '7', '--seed', '1'));
    expect(shown).toMatchObject({ ...facts, gallery });
    expect(shown.indices).toHaveLength(7);
    expect((await readFile(gallery)).subarray(1, 4).toString()).toBe('PNG');
  });

  it.each([
    ['an unknown data set', ['data', 'cifar'], /expected one of the data sets mnist, fashion-mnist/],
    ['a gallery of nothing', ['data', '--gallery', 'all.png'], /expected the name of a data set/],
    ['a gallery that is no PNG', ['data', 'optdigits', '--gallery', 'all.jpg'], /a name that ends in \.png/],
  ])('refuses %s', async (_, args, message) => {
    const ran = await denary(...args);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(message);
  });

  it.each([
    ['an unknown command', ['frobnicate'], 2],
    ['an unknown option', ['list', '--frobnicate'], 2],
    ['a missing argument', ['predict'], 2],
    ['a bad number', ['train', 'mlp', '--epochs', 'many'], 2],
    ['an unknown system', ['summary', 'resnet'], 1],
    ['a missing file', ['predict', '/nowhere.png'], 1],
    ['nothing to resume', ['train', 'mlp', '--resume', '--out', '/nowhere'], 1],
  ])('exits with the right code for %s', async (_, args, code) => {
    const ran = await denary(...args);
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err.trim()).not.toBe('');
    expect(ran.err).not.toMatch(/^\s+at /m);
  });

  it('prints a stack trace where it is asked to', async () => {
    expect((await denary('summary', 'resnet', '--debug')).err).toMatch(/^\s+at /m);
  });

  it('offers help', async () => {
    const { code, out } = await denary('train', '--help');
    expect(code).toBe(0);
    for (const option of [
      '--epochs',
      '--batch-size',
      '--optimizer',
      '--learning-rate',
      '--seed',
      '--device',
      '--validation-split',
      '--out',
      '--resume',
      '--json',
    ]) {
      expect(out).toContain(option);
    }
  });

  it('predicts every file it can read, and fails for the one it cannot', async () => {
    const bad = join(folder, 'bad.png');
    await writeFile(bad, 'not a picture');
    const ran = await denary(
      'predict',
      path('examples/images/digit-4.png'),
      bad,
      path('examples/images/digit-9.png'),
      '--json',
    );
    expect(ran.code).toBe(1);
    expect(objects(ran).map(({ digit }) => digit)).toEqual([4, 9]);
    expect(Object.keys(objects(ran)[0])).toEqual(['file', 'digit', 'confidence', 'probabilities']);
    expect(ran.err).toContain(bad);
  });

  it('evaluates a shipped model', async () => {
    const [result] = objects(await denary('evaluate', 'mlp', '--json'));
    expect(Object.keys(result)).toEqual([
      'accuracy',
      'loss',
      'count',
      'seconds',
      'imagesPerSecond',
      'temperature',
      'calibrationError',
    ]);
    const manifest = JSON.parse(await readFile(path('models/mlp/manifest.json'), 'utf8'));
    expect(result).toMatchObject({ accuracy: manifest.metrics.test.accuracy, count: 10_000 });
  });

  it('writes every prediction as CSV', async () => {
    const csv = join(folder, 'mlp.csv');
    const [result] = objects(await denary('evaluate', 'mlp', '--json', '--csv', csv));
    const [header, ...lines] = (await readFile(csv, 'utf8')).trim().split('\n');
    expect(header).toBe('index,actual,predicted,confidence');
    expect(lines).toHaveLength(10_000);
    const right = lines.map((line) => line.split(',')).filter(([, actual, predicted]) => actual === predicted).length;
    expect(right / 10_000).toBe(result.accuracy);
  });

  it('tells of a text file named .onnx', async () => {
    const model = join(folder, 'text.onnx');
    await writeFile(model, 'this is a text');
    const ran = await denary('evaluate', model);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^denary: .*text\.onnx: expected the bytes of an ONNX model/);
  });
});

describe('denary train', () => {
  it('trains, exports, and says how well it went', async () => {
    const out = join(folder, 'mlp');
    const ran = await denary('train', 'mlp', '--epochs', '1', '--validation-split', '0.1', '--out', out, '--json');
    const events = objects(ran);
    expect(ran).toMatchObject({ code: 0 });
    expect(events.map(({ event }) => event)).toEqual(['start', 'epoch', 'done']);
    expect(events.at(-1)).toMatchObject({ model: out, parameters: 55_050 });
    expect(events.at(-1).testAccuracy).toBeGreaterThan(0.9);
    expect(await readdir(out)).toEqual(expect.arrayContaining(['manifest.json', 'model.onnx', 'training.onnx']));
    const page = await readFile(events.at(-1).report, 'utf8');
    expect(page).toContain('denary train mlp --epochs 1 --validation-split 0.1');
    expect(await readdir(join(out, 'pictures'))).toContain('loss-by-step.svg');

    const [measured] = objects(await denary('evaluate', out, '--report', join(out, 'again'), '--json'));
    expect(measured.accuracy).toBe(events.at(-1).testAccuracy);
    expect(measured.loss).toBeCloseTo(events.at(-1).testLoss, 6);
    expect(await readdir(join(out, 'again', 'pictures'))).toContain('confusion-matrix.svg');
  });

  it('stops cleanly on Ctrl-C and resumes to the same model', async () => {
    const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')];
    const args = ['train', 'mlp', '--epochs', '3', '--json', '--seed', '5', '--no-report', '--device', 'cpu'];
    await denary(...args, '--out', whole);

    const child = start(...args, '--out', cut);
    const ran = finished(child);
    child.stdout!.on('data', (data) => {
      if (String(data).includes('"epoch"')) child.kill('SIGINT');
    });
    const stopped = await ran;
    expect(stopped.code).toBe(1);
    expect(stopped.err).toMatch(/--resume/);
    expect(existsSync(join(cut, 'model.onnx'))).toBe(false);

    const resumed = await denary(...args, '--out', cut, '--resume');
    expect(resumed.code).toBe(0);
    expect(await readFile(join(cut, 'model.onnx'))).toEqual(await readFile(join(whole, 'model.onnx')));
  });
});

describe('denary train --engine tfjs', () => {
  const train = (...args: string[]) =>
    denary('train', 'mlp', '--dataset', 'optdigits', '--engine', 'tfjs', '--no-report', ...args);

  it('trains on the TensorFlow.js that is installed, says which, and exports the same files', async () => {
    const out = join(folder, 'tfjs');
    const { code, err } = await denary(
      'train',
      'relu-net',
      '--engine',
      'tfjs',
      '--no-report',
      '--epochs',
      '2',
      '--out',
      out,
    );
    expect(err).toMatch(/engine: JavaScript 4\.\d+\.\d+ \(TensorFlow\.js\) on cpu/);
    expect(code).toBe(0);
    expect((await readdir(out)).sort()).toEqual([
      'checkpoint.safetensors',
      'manifest.json',
      'model.onnx',
      'training.onnx',
    ]);
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    expect(manifest.training).toMatchObject({
      epochs: 2,
      device: 'cpu',
      engine: expect.stringMatching(/^JavaScript 4/),
    });
    expect(manifest.versions).toHaveProperty('@tensorflow/tfjs');
  });

  it('names the command that installs one for a device where there is none', async () => {
    const ran = await train('--device', 'cuda');
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('npm install @tensorflow/tfjs-node');
  });
});

describe('denary reproduce', () => {
  it('runs a small part of a system, and not again what is done', async () => {
    const out = join(folder, 'reproduced');
    const args = ['reproduce', 'mlp', '--quick', '--seeds', '1', '--out', out, '--json'];
    const [first, again] = [await denary(...args), await denary(...args)];
    expect([first.code, again.code]).toEqual([0, 0]);
    const events = (ran: Ran) => objects(ran).map(({ event, id }) => `${event} ${id}`);
    expect(events(first)).toEqual(['run mlp', 'row mlp']);
    expect(events(again)).toEqual(['row mlp']);
    const table = await readFile(join(out, 'reproduction.md'), 'utf8');
    expect(table).toMatch(/`mlp` \| 55,050 \| 0\.9748 \| 0\.\d{4} \|/);
    expect(table).toMatch(/`cnn` .*\| not run \|/);
  }, 60_000);

  it('names what there is', async () => {
    const { code, err } = await denary('reproduce', 'lenet');
    expect(code).toBe(1);
    expect(err).toMatch(/expected names among mlp, cnn, .*received "lenet"/);
  });
});
