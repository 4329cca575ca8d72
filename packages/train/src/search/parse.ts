/** Settings as they are typed: `optimizer=SGD,Adam`, `learningRate=1e-4..1e-1:log`, `dense.units=64,128`. */

import { messageOf } from '@denary/core';
import { badSetting, type SettingValue } from './kinds.js';
import type { Grid, NumberRange, RandomSpace } from './space.js';
import type { SettingOverrides } from './with-settings.js';

/** A number, true or false, JSON where it begins like an object, a list or a quoted text, else the text itself. */
export function parseValue(text: string): SettingValue {
  const trimmed = text.trim();
  if (trimmed === 'true' || trimmed === 'false') return trimmed === 'true';
  const number = Number(trimmed);
  if (trimmed !== '' && Number.isFinite(number)) return number;
  if (!/^[[{"]/.test(trimmed)) return trimmed;
  try {
    return JSON.parse(trimmed);
  } catch (error) {
    throw badSetting(
      `value ${trimmed}`,
      'JSON',
      messageOf(error),
      'Mind the quotes: the shell takes unprotected ones away.',
    );
  }
}

/** Single values by key: `key=value`. Throws `bad-argument` for another form and a key that comes twice. */
export function parseSettings(texts: readonly string[]): SettingOverrides {
  return parseEntries(texts, parseValue, 'dense.units=128');
}

/** Lists of values by key: `key=value,value`. Throws `bad-argument` for another form and a key that comes twice. */
export function parseGrid(texts: readonly string[]): Grid {
  return parseEntries(texts, parseList, 'optimizer=SGD,Adam');
}

/** Ranges by key, `key=low..high` or `key=low..high:log`, or lists of values. Throws as `parseGrid` does. */
export function parseRandom(texts: readonly string[]): RandomSpace {
  return parseEntries(texts, (text) => parseRange(text) ?? parseList(text), 'learningRate=1e-4..1e-1:log');
}

function parseEntries<T>(texts: readonly string[], parse: (text: string) => T, example: string): Record<string, T> {
  const entries = new Map<string, T>();
  for (const text of texts) {
    const [, key, value] = /^\s*([^=\s]+)\s*=(.*\S.*)$/s.exec(text) ?? [];
    if (!key || !value)
      throw badSetting(`"${text}"`, 'a key and its values', 'another form', `For example: ${example}`);
    if (entries.has(key))
      throw badSetting(`"${text}"`, 'each key once', `"${key}" again`, 'Join its values by commas.');
    entries.set(key, parse(value));
  }
  return Object.fromEntries(entries);
}

/** Values between commas; those inside brackets, braces and quotes separate nothing. */
function parseList(text: string): SettingValue[] {
  const values = [''];
  let depth = 0;
  let quoted = false;
  for (const [i, character] of [...text].entries()) {
    if (character === '"' && text[i - 1] !== '\\') quoted = !quoted;
    if (!quoted && '[{'.includes(character)) depth++;
    if (!quoted && ']}'.includes(character)) depth--;
    if (character === ',' && depth === 0 && !quoted) values.push('');
    else values[values.length - 1] += character;
  }
  if (values.some((value) => value.trim() === '')) {
    throw badSetting(`"${text}"`, 'values between the commas', 'nothing', 'Take the comma away, or put a value there.');
  }
  return values.map(parseValue);
}

/** Whole numbers where both ends are written as such: `1..8`, but not `1.0..8.0`. */
function parseRange(text: string): NumberRange | undefined {
  const [, first, last, scale] = /^\s*(\S+?)\.\.(\S+?)(?::(log|linear))?\s*$/.exec(text) ?? [];
  if (first === undefined || last === undefined) return undefined;
  const [low, high] = [Number(first), Number(last)];
  if (Number.isNaN(low) || Number.isNaN(high)) {
    throw badSetting(`"${text}"`, 'numbers around the ..', `${first} and ${last}`, 'For example: 1e-4..1e-1:log');
  }
  const whole = [first, last].every((end) => /^-?\d+$/.test(end));
  return { low, high, whole, ...(scale === 'log' && { log: true }) };
}
