/**
 * @tensorflow/tfjs-node without its install script, which downloads TensorFlow's C library: its binding is compiled here
 * against the headers and libraries inside pip's tensorflow-cpu, in some ten seconds, into .cache.
 */

import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from '../execute.mjs';
import { installPackages } from '../packages.mjs';
import { interpreter } from '../venv.mjs';

/** The newest Node-API that tfjs-node 4.22 knows; node-pre-gyp looks for the binding in the folder of that name. */
const NAPI = 8;

/**
 * The folder of a @tensorflow/tfjs-node that `require` can load; call venv.mjs' default export before. Throws the reason
 * where it can't be had: Windows or macOS, no compiler, no headers, no network. On Node 23 and later it wants the functions of
 * `util` that those removed: `loadTfjs` of @denary/train/node puts them back.
 */
export async function tfjsNode() {
  if (process.platform !== 'linux')
    throw new Error(`tfjs-node is built here on Linux only, not on ${process.platform}`);
  const folder = await installPackages(fileURLToPath(new URL('package.json', import.meta.url)));
  const root = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  const binding = join(root, 'lib', `napi-v${NAPI}`, 'tfjs_binding.node');
  const find = 'import importlib.util as u; print(u.find_spec("tensorflow").submodule_search_locations[0])';
  const tensorflow = await execute(interpreter, ['-c', find]);
  const mark = join(dirname(binding), 'tensorflow.txt');
  if ((await readFile(mark, 'utf8').catch(() => '')) !== tensorflow) {
    await compile(root, tensorflow, binding);
    await writeFile(mark, tensorflow);
  }
  return root;
}

async function compile(root, tensorflow, binding) {
  await mkdir(dirname(binding), { recursive: true });
  const include = [nodeHeaders(), join(tensorflow, 'include'), root].flatMap((path) => ['-I', path]);
  const sources = ['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(root, 'binding', name));
  const libraries = ['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'];
  await execute('g++', [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', `-DNAPI_VERSION=${NAPI}`],
    ...[...include, ...sources, '-L', tensorflow, ...libraries, `-Wl,-rpath,${tensorflow}`, '-o', binding],
  ]);
}

/** They lie beside a Node from nodejs.org or a package manager. */
function nodeHeaders() {
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node');
  if (existsSync(join(headers, 'node_api.h'))) return headers;
  throw new Error(`no Node headers in ${headers}: take Node from nodejs.org, or install your system's headers of it`);
}
