/** A search, as a file. */

import { readFile } from 'node:fs/promises';
import { decodeSearch, encodeSearch, type SearchRecord } from '../search/record.js';
import { writeAtomically } from './cache.js';

export const writeSearch = (path: string, record: SearchRecord): Promise<void> =>
  writeAtomically(path, encodeSearch(record));

/** The search in a file; undefined where there is none. Throws `bad-data` for a damaged one. */
export async function readSearch(path: string): Promise<SearchRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
  return decodeSearch(text, path);
}
