/** What a training is asked to do: a system's own settings with those of the caller, complete and checked. */

import { DenaryError, resolveAugmentOptions } from '@denary/core';
import type { Architecture, TrainingSettings } from './architectures/architecture.js';
import type { Dataset } from './data/dataset.js';
import { monitors } from './history.js';
import { losses } from './objective/losses.js';
import { optimizers } from './objective/optimizers.js';

/** All settings of a training, as a manifest records them. */
export interface ResolvedSettings extends TrainingSettings {
  /** Of weights, order, dropout, augmentation and the validation split. */
  readonly seed: number;
}

/** Throws `bad-argument` for a setting that is unknown or outside its range. */
export function resolveSettings(
  { training: { data, ...own } }: Pick<Architecture, 'training'>,
  asked: Partial<ResolvedSettings>,
): ResolvedSettings {
  const { batchSize, minibatches, epochs, steps } = asked;
  // One way of counting replaces the other.
  const base = {
    ...own,
    ...(batchSize !== undefined && { minibatches: undefined }),
    ...(minibatches !== undefined && { batchSize: undefined }),
    ...(epochs !== undefined && { steps: undefined }),
  };
  if (batchSize !== undefined && minibatches !== undefined) throw either('batchSize', 'minibatches');
  if (epochs !== undefined && steps !== undefined) throw either('epochs', 'steps');
  const settings = withoutUndefined({ seed: 0, ...base, ...withoutUndefined(asked) });
  requireKnown('loss', settings.loss, losses);
  requireKnown('optimizer', settings.optimizer.name, optimizers);
  requireWhole('seed', settings.seed, 0);
  for (const name of ['batchSize', 'minibatches', 'epochs', 'steps'] as const) requireWhole(name, settings[name], 1);
  const { validationSplit: split, earlyStopping } = settings;
  if (split !== undefined && !(split > 0 && split < 1)) throw bad('validationSplit between 0 and 1', `${split}`);
  if (earlyStopping?.monitor && !monitors.includes(earlyStopping.monitor))
    throw bad(`earlyStopping.monitor as one of ${monitors.join(', ')}`, `"${earlyStopping.monitor}"`);
  requireWhole('earlyStopping.patience', earlyStopping?.patience, 1);
  const { schedule } = settings;
  if (schedule?.name === 'inverse-time' && !(schedule.decay >= 0))
    throw bad('schedule.decay as a number of at least 0', `${schedule.decay}`);
  if (settings.augment) resolveAugmentOptions(settings.augment);
  return settings;
}

/** The settings that must be the same for a checkpoint to be taken up again; more epochs may be asked for. */
export function identityOf(
  { name, layers }: Architecture,
  settings: ResolvedSettings,
  { train, validation }: { readonly train: Dataset; readonly validation?: Dataset | undefined },
): Readonly<Record<string, unknown>> {
  const { epochs, steps, earlyStopping, schedule, ...rest } = settings;
  // A schedule stretches over the whole training: with more of it, the steps so far would have been others.
  const planned = schedule ? { schedule, epochs, steps } : {};
  const data = { train: train.name, samples: train.count, validation: validation?.count ?? 0 };
  return JSON.parse(JSON.stringify({ architecture: name, layers, ...rest, ...planned, ...data }));
}

const withoutUndefined = <T extends object>(object: T): T =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;

function requireKnown(what: string, name: string, table: object): void {
  if (Object.hasOwn(table, name)) return;
  throw bad(`${what} as one of ${Object.keys(table).join(', ')}`, `"${name}"`);
}

function requireWhole(name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value < 2 ** 32)) return;
  throw bad(`${name} as a whole number of at least ${least}`, `${value}`);
}

const either = (a: string, b: string) => bad(`${a} or ${b}`, 'both');

const bad = (expected: string, received: string) =>
  new DenaryError({
    code: 'bad-argument',
    who: 'fit',
    expected,
    received,
    remedy: "Leave it out for the system's own setting.",
  });
