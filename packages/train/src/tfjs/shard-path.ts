/** Shard paths come from model.json, which may come from anywhere: only files inside the model's own folder are read. */

import { problem } from '@denary/core';

/** C0 controls and DEL, by their codes: no file name that a converter writes has one. */
const hasControls = (text: string): boolean => [...text].some((sign) => sign < ' ' || sign === '\u007f');

/** Why a path is not a plain relative one inside the folder; undefined where it is. */
function fault(path: unknown): string | undefined {
  if (typeof path !== 'string' || path === '') return 'no path';
  if (hasControls(path)) return 'control characters';
  if (path.includes('\\')) return 'a backslash';
  if (/%[0-9a-f]{2}/i.test(path)) return 'percent-encoded characters';
  if (path.includes(':')) return 'a URL or a drive';
  if (/[?#]/.test(path)) return 'a query or a fragment';
  if (path.startsWith('/') || path.startsWith('~')) return 'an absolute path';
  if (path.split('/').some((part) => /^\s*\.{0,2}\s*$/.test(part))) return 'a way out of the folder';
  return undefined;
}

/** The path of a shard, as model.json has it. Throws `bad-model` for one that could lie outside the model's folder. */
export function checkShardPath(path: unknown, who: string): string {
  const found = fault(path);
  if (found === undefined) return path as string;
  throw problem(
    'bad-model',
    who,
    "paths of shards inside the model's folder",
    `${JSON.stringify(path) ?? typeof path} (${found})`,
    'Put the shards beside model.json and name them by their plain file names.',
  );
}
