/**
 * A data set that is made from another one by a seeded recipe, and kept in the cache as two IDX files. Their name holds all
 * that the bytes depend on, FORMAT included; what the cache has lost or spoilt is simply made again.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import { datasetFromIdx, encodeIdx } from '../data/idx.js';
import { cacheDirectory, writeAtomically } from './cache.js';
import { type DatasetOptions, here, isThere, type Source, type Split, splits, type Variation } from './source.js';

/** To be raised whenever a recipe gives other bytes than before. */
const FORMAT = 1;

export interface Recipe {
  readonly name: string;
  readonly description: string;
  readonly classes: number;
  readonly takes: Source['takes'];
  /** The lengths that `make` takes by default, where it takes any. */
  readonly lengths?: Variation['lengths'];
  make(base: Dataset, variation: Variation): Dataset;
}

export function madeFrom(base: Source, recipe: Recipe): Source {
  const { name, description, classes, takes, make } = recipe;
  const variationOf = ({ seed = 0, count, lengths = recipe.lengths }: DatasetOptions) => ({ seed, count, lengths });
  const cacheOf = (options: DatasetOptions) => join(cacheDirectory(options.cache), name);
  const filesOf = (split: Split, options: DatasetOptions) => {
    const stem = join(cacheOf(options), `${split}-${textOf(variationOf(options))}-v${FORMAT}`);
    return { images: `${stem}-images-idx3-ubyte`, labels: `${stem}-labels-idx2-ubyte` };
  };

  return {
    description,
    takes,

    async load(split, options) {
      const files = filesOf(split, options);
      const named = { name: `${name}-${split}-${textOf(variationOf(options))}`, classes };
      const cached = await readCached(files, named);
      if (cached) return cached;
      const made = make(await base.load(split, options), variationOf(options));
      await keep(made, files);
      return { ...made, ...named };
    },

    async find(options) {
      const files = splits.flatMap((split) => Object.values(filesOf(split, options)));
      const there = await Promise.all(files.map(isThere));
      if (there.every(Boolean)) return here(cacheOf(options));
      const found = await base.find(options);
      return found.available ? { ...found, remedy: 'Nothing to do: it is made when it is first loaded.' } : found;
    },
  };
}

function textOf({ seed, count, lengths }: Variation): string {
  const parts = [`seed${seed}`];
  if (lengths) parts.push(`lengths${lengths.join('to')}`);
  if (count !== undefined) parts.push(`count${count}`);
  return parts.join('-');
}

interface Files {
  readonly images: string;
  readonly labels: string;
}

async function readCached(files: Files, named: { name: string; classes: number }): Promise<Dataset | undefined> {
  try {
    const [images, labels] = [await readFile(files.images), await readFile(files.labels)];
    return datasetFromIdx({ ...named, images, labels });
  } catch {
    return undefined;
  }
}

/** A cache that cannot be written (read-only, full) costs only the time of making it again. */
async function keep({ images, labels, count, height, width, slots }: Dataset, files: Files): Promise<void> {
  try {
    await writeAtomically(files.images, encodeIdx([count, height, width], images));
    await writeAtomically(files.labels, encodeIdx([count, slots], labels));
  } catch {
    // See above.
  }
}
