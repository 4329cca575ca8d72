import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTfjs } from './load-tfjs.js';

let folder: string;

/** Stands in for a package of TensorFlow.js. */
async function install(name: string, source: string): Promise<void> {
  const at = join(folder, 'node_modules', ...name.split('/'));
  await mkdir(at, { recursive: true });
  await writeFile(join(at, 'package.json'), JSON.stringify({ name, version: '4.0.0', main: 'index.js' }));
  await writeFile(join(at, 'index.js'), source);
}

const working = (backend: string) => `let set;
exports.setBackend = async (name) => { set = name; return name === '${backend}'; };
exports.getBackend = () => set;
exports.ready = async () => {};
exports.backend = () => ({ binding: { TF_Version: '2.0.0' } });`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-tfjs-'));
  await install('@tensorflow/tfjs-node-gpu', "throw new Error('libcudart.so.11.0 is missing')");
  await install('@tensorflow/tfjs-node', working('tensorflow'));
  await install('@tensorflow/tfjs', working('cpu'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('loadTfjs', () => {
  it('takes the first that loads, and says why a faster one did not', async () => {
    const { tf, refused, ...rest } = await loadTfjs({ from: [folder] });
    expect(rest).toEqual({
      device: 'cpu',
      description: 'tfjs-node 4.0.0 (TensorFlow 2.0.0)',
      versions: { '@tensorflow/tfjs-node': '4.0.0' },
    });
    expect(tf.getBackend()).toBe('tensorflow');
    expect(refused).toEqual([expect.stringContaining('tfjs-node-gpu: libcudart.so.11.0 is missing')]);
  });

  it('takes the next one where a trial fails', async () => {
    const trial = async (tf: { getBackend(): string }) => {
      if (tf.getBackend() === 'tensorflow') throw new Error('no such kernel');
    };
    const { description, refused } = await loadTfjs({ from: [folder], trial });
    expect(description).toMatch(/^JavaScript 4/);
    expect(refused.at(-1)).toBe('tfjs-node: no such kernel');
  });

  it('names the one command that installs one', async () => {
    await expect(loadTfjs({ from: [folder], device: 'webgpu' })).rejects.toMatchObject({
      code: 'device-unavailable',
      received: 'none',
      remedy: 'Install one: npm install @tensorflow/tfjs-node',
    });
    await expect(loadTfjs({ from: [folder], device: 'cuda' })).rejects.toMatchObject({
      received: expect.stringContaining('libcudart'),
    });
  });
});
