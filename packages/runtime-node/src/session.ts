/** The Session of onnxruntime-node. State lives in two sets of buffers, swapped after each run: a step copies nothing. */

import { arrayOf, DenaryError, type Device, type DType, filled, messageOf, type Session, type SessionOptions, sizeOf, type Tensor, type Tensors, type Value } from '@denary/core';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';

type OrtTensors = Record<string, OrtTensor>;

/** A session on `cpu` (the default), `cuda` or `webgpu`. Throws `bad-model` or `device-unavailable`. */
export async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { device = 'cpu', threads, state = [] } = options;
  if (device === 'wasm') throw unavailable(device, "a device of Node's: cpu, cuda or webgpu");
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, {
      executionProviders: [device],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(threads ? { intraOpNumThreads: threads } : {}),
    });
  } catch (cause) {
    if (device !== 'cpu') throw unavailable(messageOf(cause), `a working ${device}`, cause);
    throw new DenaryError({
      code: 'bad-model',
      who: 'createSession',
      expected: 'an ONNX model that ONNX Runtime loads',
      received: messageOf(cause),
      remedy: 'Check that the file is whole.',
      cause,
    });
  }
  return new NodeSession(session, device, state);
}

function unavailable(received: string, expected: string, cause?: unknown): DenaryError {
  return new DenaryError({
    code: 'device-unavailable',
    who: 'createSession',
    expected,
    received,
    remedy: "Use device 'cpu', or 'auto', which takes what works.",
    cause,
  });
}

class NodeSession implements Session {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  private current: OrtTensors = {};
  private next: OrtTensors = {};
  /** Input name by output name. */
  private readonly moves: ReadonlyMap<string, string>;
  private readonly fetches: Record<string, null>;
  private closed = false;

  constructor(
    private readonly session: InferenceSession,
    readonly device: Device,
    state: NonNullable<SessionOptions['state']>,
  ) {
    const held = new Set(state.map(({ input }) => input));
    this.moves = new Map(state.flatMap(({ input, output }) => (output ? [[output, input] as const] : [])));
    const all = session.inputMetadata.map(valueOf);
    this.inputs = all.filter(({ name }) => !held.has(name));
    this.outputs = session.outputMetadata.map(valueOf).filter(({ name }) => !this.moves.has(name));
    this.fetches = Object.fromEntries(this.outputs.map(({ name }) => [name, null]));
    const buffer = ({ dtype, shape }: Value): OrtTensor => toOrt(filled(dtype, shape as number[]));
    const types = new Map(all.map((value) => [value.name, value]));
    for (const { input, output } of state) {
      const value = types.get(input);
      if (!value) throw badInput(`an input "${input}" for the state`, 'a model without it');
      this.current[input] = buffer(value);
      if (output) this.next[output] = buffer(value);
    }
  }

  async run(feeds: Tensors): Promise<Tensors> {
    if (this.closed) throw closedSession();
    const inputs: OrtTensors = { ...this.current };
    for (const value of this.inputs) inputs[value.name] = toOrt(checked(value, feeds[value.name]));
    let results: InferenceSession.OnnxValueMapType;
    try {
      results = await this.session.run(inputs, { ...this.next, ...this.fetches });
    } catch (cause) {
      throw new DenaryError({
        code: 'session-failed',
        who: 'Session.run',
        expected: 'a run without errors',
        received: messageOf(cause),
        remedy: 'Check the shapes of the inputs against the model.',
        cause,
      });
    }
    for (const [output, input] of this.moves) {
      const spare = this.current[input]!;
      this.current[input] = this.next[output]!;
      this.next[output] = spare;
    }
    return Object.fromEntries(this.outputs.map(({ name }) => [name, fromOrt(results[name] as OrtTensor)]));
  }

  async writeState(tensors: Tensors): Promise<void> {
    if (this.closed) throw closedSession();
    for (const [name, tensor] of Object.entries(tensors)) {
      const target = this.current[name];
      if (!target) throw badInput('the name of a state', `"${name}"`);
      checked({ name, dtype: target.type as DType, shape: target.dims }, tensor);
      (target.data as Float32Array).set(tensor.data as Float32Array);
    }
  }

  async readState(names: readonly string[] = Object.keys(this.current)): Promise<Tensors> {
    if (this.closed) throw closedSession();
    return Object.fromEntries(
      names.map((name) => {
        const held = this.current[name];
        if (!held) throw badInput('the name of a state', `"${name}"`);
        const { dtype, shape, data } = fromOrt(held);
        return [name, { dtype, shape, data: data.slice() as typeof data }];
      }),
    );
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.current = {};
    this.next = {};
    await this.session.release();
  }
}

function valueOf(metadata: InferenceSession.ValueMetadata): Value {
  if (metadata.isTensor) return { name: metadata.name, dtype: metadata.type as DType, shape: metadata.shape };
  throw badInput('tensors', `"${metadata.name}", which is none`);
}

const toOrt = ({ dtype, shape, data }: Tensor): OrtTensor => new OrtTensor(dtype, data as never, shape as number[]);

const fromOrt = ({ type, dims, data }: OrtTensor): Tensor => ({
  dtype: type as DType,
  shape: dims,
  data: data as Tensor['data'],
});

/** The tensor, if it is what the model's input says. */
function checked({ name, dtype, shape }: Value, tensor: Tensor | undefined): Tensor {
  const expected = `"${name}" as ${dtype} [${shape.join(', ')}]`;
  if (!tensor) throw badInput(expected, 'nothing');
  const fits = shape.length === tensor.shape.length && shape.every((size, i) => typeof size === 'string' || size === tensor.shape[i]);
  if (tensor.dtype === dtype && fits && tensor.data instanceof arrayOf[dtype] && tensor.data.length === sizeOf(tensor.shape)) return tensor;
  throw badInput(expected, `${tensor.dtype} [${tensor.shape.join(', ')}] with ${tensor.data.length} elements`);
}

function badInput(expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-argument',
    who: 'Session',
    expected,
    received,
    remedy: "Feed what the session's inputs list.",
  });
}

function closedSession(): DenaryError {
  return new DenaryError({
    code: 'closed',
    who: 'Session',
    expected: 'an open session',
    received: 'one that was closed',
    remedy: 'Create another one.',
  });
}
