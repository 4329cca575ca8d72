/** What a setting may be, said in words and checked: single values, and objects whose fields are settings themselves. */

import { DenaryError } from '@denary/core';

/** A setting's value, as JSON has it. */
export type SettingValue =
  | number
  | boolean
  | string
  | readonly SettingValue[]
  | { readonly [key: string]: SettingValue };

type Fields = Readonly<Record<string, Kind>>;

/** A single value, or an object with these fields, each of which may be left out. */
export type Kind = Single | { readonly fields: Fields };
interface Single {
  readonly says: string;
  /** The value as it is kept; undefined for one of another kind. */
  read(value: SettingValue): SettingValue | undefined;
}

const isWhole = (value: SettingValue): boolean => Number.isInteger(value) && (value as number) >= 1;
const isPlain = (value: SettingValue): value is { readonly [key: string]: SettingValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const kind = (says: string, accepts: (value: SettingValue) => boolean): Kind => ({
  says,
  read: (value) => (accepts(value) ? value : undefined),
});

export const number = kind('a number', Number.isFinite);
export const positive = kind('a number above 0', (value) => Number.isFinite(value) && (value as number) > 0);
export const whole = kind('a whole number of at least 1', isWhole);
export const flag = kind('true or false', (value) => typeof value === 'boolean');
export const text = kind('a name', (value) => typeof value === 'string');
export const spec = kind('a name or an object', (value) => typeof value === 'string' || isPlain(value));
export const oneOf = (...names: readonly string[]): Kind =>
  kind(`one of ${names.join(', ')}`, (value) => names.includes(value as string));
/** Height and width, as layers want them; one number stands for both. */
export const pair: Kind = {
  says: 'a whole number of at least 1, or two as [height, width]',
  read: (value) =>
    isWhole(value)
      ? [value, value]
      : Array.isArray(value) && value.length === 2 && value.every(isWhole)
        ? value
        : undefined,
};

/**
 * `target` with the value at `path` in it changed. Throws `bad-argument` where a field on the way is none of its kind's, and
 * for a value of another kind; `who` is the setting.
 */
export function assign(
  target: unknown,
  path: readonly string[],
  value: SettingValue,
  kind: Kind,
  who: string,
): unknown {
  const [field, ...rest] = path;
  if (field === undefined) return readAs(kind, value, who);
  if (!('fields' in kind)) throw badSetting(who, `${kind.says}, which has no fields`, `"${field}"`);
  const inner = fieldOf(kind.fields, field, who);
  const before = target as Readonly<Record<string, unknown>> | undefined;
  return { ...before, [field]: assign(before?.[field], rest, value, inner, who) };
}

function readAs(kind: Kind, value: SettingValue, who: string): SettingValue {
  if (!('fields' in kind)) {
    const kept = kind.read(value);
    if (kept === undefined) throw badSetting(who, kind.says, JSON.stringify(value));
    return kept;
  }
  if (!isPlain(value)) throw badSetting(who, `an object with ${listed(kind.fields)}`, JSON.stringify(value));
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, part]) => [key, readAs(fieldOf(kind.fields, key, who), part, `${who}, ${key}`)]),
  );
}

function fieldOf(fields: Fields, name: string, who: string): Kind {
  if (Object.hasOwn(fields, name)) return fields[name]!;
  const expected = listed(fields) ? `a field among ${listed(fields)}` : 'nothing to be set';
  throw badSetting(who, expected, name ? `"${name}"` : 'no field');
}

const listed = (fields: Fields): string => Object.keys(fields).join(', ');

export const badSetting = (who: string, expected: string, received: string, remedy = 'Correct the setting.') =>
  new DenaryError({ code: 'bad-argument', who, expected, received, remedy });
