/**
 * Fills runtime-web's dist/: one folder with everything that a page loads, the model included. `index.js` is for bundlers,
 * `denary.js` the same for pages without one, and `worker.js` what runs in the worker. Digests of the files beside them are
 * written into the code.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'packages', 'runtime-web');
const dist = join(folder, 'dist');
const models = join(root, 'models');
const require = createRequire(join(folder, 'package.json'));
const ort = dirname(require.resolve('onnxruntime-web'));

const ofOrt = [
  'ort.wasm.bundle.min.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.bundle.min.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

/** The files' names in dist/, and where they come from. */
async function sources() {
  const names = (await readdir(models, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  return new Map([
    ...ofOrt.map((name) => [name, join(ort, name)]),
    ...names.map(({ name }) => [`models/${name}.onnx`, join(models, name, 'model.onnx')]),
  ]);
}

export async function copyFiles() {
  await mkdir(join(dist, 'models'), { recursive: true });
  for (const [name, path] of await sources()) await copyFile(path, join(dist, name));
}

/** What src/build-facts.ts describes. */
async function buildFacts() {
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { version: ortVersion } = JSON.parse(await readFile(join(dirname(ort), 'package.json'), 'utf8'));
  const files = {};
  for (const [name, path] of await sources()) {
    const content = await readFile(path);
    files[name] = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  }
  return { version, ort: ortVersion, files };
}
const facts = buildFacts();

/** What is not external is a whole by itself, and small. */
export async function buildForPages(entry, { external = false } = {}) {
  const source = entry === 'denary' ? 'index' : entry;
  await build({
    entry: { [entry]: join(folder, 'src', `${source}.ts`) },
    outDir: dist,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    silent: true,
    config: false,
    minify: !external,
    treeshake: false,
    esbuildOptions: (options) => {
      options.treeShaking = true;
    },
    ...(external ? { external: [/^[^./]/] } : { noExternal: [/./] }),
    define: { DENARY_BUILD: JSON.stringify(await facts) },
  });
}
