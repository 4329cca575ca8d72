/** Sessions with state on WebGPU in Node (experimental in ONNX Runtime, on Linux x64): it stays on the GPU between runs. */

import { DeviceCopier, type Engine, FeedbackEngine, type SessionLayout, type StateSlot } from '@denary/core';
import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { ortTensor } from './ort-tensor.js';

/** Options for a session whose state comes out of a run where it goes into the next one. */
export const stateOnDevice = (state: readonly StateSlot[]): InferenceSession.SessionOptions => ({
  preferredOutputLocation: Object.fromEntries(state.flatMap(({ output }) => (output ? [[output, 'gpu-buffer']] : []))),
});

/** Its sessions stay open while the process does: with the last one, ONNX Runtime forgets all shaders that it has compiled. */
const copier = new DeviceCopier<OrtTensor>(async (model, to) => {
  const identity = await InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    logSeverityLevel: 3,
    preferredOutputLocation: { y: to },
  });
  return async (x) => (await identity.run({ x })).y!;
});

export function webgpuEngine(session: InferenceSession, layout: SessionLayout): Engine {
  const runtime = {
    wrap: ortTensor,
    run: (feeds: Record<string, OrtTensor>, fetches: readonly string[]) => session.run(feeds, fetches),
    copier,
    release: () => session.release(),
  };
  return new FeedbackEngine<OrtTensor>(runtime, layout);
}
