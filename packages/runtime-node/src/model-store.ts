/** Personal models in a folder: a file each, of which no reader ever finds half. */

import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type ModelStore, messageOf, modelStoreOn, problem, type StoreFiles } from '@denary/core';
import { sha256 } from './digest.js';

const ENDING = '.denary';
const TEMPORARY = '.tmp';
/** Milliseconds after which a temporary file is one that somebody left who was killed. */
const STALE = 10 * 60_000;

/**
 * The personal models in a folder, which is made with the first of them. A file takes the place of another by its renaming,
 * when it is on the disk: a process that is killed leaves the one or the other, and several processes may use the folder.
 */
export const openModelStore = (folder: string): ModelStore =>
  modelStoreOn(filesIn(resolve(folder)), async (bytes) => sha256(bytes));

function filesIn(folder: string): StoreFiles {
  const pathOf = (name: string) => join(folder, name + ENDING);
  return {
    async write(name, file) {
      await mkdir(folder, { recursive: true });
      await removeStale(folder);
      await writeWhole(folder, pathOf(name), file);
    },
    read: (name) => readFile(pathOf(name)).catch(unlessMissing(undefined)),
    async list() {
      const names = (await readdir(folder).catch(unlessMissing<string[]>([])))
        .filter((file) => file.endsWith(ENDING))
        .map((file) => file.slice(0, -ENDING.length));
      return Promise.all(
        names.map(async (name) => {
          const { size, mtimeMs } = await stat(pathOf(name));
          return { name, bytes: size, saved: Math.round(mtimeMs) };
        }),
      );
    },
    remove: (name) => rm(pathOf(name), { force: true }),
  };
}

/** Into a temporary file, which is flushed to the disk and then renamed; the folder's entry is flushed, too. */
async function writeWhole(folder: string, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY}`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (!isCode(error, 'ENOSPC') && !isCode(error, 'EDQUOT')) throw error;
    const expected = `room for ${content.length} bytes`;
    throw problem('quota-exceeded', path, expected, messageOf(error), 'Make room, or choose another folder.', error);
  }
}

/** Windows has no such thing; there, renaming is enough. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!file.endsWith(TEMPORARY)) continue;
    const found = await stat(join(folder, file)).catch(unlessMissing(undefined));
    if (found && Date.now() - found.mtimeMs > STALE) await rm(join(folder, file), { force: true });
  }
}

const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

const unlessMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isCode(error, 'ENOENT')) return value;
    throw error;
  };
