/**
 * Fills runtime-web's dist/: one folder with everything that a page loads, the model included. `index.js` is for bundlers,
 * `denary.js` the same for pages without one, `pad.js` the element <denary-pad> for both, and assets/ what is loaded by its
 * address: the worker, ONNX Runtime, the models. Their digests are written into the code.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

/** Files that are copied to dist/assets/: their names there, and where they come from. */
const copies = new Map([
  ...ofOrt.map((name) => [name, join(ort, name)]),
  ...models.map((name) => [`${name}.onnx`, join(root, 'models', name, 'model.onnx')]),
]);

/** Empties dist/ of what bundlers make, whose names change, and puts there what is loaded by its address. Needs @denary/core. */
export async function fillAssets() {
  await mkdir(assets, { recursive: true });
  const stale = (await readdir(dist)).filter((name) => /\.js(\.map)?$/.test(name));
  await Promise.all(stale.map((name) => rm(join(dist, name))));
  for (const [name, path] of copies) await copyFile(path, join(assets, name));
  for (const name of models) await writeFile(join(assets, `${name}.tuning`), await tuningOf(name));
}

/** What a model is tuned with, in one file: its training graphs, and its core set. */
async function tuningOf(name) {
  const { encodeSafetensors } = await import('@denary/core');
  const folder = join(root, 'models', name);
  const files = (await readdir(folder)).filter((file) => /^(training.*\.onnx|replay\.bin)$/.test(file)).sort();
  const contents = await Promise.all(files.map(async (file) => new Uint8Array(await readFile(join(folder, file)))));
  return encodeSafetensors(
    Object.fromEntries(
      files.map((file, i) => [file, { dtype: 'uint8', shape: [contents[i].length], data: contents[i] }]),
    ),
  );
}

/** What src/build-facts.ts and src/tuning-files.ts declare. */
let facts;
const buildFacts = () => {
  facts ??= readFacts();
  return facts;
};
async function readFacts() {
  const { version: denary } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const { version } = JSON.parse(await readFile(join(dirname(ort), 'package.json'), 'utf8'));
  return {
    DENARY_VERSIONS: JSON.stringify({ denary, ort: version }),
    DENARY_FILES: JSON.stringify(await digests([...copies.keys()])),
    DENARY_TUNING_FILES: JSON.stringify(await digests(models.map((name) => `${name}.tuning`))),
  };
}

async function digests(names) {
  const files = {};
  for (const name of names) {
    const content = await readFile(join(assets, name));
    files[name] = { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  }
  return files;
}

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
    define: await buildFacts(),
  });

/** The pad loads the rest when it is first needed. */
const restLater = {
  name: 'rest-later',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\.\/index\.js$/ }, () => ({ path: './denary.js', external: true })),
};

/** For browsers, with all that they import. */
export async function buildWholes() {
  const whole = {
    ...options,
    minify: true,
    noExternal: [/./],
    define: await buildFacts(),
  };
  const pad = join(folder, 'src', 'pad', 'index.ts');
  await Promise.all([
    build({ ...whole, entry: { pad }, outDir: dist, splitting: false, esbuildPlugins: [restLater] }),
    build({ ...whole, entry: { denary: join(folder, 'src', 'index.ts') }, outDir: dist }),
    build({ ...whole, entry: { worker: join(folder, 'src', 'worker.ts') }, outDir: assets, splitting: false }),
    build({
      ...{ ...whole, outDir: assets, splitting: false },
      entry: { kernels: join(folder, 'src', 'kernels', 'asset.ts') },
    }),
  ]);
}
