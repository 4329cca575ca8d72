/**
 * npm packages that only comparisons need: installed under .cache by a package.json of their own, without their install
 * scripts, so that they never touch the product's dependencies or its lock file.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from './execute.mjs';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/** Installs what a package.json (its path) asks for, anew when it changes, and gives the folder. Throws where npm fails. */
export async function installPackages(manifest) {
  const text = await readFile(manifest, 'utf8');
  const folder = join(cache, JSON.parse(text).name);
  const mark = join(folder, 'package.sha256');
  const digest = createHash('sha256').update(text).digest('hex');
  if ((await readFile(mark, 'utf8').catch(() => '')) === digest) return folder;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), text);
  const options = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  await execute('npm', ['install', ...options], { cwd: folder, shell: process.platform === 'win32' });
  await writeFile(mark, digest);
  return folder;
}
