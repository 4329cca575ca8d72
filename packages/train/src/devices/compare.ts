/** What is held of a device when its probe is over, or has failed: whether it computes what the CPU computes, and how fast. */

import { DenaryError, type Device, messageOf, type SessionFactory, type Tensor, type Tensors } from '@denary/core';
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
  /** How far the first step brought a kernel or matrix from where the CPU brings it, in parts of the way; the largest. */
  readonly deviation?: number;
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

/** What is told to whoever tries devices. */
export interface TrialOptions {
  readonly trial: Trial;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Called before a device is tried, which takes some seconds. */
  onTry?(device: Device): void;
}

/**
 * The most that losses may differ. Float32 sums in another order differ by some 1e-6, TensorFloat-32, which CUDA's
 * convolutions use, by some 1e-3.
 */
const TOLERANCE = 0.005;

/**
 * The most that a weight may have gone astray. A gradient that is missing makes it 1, at once, where the loss may take long
 * to tell. Rounding makes it some 1e-5; where Adam, which goes by the gradient's sign at first, meets gradients of next to
 * nothing, 0.03.
 */
const ASTRAY = 0.25;

/** Judges a probe by the CPU's, both from the same weights. */
export function judged(device: Device, probe: TrainingProbe, cpu: TrainingProbe, start: Tensors): DeviceProbe {
  const { losses, imagesPerSecond } = probe;
  const apart = losses.map((loss, i) => lossesApart(loss, cpu.losses[i]!));
  const difference = Math.max(0, ...apart);
  // A bias in front of a batch normalization has a gradient of nothing but rounding: it goes anywhere.
  const kernels = Object.keys(cpu.weights).filter((name) => cpu.weights[name]!.shape.length > 1);
  const strayed = kernels.map((name) => astray(start[name], probe.weights[name], cpu.weights[name]));
  const deviation = Math.max(0, ...strayed);
  const facts = {
    imagesPerSecond,
    ...(Number.isFinite(difference) && { difference }),
    ...(Number.isFinite(deviation) && { deviation }),
  };
  const wrong = (reason: string): DeviceProbe => ({
    ...{ device, state: 'wrong', ...facts, reason },
    remedy: "Bring the GPU's driver up to date; until then, train on the CPU.",
  });
  if (difference > TOLERANCE) {
    const at = apart.findIndex((value) => value > TOLERANCE);
    const [loss, onCpu] = [losses[at]!.toFixed(4), cpu.losses[at]!.toFixed(4)];
    return wrong(`step ${at + 1} has a loss of ${loss}, on the CPU ${onCpu}`);
  }
  if (deviation > ASTRAY) {
    const name = kernels[strayed.indexOf(deviation)];
    return wrong(`the first step does not bring "${name}" to where the CPU brings it`);
  }
  return { device, state: 'works', ...facts };
}

/** Infinite where one of them is no number; of two that are none, the device is not to blame. */
function lossesApart(loss: number, onCpu: number): number {
  if (!Number.isFinite(onCpu) && !Number.isFinite(loss)) return 0;
  const apart = Math.abs(loss - onCpu) / Math.max(1, Math.abs(onCpu));
  return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
}

/** How far a weight is from where the CPU has brought it, in parts of the way that it went there. */
function astray(start: Tensor | undefined, end: Tensor | undefined, onCpu: Tensor | undefined): number {
  const [from, here, there] = [start, end, onCpu].map((tensor) => tensor?.data as Float32Array | undefined);
  if (!from || !here || !there) return 0;
  let [apart, way] = [0, 0];
  for (let i = 0; i < there.length; i++) {
    apart += (here[i]! - there[i]!) ** 2;
    way += (there[i]! - from[i]!) ** 2;
  }
  if (Number.isNaN(way) || apart === 0) return 0;
  return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.sqrt(apart / way);
}

/** What is told of a device that failed. Throws the error where it is a stop. */
export function failed(device: Device, error: unknown, signal?: AbortSignal): DeviceProbe {
  if (signal?.aborted) throw error;
  if (!(error instanceof DenaryError)) return { device, state: 'fails', reason: messageOf(error) };
  const { code, expected, received, remedy } = error;
  const ofDevice = code === 'device-unavailable' || code === 'timeout' || code === 'worker-lost';
  const reason = ofDevice ? received : `expected ${expected}, received ${received}`;
  return { device, state: code === 'device-unavailable' ? 'missing' : 'fails', reason, remedy };
}
