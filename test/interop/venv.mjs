/**
 * The Python that the interop tests and the benchmarks call: DENARY_PYTHON where it is set, else a virtual environment in .cache, which is
 * made here, before the first test, and made anew when the requirements change.
 */

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const folder = fileURLToPath(new URL('../../.cache/interop-venv', import.meta.url));
const windows = process.platform === 'win32';

/** The interpreter to call. */
export const interpreter =
  process.env.DENARY_PYTHON || join(folder, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));

/** Vitest's globalSetup. Throws where there is no Python, or no way to get the packages: the tests cannot run then. */
export default async function setup() {
  if (process.env.DENARY_PYTHON) return checkPackages();
  const mark = join(folder, 'requirements.sha256');
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  if ((await readFile(mark, 'utf8').catch(() => '')) === digest) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await run(windows ? 'python' : 'python3', ['-m', 'venv', folder]);
  await run(interpreter, ['-m', 'pip', 'install', '--retries', '0', '--quiet', '-r', requirements]);
  await writeFile(mark, digest);
}

/** Whether the given interpreter has the packages; their versions are its owner's business. */
async function checkPackages() {
  const lines = (await readFile(requirements, 'utf8')).trim().split('\n');
  const names = lines.map((line) => line.split('==')[0]);
  const script = 'import sys\nfrom importlib.metadata import version\nfor name in sys.argv[1:]: version(name)';
  await promisify(execFile)(interpreter, ['-c', script, ...names]).catch((error) => {
    throw unavailable(`${interpreter} (DENARY_PYTHON): ${error.message.trim().split('\n').at(-1)}`);
  });
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', (error) => reject(unavailable(error.message)));
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(unavailable(`${[command, ...args].join(' ')}: exit status ${code}`));
    });
  });
}

const unavailable = (received) =>
  new Error(
    `interop tests: expected Python 3.11 or later and the packages of ${requirements}, received ${received}. ` +
      'Install Python with venv, and let pip reach a package index; ' +
      'or set DENARY_PYTHON to an interpreter that has them.',
  );
