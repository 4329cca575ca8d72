/** Where denary keeps files between runs, and how it writes one so that no reader ever finds half of it. */

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';

/** What the choice depends on; given by hand in tests only. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/**
 * The cache folder, as an absolute path; it may not exist yet. The first of: `override`, the environment's DENARY_CACHE, and
 * the platform's usual place (%LOCALAPPDATA%\denary\Cache, ~/Library/Caches/denary, or by the XDG Base Directory
 * Specification $XDG_CACHE_HOME/denary, else ~/.cache/denary). Empty strings count as not set.
 */
export function cacheDirectory(override?: string, surroundings: Surroundings = {}): string {
  const { env = process.env, platform = process.platform, home } = surroundings;
  const chosen = override || env.DENARY_CACHE;
  if (chosen) return resolve(chosen);
  const under = (...names: string[]) => join(home ?? homedir(), ...names);
  if (platform === 'win32') return join(env.LOCALAPPDATA || under('AppData', 'Local'), 'denary', 'Cache');
  if (platform === 'darwin') return under('Library', 'Caches', 'denary');
  // The specification says that a relative path is to be ignored.
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : under('.cache'), 'denary');
}

/**
 * Writes a file whole or not at all: into a temporary file beside it, which is flushed to the disk and then renamed. Missing
 * folders are made; a file that is there is replaced. Throws the system's error (EACCES, ENOSPC, ...) and then leaves
 * nothing behind.
 */
export async function writeAtomically(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}
