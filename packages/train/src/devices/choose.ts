/** `auto`: the fastest device that trains a given graph as the CPU does, found by training a few steps on each. */

import { type Device, initializersOf } from '@denary/core';
import type { PreparedTraining } from '../prepare.js';
import { type DeviceProbe, failed, judged, type TrialOptions } from './compare.js';
import { probeTraining, type TrainingProbe } from './probe.js';

export interface ChooseDeviceOptions extends TrialOptions {
  /** The GPUs to try. Without one, the CPU is chosen at once. */
  readonly gpus: readonly Device[];
}

export interface ChosenDevice {
  readonly device: Device;
  /** What was tried, the GPUs first. Empty where there was no choice; without the CPU where no GPU trained. */
  readonly probes: readonly DeviceProbe[];
}

/** Throws what the CPU throws, and a stop. What becomes of a GPU is in the probes. */
export async function chooseDevice(
  prepared: PreparedTraining,
  { gpus, trial, threads, signal, onTry }: ChooseDeviceOptions,
): Promise<ChosenDevice> {
  const probe = (device: Device) => {
    onTry?.(device);
    const given = { device, ...(threads && { threads }), ...(signal && { signal }) };
    return trial(device, (createSession) => probeTraining(prepared, { createSession, ...given }));
  };
  const trained: { readonly device: Device; readonly result: TrainingProbe }[] = [];
  const failures: DeviceProbe[] = [];
  for (const device of gpus) {
    try {
      trained.push({ device, result: await probe(device) });
    } catch (error) {
      failures.push(failed(device, error, signal));
    }
  }
  if (trained.length === 0) return { device: 'cpu', probes: failures };
  const cpu = await probe('cpu');
  const start = initializersOf(prepared.model);
  const all = [...trained, { device: 'cpu', result: cpu } as const];
  const probes = all.map(({ device, result }) => judged(device, result, cpu, start));
  return { device: fastest(probes), probes: [...failures, ...probes] };
}

function fastest(probes: readonly DeviceProbe[]): Device {
  const working = probes.filter(({ state }) => state === 'works');
  return working.toSorted((a, b) => b.imagesPerSecond! - a.imagesPerSecond!)[0]?.device ?? 'cpu';
}
