/** Personal models in a folder: a file each, of which no reader ever finds half, and beside it the one before it. */

import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  DenaryError,
  type Generation,
  type ModelStore,
  messageOf,
  modelStoreOn,
  problem,
  type StoredModel,
  type StoreFiles,
} from '@denary/core';
import { sha256 } from './digest.js';

const ENDING = '.denary';
const endings: Readonly<Record<Generation, string>> = { latest: ENDING, previous: `${ENDING}.previous` };
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
  const pathOf = (name: string, generation: Generation = 'latest') => join(folder, name + endings[generation]);
  const typed = <T>(path: string, work: Promise<T>) => work.catch((cause) => Promise.reject(asProblem(cause, path)));

  async function write(name: string, file: Uint8Array, keepPrevious: boolean): Promise<void> {
    await mkdir(folder, { recursive: true });
    await removeStale(folder);
    await writeWhole(pathOf(name), file, () => keepPrevious && keepAside(pathOf(name), pathOf(name, 'previous')));
    if (!keepPrevious) await rm(pathOf(name, 'previous'), { force: true });
    await syncFolder(folder);
  }

  async function list(): Promise<StoredModel[]> {
    const names = (await readdir(folder).catch(unlessMissing<string[]>([])))
      .filter((file) => file.endsWith(ENDING))
      .map((file) => file.slice(0, -ENDING.length));
    const found = names.map(async (name) => {
      // It may be gone by now.
      const facts = await stat(pathOf(name)).catch(unlessMissing(undefined));
      return facts ? [{ name, bytes: facts.size, saved: Math.round(facts.mtimeMs) }] : [];
    });
    return (await Promise.all(found)).flat();
  }

  return {
    write: (name, file, keepPrevious) => typed(pathOf(name), write(name, file, keepPrevious)),
    read: (name, generation) =>
      typed(pathOf(name, generation), readFile(pathOf(name, generation)).catch(unlessMissing(undefined))),
    list: () => typed(folder, list()),
    async remove(name) {
      // The one before it first, so that none who is killed brings it back.
      for (const path of [pathOf(name, 'previous'), pathOf(name)]) await typed(path, rm(path, { force: true }));
    },
  };
}

/** Into a temporary file, which is flushed to the disk and then renamed. */
async function writeWhole(path: string, content: Uint8Array, beforeRenaming: () => unknown): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await beforeRenaming();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Under another name as well, so that there is no moment without it; not kept where that is impossible. */
async function keepAside(path: string, aside: string): Promise<void> {
  const temporary = temporaryFor(aside);
  try {
    // Some file systems have no links.
    await link(path, temporary).catch((error) => (isCode(error, 'ENOENT') ? undefined : copyFile(path, temporary)));
    await rename(temporary, aside);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

const temporaryFor = (path: string) => `${path}.${randomBytes(6).toString('hex')}${TEMPORARY}`;

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

/** What a failing disk says, or a folder that lies in a file's place. */
const DAMAGE = ['EIO', 'EBADMSG', 'EISDIR', 'ERR_FS_EISDIR'];
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];

function asProblem(error: unknown, path: string): DenaryError {
  if (error instanceof DenaryError) return error;
  const is = (codes: readonly string[]) => codes.some((code) => isCode(error, code));
  const received = messageOf(error);
  if (is(NO_ROOM)) {
    const remedy = 'Make room, or choose another folder.';
    return problem('quota-exceeded', path, 'room for the file', received, remedy, error);
  }
  if (is(DAMAGE)) {
    const remedy = 'It is damaged: remove it, and look after the disk.';
    return problem('bad-data', path, 'a file that can be read', received, remedy, error);
  }
  const remedy = 'Give this process the right to use the folder, or choose another one.';
  return problem('device-unavailable', path, 'a folder to keep models in', received, remedy, error);
}

const isCode = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code;

const unlessMissing =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isCode(error, 'ENOENT')) return value;
    throw error;
  };
