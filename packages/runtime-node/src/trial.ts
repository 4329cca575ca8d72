/**
 * Work on a device that may fail in every way that drivers have: it is done in child processes that can crash, or hang and be
 * killed, and take nothing else along. What the drivers print goes into the diagnosis.
 */

import {
  DenaryError,
  type Device,
  deviceUnavailable,
  openRemote,
  type SessionFactory,
  type SessionOptions,
} from '@denary/core';
import { type Diagnosis, diagnose, obstacleTo, unavailable } from './diagnosis.js';
import { startProcess } from './isolation/process.js';

export interface TrialOptions extends Pick<SessionOptions, 'fallback'> {
  /** Milliseconds for all of the work, in 1 to 2^31-1; default 60,000. */
  readonly timeout?: number;
  /** Ends the work: it rejects with `aborted`. */
  readonly signal?: AbortSignal;
}

/**
 * Does work with sessions on a device, each in a child process of its own. Throws what the work throws, `device-unavailable`
 * with a diagnosis where the device does not work, `timeout` where it hangs, `worker-lost` where it crashes, or `aborted`.
 */
export async function tryDevice<T>(
  device: Device,
  work: (createSession: SessionFactory) => Promise<T>,
  { timeout = 60_000, signal, fallback }: TrialOptions = {},
): Promise<T> {
  if (signal?.aborted) throw aborted(device);
  if (obstacleTo(device)) throw unavailable(device, 'not tried');
  const ending = new AbortController();
  const end = () => ending.abort();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    end();
  }, timeout);
  signal?.addEventListener('abort', end);
  const asked = fallback === undefined ? {} : { fallback };
  let printed = '';
  const onOutput = (text: string) => {
    printed += text;
  };
  const createSession: SessionFactory = (model, options = {}) => {
    const port = startProcess({ signal: ending.signal, onOutput });
    return openRemote(port, { model, options: { ...options, device, ...asked } });
  };
  try {
    return await Promise.race([work(createSession), rejectionOf(ending.signal)]);
  } catch (error) {
    if (signal?.aborted) throw aborted(device);
    if (late) throw hung(device, timeout);
    throw explained(device, error, printed);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** Rejects when the signal is raised. */
function rejectionOf(signal: AbortSignal): Promise<never> {
  const promise = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  // Where the work is done first, nobody waits for it any more.
  promise.catch(() => {});
  return promise;
}

/** What the drivers printed says more than what ONNX Runtime threw. */
function explained(device: Device, error: unknown, printed: string): unknown {
  if (!(error instanceof DenaryError)) return error;
  const { code, received, message } = error;
  const told = diagnose(device, `${printed}\n${message}`);
  if (code === 'worker-lost') return crashed(device, received, told, lastLine(printed));
  const unavailable = code === 'device-unavailable' || code === 'session-failed';
  return told && unavailable ? deviceUnavailable(`a working ${device}`, told.cause, told.remedy, error) : error;
}

const crashed = (device: Device, how: string, told: Diagnosis | undefined, last: string) =>
  new DenaryError({
    code: 'worker-lost',
    who: `device ${device}`,
    expected: 'a process that goes on',
    received: told?.cause ?? `${how.replace('its end', 'the end of its process')}${last && ` after "${last}"`}`,
    remedy: told?.remedy ?? "Bring the GPU's driver up to date, or use device 'cpu'.",
  });

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!.trim().slice(0, 200);

const hung = (device: Device, timeout: number) =>
  new DenaryError({
    code: 'timeout',
    who: `device ${device}`,
    expected: 'to be done in time',
    received: `no end of its trial in ${timeout / 1000} s`,
    remedy: "It hangs, or is far too slow: bring the GPU's driver up to date, or use device 'cpu'.",
  });

const aborted = (device: Device) =>
  new DenaryError({
    code: 'aborted',
    who: `device ${device}`,
    expected: 'to be tried to the end',
    received: 'a stop',
    remedy: 'Try it again.',
  });
