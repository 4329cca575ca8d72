/**
 * The Session of onnxruntime-web. Its WASM copies tensors in and out and leaves preallocated outputs as they were, so state
 * moves by feeding a run's fresh outputs to the next run; with WebGPU those outputs stay on the device.
 */

import {
  badModelFile,
  DeviceCopier,
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
import type { WebDevice } from './files.js';
import { isOutOfMemory, notStarted, type Ort, outOfMemory, type Runtime } from './runtime.js';

type OrtTensors = Record<string, OrtTensor>;

/** What ONNX Runtime does on WebGPU is done one thing at a time over all sessions: a second one would fail, or hang. */
const gpuTurn = turns();
const inTurn = <T>(device: WebDevice, call: () => Promise<T>) => (device === 'webgpu' ? gpuTurn(call) : call());

/** A session of a runtime that was loaded. Throws as `createSession` does. */
export async function sessionIn(
  { ort, device }: Runtime,
  model: Uint8Array,
  options: Pick<SessionOptions, 'state' | 'fallback'> = {},
): Promise<Session> {
  const session = await load(ort, model, device, options);
  try {
    const layout = layoutOf(session.inputMetadata, session.outputMetadata, options.state);
    return sessionOn(device, engineOf(ort, session, device, layout), layout);
  } catch (error) {
    await session.release();
    throw error;
  }
}

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
    if (messageOf(cause).includes('no available backend')) throw notStarted(device, cause);
    if (isOutOfMemory(cause)) throw outOfMemory('createSession', messageOf(cause), cause);
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
