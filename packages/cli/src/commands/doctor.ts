/** denary doctor: what works on this machine, by training and predicting on each device, and how to enable what does not. */

import { createRequire } from 'node:module';
import { DenaryError, type Device } from '@denary/core';
import { describeMachine, tryDevice } from '@denary/runtime-node';
import {
  type DeviceProbe,
  examineDevices,
  findArchitecture,
  madeUpData,
  prepareTraining,
  type Trial,
} from '@denary/train';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { whole } from '../options.js';
import { count } from '../text.js';

interface Options {
  system: string;
  threads?: number;
  timeout: number;
  json?: boolean;
}

const DEVICES: readonly Device[] = ['cpu', 'wasm', 'webgpu', 'cuda'];

export const doctorCommand = (context: ContextOf) =>
  new Command('doctor')
    .description('train a few steps on each device of this machine, and tell how to enable what is missing')
    .option('--system <name>', 'what to train: a name of `denary list`', 'cnn')
    .option('--threads <n>', 'threads on the CPU (default: all cores)', whole(1))
    .option('--timeout <seconds>', 'after which a device counts as hanging', whole(1), 60)
    .option('--json', 'one JSON object a line: the machine, then each device')
    .addHelpText('after', STATES)
    .action(async ({ system, threads, timeout, json = false }: Options) => {
      const { output, signal } = context({ json });
      const architecture = findArchitecture(system);
      // Loaded here alone: no other command has a use for WASM.
      const web = await import('@denary/runtime-web');
      const machine = describeMachine();
      const versions = { denary: ownVersion(), ...machine.versions, ...(await web.runtimeVersions()) };
      output.result({ event: 'machine', ...machine, versions }, machineText({ ...machine, versions }));
      const trial: Trial = (device, work, options) =>
        device === 'wasm'
          ? work(web.createSession)
          : tryDevice(device, work, { ...options, signal, timeout: timeout * 1000 });
      const [cpu] = await examineDevices(prepareTraining({ architecture, train: madeUpData(architecture) }), {
        devices: DEVICES,
        trial,
        signal,
        ...(threads && { threads }),
        onTry: (device) => output.live(`Trying ${device} ...`),
        onProbe: (probe) => output.result({ event: 'device', system, ...probe }, probeText(probe)),
      });
      if (cpu?.state !== 'works') throw sick(cpu);
    });

const STATES = `
States:
  works    trains with the CPU's losses, all of it on the device
  partly   works, with some of its operators on the CPU
  wrong    trains with other losses than the CPU's
  missing  not here, or something that it needs is not installed
  fails    crashes, hangs, or does not take the training graph`;

const ownVersion = () => (createRequire(import.meta.url)('denary/package.json') as { version: string }).version;

function machineText({
  platform,
  system,
  cpu,
  cores,
  memory,
  nvidiaDriver,
  versions,
}: ReturnType<typeof describeMachine>) {
  const versionList = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const driver = nvidiaDriver ? [`NVIDIA driver ${nvidiaDriver}`] : [];
  return [
    versionList.join(', '),
    [`${platform} (${system})`, cpu, `${cores} cores`, `${Math.round(memory / 2 ** 30)} GiB`, ...driver].join(', '),
    '',
  ].join('\n');
}

function probeText(probe: DeviceProbe): string {
  const { device, state, imagesPerSecond, predictionsPerSecond, difference, reason, remedy } = probe;
  const works = state === 'works' || state === 'partly';
  const facts = works
    ? [
        `${count(imagesPerSecond!)} images/s`,
        ...(predictionsPerSecond ? [`${count(predictionsPerSecond)} in prediction`] : []),
        ...(state === 'partly' ? ['some operators on the CPU'] : []),
      ]
    : [reason!, ...(difference ? [`losses differ by up to ${difference.toPrecision(2)}`] : [])];
  const line = `${device.padEnd(6)}  ${state.padEnd(7)}  ${facts.join(', ')}`;
  return works || !remedy ? line : `${line}\n${' '.repeat(17)}${remedy}`;
}

const sick = (cpu: DeviceProbe | undefined) =>
  new DenaryError({
    code: 'device-unavailable',
    who: 'denary doctor',
    expected: 'a CPU that trains',
    received: cpu?.reason ?? 'nothing',
    remedy: cpu?.remedy ?? 'Report this with what is printed above.',
  });
