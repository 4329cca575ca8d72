/**
 * `npm run size`: what a page that recognises digits loads, file by file, raw and compressed; writes docs/sizes.md and fails
 * beyond the limits. Read off dist/, as the files are shipped.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'packages', 'runtime-web', 'dist');

/** In bytes. */
const limits = { own: 25_000, kernels: 16_000, page: 3_200_000 };

/** When what is loaded later is, by the beginning of its name. */
const needs = {
  read: 'with the first `read`',
  large: 'with the first image of more than half a megapixel',
  this: "with `isolation: 'none'`, and with `createSession`",
};

const scripts = imported('denary.js', /(?:from|import)\s*"\.\/([^"]+)"/g);
const later = imported('denary.js', /import\("\.\/([^"]+)"\)/g).filter((file) => !scripts.includes(file));
const files = [
  ...scripts.map((file) => ({ part: 'own', file, of: 'createRecognizer, for the page' })),
  { part: 'own', file: 'assets/worker.js', of: 'the worker' },
  { part: 'kernels', file: 'assets/kernels.js', of: 'what makes the kernels that run it' },
  { part: 'model', file: 'assets/cnn-pool4.onnx', of: 'the default model' },
  { part: 'runtime', file: 'assets/ort.wasm.bundle.min.mjs', of: "ONNX Runtime's JavaScript" },
  { part: 'runtime', file: 'assets/ort-wasm-simd-threaded.wasm', of: "ONNX Runtime's WebAssembly" },
  ...later.map((file) => ({ part: 'later', file, of: needs[file.split('-')[0]] ?? '' })),
];

/** A file of dist/ and all that its code names by that pattern, and so on. */
function imported(file, pattern, found = []) {
  if (found.includes(file)) return found;
  found.push(file);
  for (const [, name] of readFileSync(join(dist, file), 'utf8').matchAll(pattern)) imported(name, pattern, found);
  return found;
}

async function measure({ file, ...rest }) {
  const content = readFileSync(join(dist, file));
  // The level of files that are compressed once, when a site is built.
  const [gzipped, brotli] = await Promise.all([
    promisify(gzip)(content, { level: 9 }),
    promisify(brotliCompress)(content),
  ]);
  return { ...rest, file, raw: content.length, gzip: gzipped.length, brotli: brotli.length };
}

const sum = (rows) =>
  Object.fromEntries(['raw', 'gzip', 'brotli'].map((key) => [key, rows.reduce((total, row) => total + row[key], 0)]));
const kB = (bytes) => (bytes / 1000).toLocaleString('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const cells = ({ raw, gzip, brotli }) => [kB(raw), kB(gzip), kB(brotli)];

const rows = await Promise.all(files.map(measure));
const of = (...parts) => rows.filter(({ part }) => parts.includes(part));
const own = sum(of('own'));
const kernels = sum(of('kernels'));
const page = sum(of('own', 'kernels', 'model'));
const whole = sum(of('own', 'kernels', 'model', 'runtime'));
const checks = [
  { of: 'own JavaScript of the page and the worker, gzip', bytes: own.gzip, limit: limits.own },
  { of: "the kernels', gzip", bytes: kernels.gzip, limit: limits.kernels },
  { of: 'with ONNX Runtime for a model that wants it, brotli', bytes: whole.brotli, limit: limits.page },
];
const row = ({ file, of, ...sizes }) => [`\`${file.replace(/-[A-Z0-9]{8}\./, '-*.')}\``, of, ...cells(sizes)];
const table = (...lines) => lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
const verdict = ({ bytes, limit }) => (bytes <= limit ? 'holds' : '**does not hold**');

const text = `# Sizes

What a page that recognises digits loads: @denary/runtime-web on WebAssembly with its default model, which denary's own kernels run.
In kB, thousands of bytes, as they are and in gzip (level 9) and brotli (level 11). Made by \`npm run size\`, which fails beyond the limits.

${table(
  ['file in `dist/`', 'is', 'raw', 'gzip', 'brotli'],
  ['---', '---', '---:', '---:', '---:'],
  ...of('own').map(row),
  ['own JavaScript', '', ...cells(own)],
  ...of('kernels', 'model').map(row),
  ['**all**', '', ...cells(page)],
)}

${table(
  ['', 'kB', 'limit', ''],
  ['---', '---:', '---:', '---'],
  ...checks.map((check) => [check.of, kB(check.bytes), kB(check.limit), verdict(check)]),
)}

ONNX Runtime is loaded where the kernels don't run the model, where \`engine: 'onnxruntime'\` asks for it, and to learn:

${table(
  ['file in `dist/`', 'is', 'raw', 'gzip', 'brotli'],
  ['---', '---', '---:', '---:', '---:'],
  ...of('runtime').map(row),
  ['**all, with it**', '', ...cells(whole)],
)}

Loaded when they are first needed, and not counted above:

${table(
  ['file in `dist/`', 'is', 'raw', 'gzip', 'brotli'],
  ['---', '---', '---:', '---:', '---:'],
  ...of('later').map(row),
)}
`;
writeFileSync(join(root, 'docs', 'sizes.md'), text);
console.log(text);
if (checks.some(({ bytes, limit }) => bytes > limit)) process.exitCode = 1;
