/**
 * A browser for the tests: an installed Chromium or Chrome, else the one that Playwright downloads, else Debian's package where
 * we are root. Looked for once, before the tests start.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { describe, it } from 'vitest';

const INSTALLED = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

const run = (command: string, ...args: string[]) => promisify(execFile)(command, args, { timeout: 300_000 });

const present = (paths: readonly string[]) => paths.find((path) => existsSync(path));

async function download(): Promise<void> {
  const cli = join(createRequire(import.meta.url).resolve('playwright-core/package.json'), '..', 'cli.js');
  await run(process.execPath, cli, 'install', 'chromium');
}

async function installPackage(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error('not root on Linux');
  await run('apt-get', 'update');
  await run('apt-get', 'install', '--yes', '--no-install-recommends', 'chromium');
}

/** Puts the browser's path, or the reason why there is none, into the environment of the tests' processes. */
export async function provideChromium(): Promise<void> {
  const { env } = process;
  const candidates = () => present([env.DENARY_CHROMIUM ?? '', ...INSTALLED, chromium.executablePath()]);
  let reason = 'no Chromium and no Chrome is installed';
  for (const attempt of [download, installPackage]) {
    if (candidates()) break;
    await attempt().catch((error) => {
      reason += `; ${attempt.name}: ${String(error.message ?? error).split('\n')[0]}`;
    });
  }
  const found = candidates();
  if (found) env.DENARY_CHROMIUM = found;
  else env.DENARY_NO_CHROMIUM = reason;
}

/** Tests that want a browser; where there is none, one skipped test tells why. */
export function describeInBrowser(name: string, tests: () => void): void {
  const missing = process.env.DENARY_NO_CHROMIUM;
  if (missing) describe(name, () => it.skip(missing, () => {}));
  else describe(name, tests);
}
