/** What is held of a device when its probe is over, or has failed: whether it computes what the CPU computes, and how fast. */

import { DenaryError, type Device, messageOf, type SessionFactory } from '@denary/core';
import type { TrainingProbe } from './probe.js';

/**
 * `works`; `partly`, where operators that it lacks ran on the CPU; `wrong`, where its losses are not the CPU's; `missing`, where
 * something is not installed or not there; `fails` for all else: it crashes, hangs, or refuses the model.
 */
export type DeviceState = 'works' | 'partly' | 'wrong' | 'missing' | 'fails';

/** What a manifest records of a device that was tried. */
export interface DeviceProbe {
  readonly device: Device;
  readonly state: DeviceState;
  /** Of training; where a step was made. */
  readonly imagesPerSecond?: number;
  /** Of prediction, where that was tried. */
  readonly predictionsPerSecond?: number;
  /** The largest difference between its losses and the CPU's, in parts of the CPU's (of 1 where that is less). */
  readonly difference?: number;
  /** Why it does not work, and what to do about it. */
  readonly reason?: string;
  readonly remedy?: string;
}

/**
 * Does work with a factory of sessions on a device: where it may crash or hang, and whatever comes of it, is the caller's
 * affair. `fallback` says whether the CPU may help, whatever the work says.
 */
export type Trial = <T>(
  device: Device,
  work: (createSession: SessionFactory) => Promise<T>,
  options?: { readonly fallback?: boolean },
) => Promise<T>;

/**
 * The most that losses may differ. Float32 sums in another order differ by some 1e-6, TensorFloat-32, which CUDA's
 * convolutions use, by some 1e-3; a missing or wrong gradient by much more after a few steps.
 */
export const TOLERANCE = 0.005;

/** Judges a probe by the CPU's. */
export function judged(device: Device, { losses, imagesPerSecond }: TrainingProbe, cpu: TrainingProbe): DeviceProbe {
  const apart = losses.map((loss, i) => Math.abs(loss - cpu.losses[i]!) / Math.max(1, Math.abs(cpu.losses[i]!)));
  // Of two losses that are no numbers, the device is not to blame.
  const difference = Math.max(0, ...apart.filter((_, i) => !Number.isNaN(losses[i]!) || !Number.isNaN(cpu.losses[i]!)));
  if (difference <= TOLERANCE) return { device, state: 'works', imagesPerSecond, difference };
  const at = apart.findIndex((value) => !(value <= TOLERANCE));
  return {
    device,
    state: 'wrong',
    imagesPerSecond,
    ...(Number.isFinite(difference) && { difference }),
    reason: `step ${at + 1} has a loss of ${shown(losses[at]!)}, on the CPU ${shown(cpu.losses[at]!)}`,
    remedy: "Bring the GPU's driver up to date; until then, train on the CPU.",
  };
}

const shown = (loss: number): string => loss.toFixed(4);

/** What is told of a device that failed. Throws the error where it is a stop. */
export function failed(device: Device, error: unknown, signal?: AbortSignal): DeviceProbe {
  if (signal?.aborted) throw error;
  if (!(error instanceof DenaryError)) return { device, state: 'fails', reason: messageOf(error) };
  const { code, expected, received, remedy } = error;
  const ofDevice = code === 'device-unavailable' || code === 'timeout' || code === 'worker-lost';
  const reason = ofDevice ? received : `expected ${expected}, received ${received}`;
  return { device, state: code === 'device-unavailable' ? 'missing' : 'fails', reason, remedy };
}
