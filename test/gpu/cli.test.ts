/** `denary train --device webgpu`, as it is built: trained on the GPU, measured, reported and written like any other. */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseManifest } from '@denary/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeOnGpu } from './describe-on-gpu.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-gpu-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function train(device: string) {
  const out = join(folder, device);
  const args = [
    'train',
    'fashion-mlp',
    '--dataset',
    'mnist',
    '--device',
    device,
    '--steps',
    '5',
    '--out',
    out,
    '--json',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, ['packages/cli/bin/denary.js', ...args], {
    cwd: root,
  });
  const done = JSON.parse(stdout.trim().split('\n').at(-1)!) as { event: string; testLoss: number };
  return { out, done, manifest: parseManifest(String(await readFile(join(out, 'manifest.json')))) };
}

describeOnGpu('denary train --device webgpu', () => {
  it('makes what it makes on the CPU', async () => {
    const [onGpu, onCpu] = [await train('webgpu'), await train('cpu')];
    expect(onGpu.done.event).toBe('done');
    expect(onGpu.done.testLoss).toBeCloseTo(onCpu.done.testLoss, 3);
    expect(onGpu.manifest.training!.device).toBe('webgpu');
    expect(onGpu.manifest.files['training.onnx']).toEqual(onCpu.manifest.files['training.onnx']);
    expect(await readdir(onGpu.out)).toEqual(expect.arrayContaining(['model.onnx', 'report.html', 'pictures']));
  });
});
