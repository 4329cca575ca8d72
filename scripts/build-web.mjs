/**
 * Fills runtime-web's dist/: one folder with everything that a page loads, the model included. `index.js` is for bundlers,
 * `denary.js` the same for pages without one, and assets/ what both load by its address: the worker, ONNX Runtime, the models.
 * Their digests are written into the code.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'packages', 'runtime-web');
const dist = join(folder, 'dist');
const assets = join(dist, 'assets');
const require = createRequire(join(folder, 'package.json'));
const ort = dirname(require.resolve('onnxruntime-web'));

const ofOrt = [
  'ort.wasm.bundle.min.mjs',
  'ort-wasm-simd-threaded.wasm',
  'ort.webgpu.bundle.min.mjs',
  'ort-wasm-simd-threaded.asyncify.wasm',
];

const models = ['cnn-pool4', 'cnn', 'mlp', 'hrnn'];

/** The files' names in dist/assets/, and where they come from. */
const sources = new Map([
  ...ofOrt.map((name) => [name, join(ort, name)]),
  ...models.map((name) => [`${name}.onnx`, join(root, 'models', name, 'model.onnx')]),
]);

/** Empties dist/ of what bundlers make, whose names change, and puts those files there. */
export async function copyFiles() {
  await mkdir(assets, { recursive: true });
  const stale = (await readdir(dist)).filter((name) => /\.js(\.map)?$/.test(name));
  await Promise.all(stale.map((name) => rm(join(dist, name))));
  for (const [name, path] of sources) await copyFile(path, join(assets, name));
}

/** What src/build-facts.ts declares. */
async function buildFacts() {
  const { version: denary } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { version } = JSON.parse(await readFile(join(dirname(ort), 'package.json'), 'utf8'));
  const files = {};
  for (const [name, path] of sources) {
    const content = await readFile(path);
    files[name] = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  }
  return { DENARY_VERSIONS: JSON.stringify({ denary, ort: version }), DENARY_FILES: JSON.stringify(files) };
}
const define = buildFacts();

const options = {
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  sourcemap: true,
  silent: true,
  config: false,
};

/** For bundlers, which must see `new URL(...)` and their comments: not minified. */
export const buildIndex = async () =>
  build({
    ...options,
    entry: { index: join(folder, 'src', 'index.ts') },
    outDir: dist,
    external: [/^[^./]/],
    define: await define,
  });

/** For browsers, with all that they import. */
export async function buildWholes() {
  const whole = {
    ...options,
    minify: true,
    noExternal: [/./],
    define: await define,
  };
  await Promise.all([
    build({ ...whole, entry: { denary: join(folder, 'src', 'index.ts') }, outDir: dist }),
    build({ ...whole, entry: { worker: join(folder, 'src', 'worker.ts') }, outDir: assets, splitting: false }),
  ]);
}
