import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheDirectory, writeAtomically } from './cache.js';

describe('cacheDirectory', () => {
  const home = resolve('/home/ada');
  const linux = { platform: 'linux', home } as const;

  it('takes the option, then DENARY_CACHE, then XDG_CACHE_HOME, then ~/.cache', () => {
    const env = { DENARY_CACHE: '/from/env', XDG_CACHE_HOME: '/xdg' };
    expect(cacheDirectory('/given', { ...linux, env })).toBe(resolve('/given'));
    expect(cacheDirectory('given', { ...linux, env })).toBe(resolve('given'));
    expect(cacheDirectory(undefined, { ...linux, env })).toBe(resolve('/from/env'));
    expect(cacheDirectory('', { ...linux, env: { ...env, DENARY_CACHE: '' } })).toBe(join('/xdg', 'denary'));
    expect(cacheDirectory(undefined, { ...linux, env: { XDG_CACHE_HOME: 'relative' } })).toBe(
      join(home, '.cache', 'denary'),
    );
    expect(cacheDirectory(undefined, { ...linux, env: {} })).toBe(join(home, '.cache', 'denary'));
  });

  it('knows the places of macOS and Windows', () => {
    expect(cacheDirectory(undefined, { platform: 'darwin', home, env: {} })).toBe(
      join(home, 'Library', 'Caches', 'denary'),
    );
    const env = { LOCALAPPDATA: join(home, 'Local') };
    expect(cacheDirectory(undefined, { platform: 'win32', home, env })).toBe(join(home, 'Local', 'denary', 'Cache'));
    const fallback = join(home, 'AppData', 'Local', 'denary', 'Cache');
    expect(cacheDirectory(undefined, { platform: 'win32', home, env: {} })).toBe(fallback);
  });
});

describe('writeAtomically', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'denary-cache-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('makes folders, writes bytes and text, and replaces', async () => {
    const path = join(folder, 'a', 'b', 'file');
    await writeAtomically(path, Uint8Array.of(1, 2, 3));
    expect(Array.from(await readFile(path))).toEqual([1, 2, 3]);
    await writeAtomically(path, 'text');
    expect(await readFile(path, 'utf8')).toBe('text');
    expect(await readdir(join(folder, 'a', 'b'))).toEqual(['file']);
  });

  it('leaves nothing behind and the old content alone where it fails', async () => {
    const path = join(folder, 'taken');
    await mkdir(path);
    await writeFile(join(path, 'inside'), 'old');
    await expect(writeAtomically(path, 'new')).rejects.toThrow(/EISDIR|ENOTEMPTY|EPERM/);
    expect(await readdir(folder)).toEqual(['taken']);
    expect(await readFile(join(path, 'inside'), 'utf8')).toBe('old');
  });

  it('shows a reader one whole content or the other while many write', async () => {
    const path = join(folder, 'busy');
    const contents = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(100_000));
    await writeAtomically(path, contents[0] as string);
    const writes = Promise.all(contents.map((content) => writeAtomically(path, content)));
    for (let i = 0; i < 20; i++) expect(contents).toContain(await readFile(path, 'utf8'));
    await writes;
    expect(await readdir(folder)).toEqual(['busy']);
  });
});
