/** What a search tries: every combination of listed values, random draws from ranges, or both. */

import { hash32, stream, uniform } from '@denary/core';
import { badSetting, type SettingValue } from './kinds.js';
import type { SettingOverrides } from './with-settings.js';

/** The numbers from `low` to `high`, both included. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
  /** Evenly in the logarithm, for what spans orders of magnitude; default false. */
  readonly log?: boolean;
  /** Whole numbers alone; default false. */
  readonly whole?: boolean;
}

/** Values by key, as `withSettings` knows them. */
export type Grid = Readonly<Record<string, readonly SettingValue[]>>;
export type RandomSpace = Readonly<Record<string, NumberRange | readonly SettingValue[]>>;

export interface SearchSpace {
  readonly grid?: Grid;
  readonly random?: RandomSpace;
  /** Draws from `random`; default 10. */
  readonly trials?: number;
  /** Of the draws; default 0. */
  readonly seed?: number;
}

/**
 * The settings to try, each once: all combinations of the grid, the last key changing fastest; of a random space `trials`
 * draws, fewer where it has no more; of both, every draw with every combination. The same seed gives the same draws, and
 * those of a key do not depend on the other keys. Throws `bad-argument` where there is nothing to try, a key has no values or
 * comes twice, `trials` is not a whole number of at least 1, or a range is empty or, with `log`, not above 0.
 */
export function planSettings({ grid = {}, random = {}, trials = 10, seed = 0 }: SearchSpace): SettingOverrides[] {
  const keys = [...Object.keys(grid), ...Object.keys(random)];
  if (keys.length === 0) {
    const remedy = 'For example: the grid optimizer=SGD,Adam, or learningRate=1e-4..1e-1:log at random.';
    throw badSetting('search', 'something to choose between', 'neither a grid nor a random space', remedy);
  }
  const twice = Object.keys(grid).find((key) => Object.hasOwn(random, key));
  if (twice) throw badSetting('search', 'each key in the grid or in the random space', `"${twice}" in both`);
  if (!Number.isInteger(trials) || trials < 1) {
    throw badSetting('search', 'a whole number of trials, at least 1', `${trials}`, 'Give another number.');
  }
  for (const [key, values] of Object.entries({ ...grid, ...random })) requireChoice(key, values);
  const draws = Object.keys(random).length > 0 ? draw(random, trials, seed) : [{}];
  return distinct(combinations(grid).flatMap((base) => draws.map((drawn) => ({ ...base, ...drawn }))));
}

/** A name for settings, the same whatever the order of their keys. */
export const keyOf = (settings: SettingOverrides): string =>
  JSON.stringify(Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1)));

function combinations(grid: Grid): SettingOverrides[] {
  return Object.entries(grid).reduce<SettingOverrides[]>(
    (bases, [key, values]) => bases.flatMap((base) => values.map((value) => ({ ...base, [key]: value }))),
    [{}],
  );
}

/** In a small space draws come twice; a hundred times as many are made before it counts as exhausted. */
function draw(space: RandomSpace, trials: number, seed: number): SettingOverrides[] {
  const drawn = new Map<string, SettingOverrides>();
  for (let i = 0; i < 100 * trials && drawn.size < trials; i++) {
    const values = Object.entries(space).map(([key, choice]) => [
      key,
      pick(choice, uniform(seed, hash32(stream('search'), stream(key)), i)),
    ]);
    const settings: SettingOverrides = Object.fromEntries(values);
    drawn.set(keyOf(settings), settings);
  }
  return [...drawn.values()];
}

/** The choice's value at `u` of its way, in [0, 1). */
function pick(choice: NumberRange | readonly SettingValue[], u: number): SettingValue {
  if (isList(choice)) return choice[Math.floor(u * choice.length)]!;
  const { low, high, log = false, whole = false } = choice;
  // A whole number stands for everything up to the next one, so that both ends are as likely as the others.
  const end = whole ? high + 1 : high;
  const value = log ? low * (end / low) ** u : low + (end - low) * u;
  // Four digits are enough to choose by, and can be typed; and how an engine rounds powers no longer shows.
  const rounded = whole ? Math.floor(value) : Number(value.toPrecision(4));
  return Math.min(Math.max(rounded, low), high);
}

function requireChoice(key: string, choice: NumberRange | readonly SettingValue[]): void {
  const who = `search over "${key}"`;
  if (isList(choice)) {
    if (choice.length === 0) throw badSetting(who, 'at least one value', 'none', 'Give values to choose from.');
    return;
  }
  const { low, high, log = false, whole = false } = choice;
  const received = `${low}..${high}`;
  if (!(low < high && Number.isFinite(high - low))) throw badSetting(who, 'low < high', received, 'Correct the range.');
  if (log && low <= 0) throw badSetting(who, 'a range above 0 for a log scale', received, 'Start it above 0.');
  if (whole && !isWhole(choice)) throw badSetting(who, 'whole numbers as ends', received, 'Correct the range.');
}

const isList = (choice: NumberRange | readonly SettingValue[]): choice is readonly SettingValue[] =>
  Array.isArray(choice);
const isWhole = ({ low, high }: NumberRange): boolean => Number.isInteger(low) && Number.isInteger(high);
const distinct = (all: readonly SettingOverrides[]): SettingOverrides[] => [
  ...new Map(all.map((settings) => [keyOf(settings), settings])).values(),
];
