/** Makes the checkout ready: installs what the lock file says and builds the packages, each only where it is out of date. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`denary needs Node 20.19 or later; this is ${process.versions.node}.`);
  process.exit(1);
}

const digest = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');
const installed = join(root, 'node_modules', '.installed-lock');
if (!existsSync(installed) || readFileSync(installed, 'utf8') !== digest) {
  console.error('Installing the dependencies (npm ci) ...');
  const npm = process.env.npm_execpath;
  if (npm) execFileSync(process.execPath, [npm, 'ci'], { cwd: root, stdio: ['ignore', 2, 2] });
  else execFileSync('npm', ['ci'], { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  writeFileSync(installed, digest);
}

/** The newest change below a folder, in milliseconds; 0 where there is none. */
function newest(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((time, { parentPath, path, name }) => Math.max(time, statSync(join(parentPath ?? path, name)).mtimeMs), 0);
}

const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
const built = join(root, 'node_modules', '.built');
const builtAt =
  existsSync(built) && packages.every((folder) => existsSync(join(folder, 'dist'))) ? statSync(built).mtimeMs : 0;
if (packages.some((folder) => newest(join(folder, 'src')) > builtAt)) {
  console.error('Building the packages ...');
  await import('./build.mjs');
  writeFileSync(built, '');
}
