/**
 * A browser for tests and benchmarks: an installed Chromium or Chrome, else the one that Playwright downloads, else Debian's package
 * where we are root.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const run = (command, ...args) => promisify(execFile)(command, args, { timeout: 300_000 });

async function download() {
  const cli = join(createRequire(import.meta.url).resolve('playwright-core/package.json'), '..', 'cli.js');
  await run(process.execPath, cli, 'install', 'chromium');
}

async function installPackage() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('not root on Linux');
  await run('apt-get', 'update');
  await run('apt-get', 'install', '--yes', '--no-install-recommends', 'chromium');
}

/** The browser's path; DENARY_CHROMIUM names another. Throws with the reason where there is none. */
export async function findChromium() {
  const candidates = () => [process.env.DENARY_CHROMIUM ?? '', ...INSTALLED, chromium.executablePath()];
  let reason = 'no Chromium and no Chrome is installed';
  for (const attempt of [undefined, download, installPackage]) {
    await attempt?.().catch((error) => {
      reason += `; ${attempt.name}: ${String(error.message ?? error).split('\n')[0]}`;
    });
    const found = candidates().find((path) => existsSync(path));
    if (found) return found;
  }
  throw new Error(reason);
}
