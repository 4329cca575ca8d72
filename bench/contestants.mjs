/** Who is measured: the processes that are given the work orders of clock.mjs. */

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPackages } from '../test/interop/packages.mjs';
import { tfjsNode } from '../test/interop/tfjs-node/tfjs-node.mjs';
import { interpreter } from '../test/interop/venv.mjs';
import { findChromium } from '../test/web/find-chromium.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const node = (script, order = {}) => ({ command: [process.execPath, here(script)], order });
/** V8 compiles WASM with its optimizing compiler from the start, as it would after some seconds of use. */
const wasm = (script, order) => ({ command: [process.execPath, '--no-liftoff', here(script)], order });
const python = (script, order = {}) => ({ command: [interpreter, here(script)], order });

/** In a page of Chromium. */
const page = (mode, order) => node('browser/run.mjs', { mode, ...order });

const all = ['training', 'inference'];
/** They have no training. */
const runtimes = ['inference'];

/**
 * `tasks`, `systems`, `rounds`: what it is asked to do, and how often; systems and rounds only where that is not all.
 * `order`: what its work orders say besides. `prepare`: installs what it needs, and gives what its orders say of that; a
 * peer that can't be had is listed with the reason.
 */
export const contestants = [
  { name: 'denary', tasks: [...all, 'memory'], ...node('denary.mjs', { mode: 'native' }) },
  { name: 'PyTorch eager', tasks: [...all, 'memory'], ...python('peers/pytorch.py', { mode: 'eager' }) },
  { name: 'PyTorch compile', tasks: [...all, 'memory'], ...python('peers/pytorch.py', { mode: 'compile' }) },
  { name: 'Keras', tasks: [...all, 'memory'], ...python('peers/keras-tensorflow.py', { mode: 'graph' }) },
  // On the other systems XLA's convolutions take several times as long as TensorFlow's own.
  { name: 'Keras XLA', tasks: all, systems: ['mlp', 'hrnn'], ...python('peers/keras-tensorflow.py', { mode: 'xla' }) },
  { name: 'tfjs-node', tasks: all, prepare: tfjsNodeFolder, ...node('peers/tfjs.mjs', { mode: 'node' }) },
  { name: 'onnxruntime (Python)', tasks: runtimes, ...python('peers/onnxruntime-python.py') },
  { name: 'onnxruntime-node', tasks: runtimes, ...node('peers/onnxruntime-js.mjs', { mode: 'node' }) },
  { name: 'denary WASM, 2 threads', tasks: all, ...wasm('denary.mjs', { mode: 'wasm', threads: 2 }) },
  {
    name: 'jax-js WASM, 2 threads',
    tasks: all,
    prepare: peers,
    ...wasm('peers/jax-js.mjs', { threads: 2, warmup: 1 }),
  },
  {
    name: 'onnxruntime-web, 2 threads',
    tasks: runtimes,
    ...wasm('peers/onnxruntime-js.mjs', { mode: 'web', threads: 2 }),
  },
  { name: 'denary WASM, 1 thread', tasks: all, ...wasm('denary.mjs', { mode: 'wasm', threads: 1 }) },
  { name: 'tfjs WASM, 1 thread', tasks: all, prepare: peers, ...wasm('peers/tfjs.mjs', { mode: 'wasm', threads: 1 }) },
  {
    name: 'tfjs pure JS, 1 thread',
    tasks: all,
    prepare: peers,
    // A step of it can take a minute; it is never near.
    rounds: 1,
    ...node('peers/tfjs.mjs', { mode: 'cpu', threads: 1, warmup: 0 }),
  },
  { name: 'denary', tasks: ['browser'], prepare: chromium, ...page('denary') },
  { name: 'onnxruntime-web', tasks: ['browser'], prepare: chromium, ...page('onnxruntime') },
  // It takes half of the cores that it sees, at most.
  { name: 'tfjs WASM', tasks: ['browser'], prepare: peersInChromium, ...page('tfjs', { coresPerThread: 2 }) },
  { name: 'jax-js WASM', tasks: ['browser'], prepare: peersInChromium, ...page('jaxJs') },
];

async function tfjsNodeFolder() {
  return { require: join(await tfjsNode(), 'package.json') };
}

async function chromium() {
  return { browser: await findChromium() };
}

async function peersInChromium() {
  return { ...(await chromium()), ...(await peers()) };
}

async function peers() {
  return { require: join(await installPackages(here('peers/package.json')), 'package.json') };
}
