/**
 * TensorFlow.js in Node, loaded on demand: tfjs-node on a GPU or a CPU, or TensorFlow.js itself on WebGPU, WASM or plain
 * JavaScript, whichever is installed, loads and can do what is asked of it.
 */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { type Device, messageOf, problem } from '@denary/core';
import type { TfjsNamespace } from '../tfjs/engine/tfjs.js';

interface Candidate {
  readonly name: string;
  readonly device: Device;
  /** The first one is TensorFlow.js, the others are loaded beside it. */
  readonly packages: readonly [string, ...string[]];
  readonly backend: string;
}

const PLAIN = '@tensorflow/tfjs';

/** The fastest first. */
const candidates: readonly Candidate[] = [
  { name: 'tfjs-node-gpu', device: 'cuda', packages: ['@tensorflow/tfjs-node-gpu'], backend: 'tensorflow' },
  { name: 'tfjs-node', device: 'cpu', packages: ['@tensorflow/tfjs-node'], backend: 'tensorflow' },
  { name: 'WebGPU', device: 'webgpu', packages: [PLAIN, '@tensorflow/tfjs-backend-webgpu'], backend: 'webgpu' },
  { name: 'WASM', device: 'wasm', packages: [PLAIN, '@tensorflow/tfjs-backend-wasm'], backend: 'wasm' },
  { name: 'JavaScript', device: 'cpu', packages: [PLAIN], backend: 'cpu' },
];

export const TFJS_INSTALL = 'npm install @tensorflow/tfjs-node';

export interface LoadedTfjs {
  readonly tf: TfjsNamespace;
  readonly device: Device;
  /** `tfjs-node (TensorFlow 2.21.0)`, for results and messages. */
  readonly description: string;
  /** Of its packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Why faster ones were not taken, those left out that are not installed. */
  readonly refused: readonly string[];
}

export interface LoadTfjsOptions {
  /** Only what runs there. */
  readonly device?: Device | undefined;
  /** Throws where what was loaded cannot do what it is for: the next one is tried then. */
  readonly trial?: (tf: TfjsNamespace, device: Device) => Promise<void>;
  /** Folders where packages are looked for; default the working directory, then denary's own. */
  readonly from?: readonly string[];
}

/** Throws `device-unavailable`, with the command that installs one and the reasons of those that are installed. */
export async function loadTfjs({ device, trial, from = [process.cwd()] }: LoadTfjsOptions = {}): Promise<LoadedTfjs> {
  restoreUtil();
  // TensorFlow tells on stderr what processor it was built for; warnings and errors still come.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  const requires = [
    ...from.map((folder) => createRequire(join(folder, 'from-here.js'))),
    createRequire(import.meta.url),
  ];
  const refused: string[] = [];
  for (const candidate of candidates) {
    if (device && candidate.device !== device) continue;
    const require = requires.find((require) => candidate.packages.every((name) => isInstalled(require, name)));
    if (!require) continue;
    try {
      const tf = await open(candidate, require);
      await trial?.(tf, candidate.device);
      return { tf, device: candidate.device, ...aboutOf(candidate, require, tf), refused };
    } catch (error) {
      refused.push(`${candidate.name}: ${messageOf(error)}`);
    }
  }
  throw problem(
    'device-unavailable',
    'TensorFlow.js',
    `an installed TensorFlow.js that works${device ? ` on ${device}` : ''}`,
    refused.join('; ') || 'none',
    `Install one: ${TFJS_INSTALL}`,
  );
}

async function open({ packages, backend }: Candidate, require: NodeJS.Require): Promise<TfjsNamespace> {
  const [tf] = packages.map((name) => require(name) as unknown) as [TfjsNamespace];
  if (!(await tf.setBackend(backend))) throw new Error(`the backend "${backend}" does not start`);
  await tf.ready();
  return tf;
}

function aboutOf({ name, packages }: Candidate, require: NodeJS.Require, tf: TfjsNamespace) {
  const versions = Object.fromEntries(
    packages.map((item) => [item, (require(`${item}/package.json`) as { version: string }).version]),
  );
  const { binding } = tf.backend() as { binding?: { TF_Version?: string } };
  const library = binding?.TF_Version ? `TensorFlow ${binding.TF_Version}` : 'TensorFlow.js';
  return { versions, description: `${name} ${Object.values(versions).at(-1)} (${library})` };
}

function isInstalled(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

/** Node 23 removed these; tfjs-node 4.22, its last release, still calls them. */
function restoreUtil(): void {
  const removed = {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  };
  for (const [name, test] of Object.entries(removed)) if (!(name in util)) Object.assign(util, { [name]: test });
}
