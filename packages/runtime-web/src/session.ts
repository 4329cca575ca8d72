/**
 * The Session of onnxruntime-web. Its WASM copies tensors in and out and leaves preallocated outputs as they were, so state
 * moves by feeding a run's fresh outputs to the next run; with WebGPU those outputs stay on the device.
 */

import {
  badModelFile,
  copied,
  deviceUnavailable,
  type Engine,
  filled,
  fromRuntime,
  type HeldState,
  layoutOf,
  messageOf,
  type Session,
  type SessionLayout,
  type SessionOptions,
  sessionOn,
  type Tensor,
  type Tensors,
  turns,
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
 * that is not cross-origin isolated has one. Throws `bad-model` or `device-unavailable`.
 */
export async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { device = 'wasm', threads, state } = options;
  if (!isWebDevice(device)) throw unavailable('wasm or webgpu', device);
  const ort = await runtimes[device]();
  if (threads) ort.env.wasm.numThreads ??= threads;
  const session = await load(ort, model, device, state);
  try {
    const layout = layoutOf(session.inputMetadata, session.outputMetadata, state);
    return sessionOn(device, new WebEngine(ort, session, device, layout), layout);
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

async function load(ort: Ort, model: Uint8Array, device: WebDevice, state: SessionOptions['state'] = []) {
  const outputs = state.flatMap(({ output }) => output ?? []);
  try {
    const location = Object.fromEntries(outputs.map((name) => [name, 'gpu-buffer' as const]));
    const create = () =>
      ort.InferenceSession.create(model, {
        executionProviders: [device],
        graphOptimizationLevel: 'all',
        logSeverityLevel: 3,
        ...(device === 'webgpu' ? { preferredOutputLocation: location } : {}),
      });
    return await inTurn(device, create);
  } catch (cause) {
    if (messageOf(cause).includes('no available backend'))
      throw unavailable(`a working ${device}`, messageOf(cause), cause);
    throw badModelFile(messageOf(cause), cause);
  }
}

class WebEngine implements Engine {
  private readonly state: OrtTensors = {};
  /** Seen with onnxruntime-web 1.30 in Chromium: the run after a failed one never returns. */
  private broken = false;
  private readonly fetches: readonly string[];
  private readonly moves: readonly (HeldState & { readonly output: string })[];

  constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    private readonly device: WebDevice,
    private readonly layout: SessionLayout,
  ) {
    this.moves = layout.state.flatMap(({ output, ...rest }) => (output ? [{ ...rest, output }] : []));
    this.fetches = [...layout.outputs.map(({ name }) => name), ...this.moves.map(({ output }) => output)];
    for (const { input, dtype, shape } of layout.state) this.state[input] = this.toOrt(filled(dtype, shape));
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const inputs: OrtTensors = { ...this.state };
    for (const name in feeds) inputs[name] = this.toOrt(feeds[name]!);
    if (this.broken)
      throw new Error('an earlier run failed, after which a session on WebGPU hangs: create another one');
    let results: OrtTensors;
    try {
      results = await inTurn(this.device, () => this.session.run(inputs, this.fetches));
    } catch (error) {
      this.broken = this.device === 'webgpu';
      throw error;
    }
    for (const { output, shape } of this.moves) {
      const { dims } = results[output]!;
      if (dims.join() !== shape.join()) throw new Error(`the state "${output}" came as [${dims}], not as [${shape}]`);
    }
    for (const { input, output } of this.moves) {
      freeDevice(this.state[input]!);
      this.state[input] = results[output]!;
    }
    return Object.fromEntries(this.layout.outputs.map(({ name }) => [name, fromRuntime(results[name]!)]));
  }

  write(name: string, tensor: Tensor): void {
    freeDevice(this.state[name]!);
    this.state[name] = this.toOrt(copied(tensor));
  }

  async read(name: string): Promise<Tensor> {
    const { type, dims } = this.state[name]!;
    return fromRuntime({ type, dims, data: await inTurn(this.device, () => this.state[name]!.getData()) });
  }

  async release(): Promise<void> {
    for (const name in this.state) freeDevice(this.state[name]!);
    await inTurn(this.device, () => this.session.release());
  }

  private toOrt({ dtype, shape, data }: Tensor): OrtTensor {
    return new this.ort.Tensor(dtype, data as never, shape);
  }
}

function freeDevice(tensor: OrtTensor): void {
  if (tensor.location === 'gpu-buffer') tensor.dispose();
}
