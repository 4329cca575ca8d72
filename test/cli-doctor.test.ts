/** `denary doctor` and `denary train --device`, as a user types them, on whatever machine this is. */

import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obstacleTo, visibleGpus } from '@denary/runtime-node';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { denary, finished, objects, start } from './command.js';

let folder: string;

// A slow GPU, one in software for instance, may use up all the time that it is given.
vi.setConfig({ testTimeout: 180_000 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-doctor-'));
});

const STATES = ['works', 'partly', 'wrong', 'missing', 'fails'];

describe('denary doctor', () => {
  it('tells of the machine, and of each device whether it trains and how to enable it', async () => {
    const ran = await denary('doctor', '--system', 'mlp', '--timeout', '20', '--json');
    expect(ran).toMatchObject({ code: 0, err: '' });
    const [machine, ...devices] = objects(ran);
    expect(machine).toMatchObject({ event: 'machine', platform: `${process.platform} ${process.arch}` });
    expect(Object.keys(machine.versions)).toEqual(
      expect.arrayContaining(['denary', 'node', 'onnxruntime-node', 'onnxruntime-web']),
    );
    for (const key of ['cores', 'memory']) expect(machine[key]).toBeGreaterThan(0);

    expect(devices.map(({ device }) => device)).toEqual(['cpu', 'wasm', 'webgpu', 'cuda']);
    const [cpu, wasm, ...gpus] = devices;
    for (const probe of [cpu, wasm]) {
      expect(probe).toMatchObject({ event: 'device', system: 'mlp', state: 'works' });
      expect(probe.imagesPerSecond).toBeGreaterThan(0);
      expect(probe.predictionsPerSecond).toBeGreaterThan(0);
      expect(probe.difference).toBeLessThan(1e-4);
    }
    for (const probe of gpus) {
      expect(STATES).toContain(probe.state);
      if (probe.state === 'works') continue;
      if (probe.state === 'missing') expect(probe.remedy).toMatch(/.{10}/);
      if (probe.state !== 'partly') expect(probe.reason).toMatch(/.{10}/);
    }
    const obstacle = obstacleTo('cuda');
    if (obstacle) {
      const { cause: reason, remedy } = obstacle;
      expect(gpus[1]).toMatchObject({ device: 'cuda', state: 'missing', reason, remedy });
    }
  });

  it('has a line for each device, with what is printed along the way on stderr', async () => {
    const { code, out } = await denary('doctor', '--system', 'mlp', '--timeout', '20');
    expect(code).toBe(0);
    expect(out).toMatch(/^denary \d.*onnxruntime-node \d.*node \d/);
    expect(out).toMatch(/^cpu {5}works {4}[\d,]+ images\/s, [\d,]+ in prediction$/m);
    expect(out).toMatch(/^wasm {4}works {4}[\d,]+ images\/s/m);
    expect(out).toMatch(/^webgpu {2}(works|partly|wrong|missing|fails) +\S/m);
    expect(out).toMatch(/^cuda {4}(works|partly|wrong|missing|fails) +\S/m);
    expect(out).not.toMatch(/undefined|NaN|\[object/);
  });

  it('does not take for missing what is another mistake', async () => {
    expect(await denary('doctor', '--system', 'lenet')).toMatchObject({ code: 1, out: '' });
    expect(await denary('doctor', '--timeout', '0')).toMatchObject({ code: 2, out: '' });
    const help = await denary('doctor', '--help');
    for (const word of [...STATES, '--system', '--json']) expect(help.out).toContain(word);
  });

  it('stops at Ctrl-C', async () => {
    const child = start('doctor', '--json');
    const ran = finished(child);
    child.stdout!.once('data', () => child.kill('SIGINT'));
    expect(await ran).toMatchObject({ code: 1, err: expect.stringMatching(/received a stop/) });
  });
});

describe('denary train --device', () => {
  const train = (out: string, ...args: string[]) =>
    denary('train', 'mlp', '--steps', '10', '--no-report', '--out', join(folder, out), ...args);
  const manifestIn = async (out: string) => JSON.parse(await readFile(join(folder, out, 'manifest.json'), 'utf8'));

  it('is chosen by itself, and says on stderr which one and why', async () => {
    const { code, err } = await train('auto');
    expect(code).toBe(0);
    expect(err).toMatch(/^device: (cpu|webgpu|cuda) \(.+\)$/m);
    if (visibleGpus().length === 0) expect(err).toMatch(/^device: cpu \(no GPU is visible\)$/m);
    const { training } = await manifestIn('auto');
    expect(err).toContain(`device: ${training.device} (`);
    expect((training.probes ?? []).map(({ device }: { device: string }) => device)).toEqual(
      expect.arrayContaining(visibleGpus()),
    );
  });

  it('is not tried where it is named', async () => {
    const { err } = await train('cpu', '--device', 'cpu');
    expect(err).not.toMatch(/device: /);
    const { training } = await manifestIn('cpu');
    expect(training).toMatchObject({ device: 'cpu' });
    expect(training).not.toHaveProperty('probes');
  });

  it('is in the JSON', async () => {
    const { out } = await train('json', '--json');
    const [begun] = objects({ out });
    expect(begun).toMatchObject({ event: 'start', device: expect.stringMatching(/^(cpu|webgpu|cuda)$/) });
    if (visibleGpus().length > 0) expect(begun.probes[0].device).toBe(visibleGpus()[0]);
  });

  it('fails for a named one that is not here, and says how to enable it', async () => {
    const obstacle = obstacleTo('cuda');
    if (!obstacle) return;
    const { code, err } = await train('cuda', '--device', 'cuda');
    expect(code).toBe(1);
    expect(err).toContain(obstacle.cause);
    expect(err).toContain(obstacle.remedy);
  });
});
