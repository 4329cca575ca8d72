/** Where to train: what `--device` says, or what the trial of `auto` finds, with a line on stderr that says why. */

import { tryDevice, visibleGpus } from '@denary/runtime-node';
import {
  type ChosenDevice,
  chooseDevice,
  type DeviceProbe,
  prepareTraining,
  type TrainingOptions,
} from '@denary/train';
import type { Context } from './context.js';
import type { TrainingDevice } from './options.js';
import { count } from './text.js';

/** Milliseconds for the trial of one device. The first step on a GPU compiles its kernels. */
const PATIENCE = 30_000;

/** Tries GPUs in processes of their own; on a machine that shows none, nothing is tried. */
export async function pickDevice(
  { output, signal }: Context,
  choice: TrainingDevice,
  training: TrainingOptions,
  threads: number | undefined,
): Promise<ChosenDevice> {
  if (choice !== 'auto') return { device: choice, probes: [] };
  const gpus = visibleGpus();
  const chosen: ChosenDevice =
    gpus.length === 0
      ? { device: 'cpu', probes: [] }
      : await chooseDevice(prepareTraining(training), {
          gpus,
          trial: (device, work) => tryDevice(device, work, { signal, timeout: PATIENCE }),
          signal,
          ...(threads && { threads }),
          onTry: (device) => output.live(`Trying to train on ${device} ...`),
        });
  output.note(deviceLine(chosen));
  return chosen;
}

/** `device: cpu (webgpu: 12 images/s, cpu: 1,182 images/s; cuda: libcudart.so.12 is missing)` */
function deviceLine({ device, probes }: ChosenDevice): string {
  const [working, others] = [probes.filter(isTrained), probes.filter((probe) => !isTrained(probe))];
  const reasons = [
    working.map((probe) => `${probe.device}: ${count(probe.imagesPerSecond!)} images/s`).join(', '),
    ...others.map(whyNot),
  ];
  return `device: ${device} (${reasons.filter(Boolean).join('; ') || 'no GPU is visible'})`;
}

const isTrained = ({ state }: DeviceProbe): boolean => state === 'works' || state === 'partly';

const whyNot = ({ device, state, reason }: DeviceProbe): string =>
  `${device}: ${state === 'wrong' ? 'wrong numbers, ' : ''}${reason}`;
