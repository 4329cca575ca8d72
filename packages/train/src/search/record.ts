/** A search as it is kept between runs: what was asked for, and what was found so far. */

import { DenaryError, messageOf } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { requireSameSettings } from '../checkpoint.js';
import type { Dataset } from '../data/dataset.js';
import type { SearchSpace } from './space.js';
import type { SearchMetric, TrialResult } from './trial.js';
import type { SettingOverrides } from './with-settings.js';

export interface SearchRecord {
  readonly version: 1;
  /** What must be equal for the search to go on; compared as JSON. */
  readonly search: Readonly<Record<string, unknown>>;
  readonly metric: SearchMetric;
  readonly finished: boolean;
  /** The settings that won, once there is one. */
  readonly best?: SettingOverrides;
  /** Best first. */
  readonly trials: readonly TrialResult[];
}

interface Asked extends SearchSpace {
  readonly architecture: Architecture;
  readonly train: Dataset;
  readonly folds: number;
  readonly seed: number;
}

/** What makes a search the same one: anything else would give other numbers, or other settings to try. */
export function searchIdentity({
  architecture,
  train,
  folds,
  seed,
  grid = {},
  random = {},
  trials,
}: Asked): SearchRecord['search'] {
  const { name, layers, training } = architecture;
  const data = { train: train.name, samples: train.count };
  const drawn = Object.keys(random).length > 0 ? { random, trials } : {};
  const plan = { grid, ...drawn, folds, seed };
  return JSON.parse(JSON.stringify({ architecture: name, ...data, ...plan, ...training, layers }));
}

/** Two spaces deep, to be read by people, too. */
export const encodeSearch = (record: SearchRecord): string => `${JSON.stringify(record, undefined, 2)}\n`;

/** Throws `bad-data` for a text that is no search. */
export function decodeSearch(text: string, who = 'decodeSearch'): SearchRecord {
  const fail = (received: string) =>
    new DenaryError({
      code: 'bad-data',
      who,
      expected: 'a search of denary',
      received,
      remedy: 'Search again without --resume.',
    });
  let record: Partial<SearchRecord> | null;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw fail(messageOf(error));
  }
  const complete = record?.version === 1 && typeof record.search === 'object' && Array.isArray(record.trials);
  if (complete && record?.trials?.every(isTrial)) return record as SearchRecord;
  throw fail(record?.version === undefined ? 'other JSON' : `version ${record.version}, or damaged results`);
}

/** The results to go on from. Throws `bad-argument`, naming what differs, where another search was asked for then. */
export function resumeSearch({ search, trials }: SearchRecord, asked: SearchRecord['search']): readonly TrialResult[] {
  requireSameSettings(search, asked);
  return trials;
}

function isTrial(trial: Partial<TrialResult> | null): boolean {
  const { settings, folds, finished, seconds } = trial ?? {};
  const numbers = folds?.every?.((fold) => [fold.fold, fold.accuracy, fold.loss, fold.seconds].every(Number.isFinite));
  return typeof settings === 'object' && numbers === true && typeof finished === 'boolean' && Number.isFinite(seconds);
}
