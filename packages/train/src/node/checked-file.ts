/** A file that is known beforehand: read, unpacked where it is gzipped, and believed only by its digest. */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { DenaryError } from '@denary/core';
import { gunzipIfNeeded } from '../data/idx.js';

export interface CheckedFile {
  readonly name: string;
  /** The length of the plain file. */
  readonly bytes: number;
  /** The digest of the plain file, in hexadecimal: 32 digits are an md5 (MNIST's authors publish no other), 64 a sha256. */
  readonly digest: string;
}

/** The plain bytes. Throws `bad-data`, with `remedy`, for any others. */
export async function readChecked(path: string, file: CheckedFile, remedy: string): Promise<Uint8Array> {
  const bytes = await gunzipIfNeeded(await readFile(path), file.bytes, path);
  const algorithm = file.digest.length === 32 ? 'md5' : 'sha256';
  const digest = createHash(algorithm).update(bytes).digest('hex');
  if (digest === file.digest) return bytes;
  throw new DenaryError({
    code: 'bad-data',
    who: path,
    expected: `${file.bytes} bytes with the ${algorithm} ${file.digest}`,
    received: `${bytes.length} bytes with ${digest}`,
    remedy,
  });
}
