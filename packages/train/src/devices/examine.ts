/** A look at every device in turn: whether it trains as the CPU does, wholly by itself, and how fast it trains and predicts. */

import { DenaryError, type Device, initializersOf } from '@denary/core';
import type { PreparedTraining } from '../prepare.js';
import { type DeviceProbe, failed, judged, type TrialOptions } from './compare.js';
import { type ProbeOptions, probePrediction, probeTraining, type TrainingProbe } from './probe.js';

export interface ExamineOptions extends TrialOptions {
  /** The CPU is looked at first, whether named or not: the others are compared with it. */
  readonly devices: readonly Device[];
  /** Called when it was. */
  onProbe?(probe: DeviceProbe): void;
}

interface Examined {
  readonly training: TrainingProbe;
  readonly predictionsPerSecond: number;
}

/** Throws on a stop alone. Where the CPU fails, the others are not tried. */
export async function examineDevices(
  prepared: PreparedTraining,
  { devices, trial, threads, signal, onTry, onProbe }: ExamineOptions,
): Promise<DeviceProbe[]> {
  const given = { ...(threads && { threads }), ...(signal && { signal }) };
  const examine = (device: Device, fallback: boolean) =>
    trial(device, (createSession) => both(prepared, { createSession, device, ...given }), { fallback });
  const probes: DeviceProbe[] = [];
  let cpu: TrainingProbe | undefined;
  for (const device of ['cpu', ...devices.filter((device) => device !== 'cpu')] as const) {
    onTry?.(device);
    let probe: DeviceProbe;
    try {
      const { whole, training, predictionsPerSecond } = await alone(device, examine);
      cpu ??= training;
      probe = { ...judged(device, training, cpu, initializersOf(prepared.model)), predictionsPerSecond };
      if (probe.state === 'works' && !whole) probe = { ...probe, state: 'partly' };
    } catch (error) {
      probe = failed(device, error, signal);
    }
    probes.push(probe);
    onProbe?.(probe);
    if (!cpu) break;
  }
  return probes;
}

/** First without the CPU's help; what fails then and works with it is not all done on the device. */
async function alone(device: Device, examine: (device: Device, fallback: boolean) => Promise<Examined>) {
  if (device === 'cpu' || device === 'wasm') return { whole: true, ...(await examine(device, true)) };
  try {
    return { whole: true, ...(await examine(device, false)) };
  } catch (error) {
    if (!(error instanceof DenaryError && error.code === 'unsupported-operator')) throw error;
    return { whole: false, ...(await examine(device, true)) };
  }
}

async function both(prepared: PreparedTraining, options: ProbeOptions): Promise<Examined> {
  const training = await probeTraining(prepared, options);
  return { training, predictionsPerSecond: await probePrediction(prepared, options) };
}
