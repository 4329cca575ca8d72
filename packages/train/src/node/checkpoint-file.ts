/** The checkpoint of a training, as a file in the model's folder. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint.js';
import { writeAtomically } from './cache.js';

const fileIn = (folder: string): string => join(folder, 'checkpoint.safetensors');

export const writeCheckpoint = (folder: string, checkpoint: Checkpoint): Promise<void> =>
  writeAtomically(fileIn(folder), encodeCheckpoint(checkpoint));

/** The checkpoint in a folder; undefined where there is none. Throws `bad-data` for a damaged one. */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(fileIn(folder));
  } catch {
    return undefined;
  }
  return decodeCheckpoint(bytes, fileIn(folder));
}
