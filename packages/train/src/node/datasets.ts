/** Data sets by name (sources.ts), and which of them are here. */

import { DenaryError } from '@denary/core';
import type { Dataset } from '../data/dataset.js';
import type { Availability, DatasetOptions, Source, Split, Variation } from './source.js';
import { splits } from './source.js';
import { type DatasetName, sources } from './sources.js';

export type { DatasetOptions } from './source.js';

export interface DatasetStatus extends Availability {
  readonly name: DatasetName;
  readonly description: string;
  /** The options, besides where to look, that loadDataset takes for it. */
  readonly takes: readonly (keyof Variation)[];
}

/**
 * Loads one part of a data set. Throws `not-found` for an unknown name and where a file is nowhere, `bad-argument` for
 * another split than train and test and for options that the data set does not take, and `bad-data` for a file that is not
 * the published one.
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
  if (!splits.includes(split)) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'loadDataset',
      expected: 'the split "train" or "test"',
      received: `"${split}"`,
      remedy: 'For validation, split the training part with validationSplit.',
    });
  }
  const source: Source = sources[name];
  requireTaken(name, source, options);
  return source.load(split, options);
}

function requireTaken(name: string, { takes }: Source, options: DatasetOptions): void {
  for (const option of ['seed', 'count', 'lengths'] as const) {
    if (options[option] === undefined || takes.includes(option)) continue;
    throw new DenaryError({
      code: 'bad-argument',
      who: `data set ${name}`,
      expected: takes.length ? `no other option than ${takes.join(', ')}` : 'no seed, count or lengths',
      received: `${option} ${options[option]}`,
      remedy: `Leave ${option} out: these samples are given, not made. For a part of them, take a subset.`,
    });
  }
}

/** What is known of each data set: whether it is there, and where or how to get it. Reads no file's content. */
export async function datasetStatus(options: DatasetOptions = {}): Promise<DatasetStatus[]> {
  return Promise.all(
    (Object.keys(sources) as DatasetName[]).map(async (name) => {
      const { description, takes, find }: Source = sources[name];
      return { name, description, ...(await find(options)), takes };
    }),
  );
}
