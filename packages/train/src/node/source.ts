/** What every data set's row in sources.ts can do, whichever way it comes by its samples. */

import { access } from 'node:fs/promises';
import type { Dataset } from '../data/dataset.js';

export type Split = 'train' | 'test';
export const splits: readonly Split[] = ['train', 'test'];

/** How the data sets that are made here can be varied. */
export interface Variation {
  /** Of every choice made on the way; default 0. */
  readonly seed?: number | undefined;
  /** How many samples; default as many as the digits allow. */
  readonly count?: number | undefined;
  /** The digits of the shortest and of the longest string, within 1 to 5; default [3, 5]. */
  readonly lengths?: readonly [shortest: number, longest: number] | undefined;
}

export interface DatasetOptions extends Variation {
  /** The cache folder; see cacheDirectory for what it is by default. */
  readonly cache?: string | undefined;
  /** Modules (paths or file URLs) from which npm packages are resolved: by default this one, and the working directory. */
  readonly resolveFrom?: readonly string[] | undefined;
}

export interface Availability {
  /** Whether all files are there; their digests are checked on loading. */
  readonly available: boolean;
  /** The folder that they are in, or where to put them. */
  readonly where: string;
  /** The names of the files that are not there. */
  readonly missing: readonly string[];
  /** How to get what is missing, as a sentence. */
  readonly remedy: string;
}

export interface Source {
  readonly description: string;
  /** The options that it can be varied by. */
  readonly takes: readonly (keyof Variation)[];
  /** Throws `not-found` where files are missing, `bad-data` for wrong ones. */
  load(split: Split, options: DatasetOptions): Promise<Dataset>;
  /** Reads no file's content. */
  find(options: DatasetOptions): Promise<Availability>;
}

export const here = (where: string): Availability => ({
  available: true,
  where,
  missing: [],
  remedy: 'Nothing to do.',
});

export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
