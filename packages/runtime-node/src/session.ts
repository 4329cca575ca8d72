/**
 * The Session of onnxruntime-node. State lives in two sets of buffers, swapped after each run. onnxruntime-node 1.30 copies
 * every output into a new array all the same, which is why a training does several steps in one run. On WebGPU state stays
 * on the GPU; CUDA gets it from there and back with each run, as there is no other way.
 */

import {
  badModelFile,
  type Device,
  deviceUnavailable,
  type Engine,
  fallbackNeeded,
  filled,
  fromRuntime,
  layoutOf,
  messageOf,
  type Session,
  type SessionLayout,
  type SessionOptions,
  sessionOn,
  type Tensor,
  type Tensors,
  withoutFallback,
} from '@denary/core';
import { InferenceSession, type Tensor as OrtTensor } from 'onnxruntime-node';
import { obstacleTo, unavailable } from './diagnosis.js';
import { ortTensor } from './ort-tensor.js';
import { stateOnDevice, webgpuEngine } from './webgpu.js';

type OrtTensors = Record<string, OrtTensor>;

export interface NodeSessionOptions extends SessionOptions {
  /** How long ONNX Runtime's threads wait in a loop for more to do; its own choice, some 30 ms, where left out. */
  readonly spinMicroseconds?: number;
}

/**
 * A session on `cpu` (the default), `cuda` or `webgpu`. Throws `bad-model` or `device-unavailable`, and `unsupported-operator`
 * where the model needs a fallback that is not allowed.
 */
export async function createSession(model: Uint8Array, options: NodeSessionOptions = {}): Promise<Session> {
  const { device = 'cpu', state } = options;
  if (device === 'wasm') throw notOfNode(device);
  const session = await load(model, device, options);
  try {
    const layout = layoutOf(session.inputMetadata, session.outputMetadata, state);
    const engine = device === 'webgpu' ? webgpuEngine(session, layout) : new NodeEngine(session, layout);
    return sessionOn(device, engine, layout);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function load(model: Uint8Array, device: Device, options: NodeSessionOptions): Promise<InferenceSession> {
  const { threads, spinMicroseconds, state = [], fallback = true } = options;
  const configuration = {
    ...(device === 'webgpu' && !fallback ? withoutFallback : {}),
    ...(spinMicroseconds === undefined ? {} : { intra_op: { spin_duration_us: `${spinMicroseconds}` } }),
  };
  try {
    // ONNX Runtime would print a complaint of its own.
    const obstacle = obstacleTo(device);
    if (obstacle) throw new Error(obstacle.cause);
    return await InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads ? { intraOpNumThreads: threads } : {}),
      ...(device === 'webgpu' ? stateOnDevice(state) : {}),
      extra: { session: configuration },
    });
  } catch (cause) {
    if (device === 'cpu') throw badModelFile(messageOf(cause), cause);
    const lacking = fallbackNeeded(cause, device);
    if (lacking) throw lacking;
    // What does not load on the CPU either, or has no such state, is the caller's fault, and thrown as such.
    const onCpu = await load(model, 'cpu', { threads: 1 });
    try {
      layoutOf(onCpu.inputMetadata, onCpu.outputMetadata, state);
    } finally {
      await onCpu.release();
    }
    throw unavailable(device, cause);
  }
}

const notOfNode = (device: Device) =>
  deviceUnavailable("a device of Node's: cpu, cuda or webgpu", device, "Use device 'cpu', which every machine has.");

class NodeEngine implements Engine {
  private current: OrtTensors = {};
  private next: OrtTensors = {};
  /** Pairs of output and input. */
  private readonly moves: readonly (readonly [string, string])[];
  private readonly fetches: Record<string, null>;
  /** Of feeds in shared memory, by name. */
  private readonly copies = new Map<string, Uint8Array>();

  constructor(
    private readonly session: InferenceSession,
    { outputs, state }: SessionLayout,
  ) {
    this.fetches = Object.fromEntries(outputs.map(({ name }) => [name, null]));
    this.moves = state.flatMap(({ input, output }) => (output ? [[output, input] as const] : []));
    for (const { input, output, dtype, shape } of state) {
      this.current[input] = ortTensor(filled(dtype, shape));
      if (output) this.next[output] = ortTensor(filled(dtype, shape));
    }
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const inputs: OrtTensors = { ...this.current };
    for (const name in feeds) inputs[name] = ortTensor(this.unshared(name, feeds[name]!));
    const results = await this.session.run(inputs, { ...this.next, ...this.fetches });
    for (const [output, input] of this.moves) {
      const spare = this.current[input]!;
      this.current[input] = this.next[output]!;
      this.next[output] = spare;
    }
    return Object.fromEntries(Object.keys(this.fetches).map((name) => [name, fromRuntime(results[name] as OrtTensor)]));
  }

  /** onnxruntime-node takes no shared memory: bytes in it are copied into memory of our own, which stays for the next run. */
  private unshared(name: string, tensor: Tensor): Tensor {
    const { data } = tensor;
    if (!(data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer)) return tensor;
    let copy = this.copies.get(name);
    if (!copy || copy.length < data.length) {
      copy = new Uint8Array(data.length);
      this.copies.set(name, copy);
    }
    copy.set(data);
    return { ...tensor, data: copy.subarray(0, data.length) };
  }

  write(name: string, { data }: Tensor): void {
    (this.current[name]!.data as Float32Array).set(data as Float32Array);
  }

  read(name: string): Tensor {
    return fromRuntime(this.current[name]!);
  }

  async release(): Promise<void> {
    this.current = {};
    this.next = {};
    await this.session.release();
  }
}
