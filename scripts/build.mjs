/**
 * Fills every package's dist/: declarations by the TypeScript compiler (tsup's own need its old API), JavaScript by tsup; core's
 * by the compiler, too, module by module, so that bundlers can leave out what a page does not use.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildIndex, buildWholes, fillAssets } from './build-web.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const folderOf = (name) => dirname(require.resolve(`${name}/package.json`));
const tsup = join(folderOf('tsup'), 'dist', 'cli-default.js');
const tsc = join(folderOf('typescript'), 'bin', 'tsc');

const entries = {
  train: ['index', 'node/index', 'report/index', 'tfjs/index'],
  'runtime-node': ['index', 'worker'],
  server: ['index'],
  cli: ['main'],
};
const options = ['--format', 'esm', '--target', 'es2022', '--sourcemap', '--silent', '--no-config'];

async function run(script, args, cwd) {
  try {
    await promisify(execFile)(process.execPath, [script, ...args], { cwd });
  } catch (error) {
    console.error(error.stdout, error.stderr);
    process.exit(1);
  }
}

const compiled = run(tsc, ['-b'], root);
await Promise.all([
  compiled,
  compiled.then(fillAssets).then(buildIndex),
  ...Object.entries(entries).map(([name, files]) => {
    const entry = files.flatMap((file) => `--entry.${file} src/${file}.ts`.split(' '));
    return run(tsup, [...entry, ...options], join(root, 'packages', name));
  }),
]);
// These hold @denary/core, as it has been built by now.
await buildWholes();
