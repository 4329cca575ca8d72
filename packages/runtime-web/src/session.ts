/**
 * The Session of onnxruntime-web. Its WASM copies tensors in and out and leaves preallocated outputs as they were, so state
 * moves by feeding a run's fresh outputs to the next run; with WebGPU those outputs stay on the device.
 */

import {
  badModelFile,
  DeviceCopier,
  deviceUnavailable,
  type Engine,
  FeedbackEngine,
  fallbackNeeded,
  layoutOf,
  messageOf,
  type Session,
  type SessionLayout,
  type SessionOptions,
  sessionOn,
  type Tensor,
  turns,
  withoutFallback,
} from '@denary/core';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';

type Ort = typeof import('onnxruntime-web');
type WebDevice = 'wasm' | 'webgpu';
type OrtTensors = Record<string, OrtTensor>;

/** Node's build of onnxruntime-web has threads there, but bundlers must not see it: it is three times the size. */
const nodeEntry = 'onnxruntime-web';
const inNode = (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node !== undefined;

const runtimes: { readonly [D in WebDevice]: () => Promise<Ort> } = {
  wasm: () =>
    inNode ? import(/* @vite-ignore */ /* webpackIgnore: true */ nodeEntry) : import('onnxruntime-web/wasm'),
  webgpu: () => import('onnxruntime-web/webgpu'),
};

/** What ONNX Runtime does on WebGPU is done one thing at a time over all sessions: a second one would fail, or hang. */
const gpuTurn = turns();
const inTurn = <T>(device: WebDevice, call: () => Promise<T>) => (device === 'webgpu' ? gpuTurn(call) : call());

/**
 * A session on `wasm` (the default) or `webgpu`. All WASM sessions share one pool of threads, made for the first of them:
 * its `threads` count, those of later sessions do not. Left out, ONNX Runtime chooses half the cores, at most 4; a page
 * that is not cross-origin isolated has one. Throws `bad-model` or `device-unavailable`, and `unsupported-operator` where the
 * model needs a fallback that is not allowed.
 */
export async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { device = 'wasm', threads, state } = options;
  if (!isWebDevice(device)) throw unavailable('wasm or webgpu', device);
  const ort = await runtimes[device]();
  if (threads) ort.env.wasm.numThreads ??= threads;
  const session = await load(ort, model, device, options);
  try {
    const layout = layoutOf(session.inputMetadata, session.outputMetadata, state);
    return sessionOn(device, engineOf(ort, session, device, layout), layout);
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** The versions of what runs the models. */
export async function runtimeVersions(): Promise<Record<string, string>> {
  const { versions } = (await runtimes.wasm()).env;
  return { 'onnxruntime-web': versions.web ?? versions.common };
}

const isWebDevice = (device: string): device is WebDevice => Object.hasOwn(runtimes, device);

const unavailable = (expected: string, received: string, cause?: unknown) =>
  deviceUnavailable(expected, received, "Use device 'wasm', or @denary/runtime-node for Node's devices.", cause);

async function load(ort: Ort, model: Uint8Array, device: WebDevice, { state = [], fallback = true }: SessionOptions) {
  const outputs = state.flatMap(({ output }) => output ?? []);
  const location = Object.fromEntries(outputs.map((name) => [name, 'gpu-buffer' as const]));
  const onDevice = {
    preferredOutputLocation: location,
    ...(fallback ? {} : { extra: { session: withoutFallback } }),
  };
  try {
    const create = () =>
      ort.InferenceSession.create(model, {
        executionProviders: [device],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(device === 'webgpu' ? onDevice : {}),
      });
    return await inTurn(device, create);
  } catch (cause) {
    const lacking = fallbackNeeded(cause, device);
    if (lacking) throw lacking;
    if (messageOf(cause).includes('no available backend'))
      throw unavailable(`a working ${device}`, messageOf(cause), cause);
    throw badModelFile(messageOf(cause), cause);
  }
}

/** One run after the other, and none after one that failed on WebGPU: with onnxruntime-web 1.30 it would never return. */
function engineOf(ort: Ort, session: InferenceSession, device: WebDevice, layout: SessionLayout): Engine {
  let broken = false;
  const run = async (feeds: OrtTensors, fetches: readonly string[]): Promise<OrtTensors> => {
    if (broken) throw new Error('an earlier run failed, after which a session on WebGPU hangs: create another one');
    try {
      return await inTurn(device, () => session.run(feeds, fetches));
    } catch (error) {
      broken = device === 'webgpu';
      throw error;
    }
  };
  const engine = {
    wrap: ({ dtype, shape, data }: Tensor): OrtTensor => new ort.Tensor(dtype, data as never, shape),
    run,
    release: () => inTurn(device, () => session.release()),
  };
  return new FeedbackEngine(device === 'webgpu' ? { ...engine, copier: copierOn(ort) } : engine, layout);
}

/** One for all sessions, whose own stay open. */
let copier: DeviceCopier<OrtTensor> | undefined;
const copierOn = (ort: Ort) => {
  copier ??= new DeviceCopier<OrtTensor>(async (model, to) => {
    const identity = await inTurn('webgpu', () =>
      ort.InferenceSession.create(model, {
        executionProviders: ['webgpu'],
        logSeverityLevel: 3,
        preferredOutputLocation: { y: to },
      }),
    );
    return async (x) => (await inTurn('webgpu', () => identity.run({ x }))).y!;
  });
  return copier;
};
