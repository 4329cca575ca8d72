/**
 * What the Session of every runtime does alike: it reads the model's inputs and outputs, checks what it is fed, answers
 * one call after the other, and words its errors. A runtime package adds an Engine: one run, and the buffers of the state.
 */

import { closedError, DenaryError, messageOf } from './errors.js';
import type { Dimension, Value } from './onnx/model.js';
import type { Device, Session, StateSlot } from './session.js';
import { arrayOf, type DType, sizeOf, type Tensor, type Tensors } from './tensor.js';
import { turns } from './turns.js';

/** ONNX Runtime's description of an input or output. */
export interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly Dimension[];
}

/** A state slot with the type of its value, which is of fixed size. */
export interface HeldState extends StateSlot {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** A model's inputs and outputs, with the state taken out of them. */
export interface SessionLayout {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly state: readonly HeldState[];
}

/** A runtime's part of a session. It is handed only what was checked, and is never called while a call is under way. */
export interface Engine {
  /** Runs once and moves the state on. What it throws becomes `session-failed`; the state must then not have moved. */
  run(feeds: Tensors): Promise<Tensors>;
  /** Copies a tensor into the state. */
  write(name: string, tensor: Tensor): void | Promise<void>;
  /** A tensor of the state, which may be the engine's own: the session copies it. */
  read(name: string): Tensor | Promise<Tensor>;
  release(): Promise<void>;
}

/** ONNX Runtime's tensor, as far as a result is read. */
interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export const fromRuntime = ({ type, dims, data }: RuntimeTensor): Tensor =>
  ({ dtype: type, shape: dims, data }) as Tensor;

/** Sorts a model's inputs and outputs. Throws `bad-argument` for a state that the model does not have. */
export function layoutOf(
  inputs: readonly ValueMetadata[],
  outputs: readonly ValueMetadata[],
  slots: readonly StateSlot[] = [],
): SessionLayout {
  const [given, made] = [inputs.map(describedValue), outputs.map(describedValue)];
  const state = slots.map(({ input, output }) => {
    const value = given.find(({ name }) => name === input);
    if (!value) throw badInput(`an input "${input}" for the state`, 'a model without it');
    const { dtype, shape } = value;
    if (!isFixed(shape)) throw badInput(`a fixed shape for the state "${input}"`, `[${shape.join(', ')}]`);
    if (output === undefined) return { input, dtype, shape };
    const next = made.find(({ name }) => name === output);
    if (next?.dtype !== dtype) throw badInput(`an output "${output}" of ${dtype} for the state`, next?.dtype ?? 'none');
    return { input, output, dtype, shape };
  });
  const held = new Set(slots.map(({ input }) => input));
  const moved = new Set(slots.map(({ output }) => output));
  return {
    inputs: given.filter(({ name }) => !held.has(name)),
    outputs: made.filter(({ name }) => !moved.has(name)),
    state,
  };
}

function describedValue({ name, isTensor, type, shape = [] }: ValueMetadata): Value {
  if (!isTensor || !Object.hasOwn(arrayOf, type ?? '')) {
    throw badModelFile(`"${name}", which is ${isTensor ? `of ${type}` : 'no tensor'}`);
  }
  const known = (size: Dimension) => (typeof size === 'string' ? size !== '' : size >= 0);
  return { name, dtype: type as DType, shape: shape.map((size, axis) => (known(size) ? size : `${name}_${axis}`)) };
}

const isFixed = (shape: readonly Dimension[]): shape is readonly number[] =>
  shape.every((size) => typeof size === 'number');

/** The session of an engine. */
export function sessionOn(device: Device, engine: Engine, layout: SessionLayout): Session {
  return new EngineSession(device, engine, layout);
}

class EngineSession implements Session {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  private readonly state: ReadonlyMap<string, Value>;
  private closed = false;
  /** Calls that overlapped would lose each other's steps. */
  private readonly inTurn = turns();

  constructor(
    readonly device: Device,
    private readonly engine: Engine,
    { inputs, outputs, state }: SessionLayout,
  ) {
    this.inputs = inputs;
    this.outputs = outputs;
    this.state = new Map(state.map(({ input, dtype, shape }) => [input, { name: input, dtype, shape }]));
  }

  async run(feeds: Tensors): Promise<Tensors> {
    this.requireOpen();
    const checked = Object.fromEntries(
      this.inputs.map((value) => [value.name, checkedTensor(value, feeds[value.name])]),
    );
    return this.inTurn(async () => {
      try {
        return await this.engine.run(checked);
      } catch (cause) {
        throw runFailed(cause);
      }
    });
  }

  async writeState(tensors: Tensors): Promise<void> {
    this.requireOpen();
    const entries = Object.entries(tensors).map(
      ([name, tensor]) => [name, checkedTensor(this.stateNamed(name), tensor)] as const,
    );
    return this.inTurn(async () => {
      for (const [name, tensor] of entries) await this.engine.write(name, tensor);
    });
  }

  async readState(names: readonly string[] = [...this.state.keys()]): Promise<Tensors> {
    this.requireOpen();
    for (const name of names) this.stateNamed(name);
    return this.inTurn(async () => {
      const entries: [string, Tensor][] = [];
      for (const name of names) entries.push([name, copied(await this.engine.read(name))]);
      return Object.fromEntries(entries);
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    return this.inTurn(() => this.engine.release());
  }

  private stateNamed(name: string): Value {
    const value = this.state.get(name);
    if (value) return value;
    throw badInput(`the name of a state (${[...this.state.keys()].join(', ') || 'there is none'})`, `"${name}"`);
  }

  private requireOpen(): void {
    if (this.closed) throw closedError('Session');
  }
}

/** A tensor with its own copy of the data. */
export const copied = ({ dtype, shape, data }: Tensor): Tensor =>
  ({ dtype, shape: [...shape], data: data.slice() }) as Tensor;

/** The tensor, if it is what the model's input says. */
function checkedTensor({ name, dtype, shape }: Value, tensor: Tensor | undefined): Tensor {
  const expected = `"${name}" as ${dtype} [${shape.join(', ')}]`;
  if (!tensor) throw badInput(expected, 'nothing');
  const fits =
    shape.length === tensor.shape.length &&
    shape.every((size, i) => typeof size === 'string' || size === tensor.shape[i]);
  const whole = tensor.data instanceof arrayOf[dtype] && tensor.data.length === sizeOf(tensor.shape);
  if (tensor.dtype === dtype && fits && whole) return tensor;
  throw badInput(expected, `${tensor.dtype} [${tensor.shape.join(', ')}] with ${tensor.data.length} elements`);
}

function badInput(expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-argument',
    who: 'Session',
    expected,
    received,
    remedy: "Give what the model's inputs and outputs list.",
  });
}

function runFailed(cause: unknown): DenaryError {
  return new DenaryError({
    code: 'session-failed',
    who: 'Session.run',
    expected: 'a run without errors',
    received: messageOf(cause),
    remedy: 'Check the shapes of the inputs against the model.',
    cause,
  });
}

/** For bytes that ONNX Runtime does not load. */
export function badModelFile(received: string, cause?: unknown): DenaryError {
  return new DenaryError({
    code: 'bad-model',
    who: 'createSession',
    expected: 'an ONNX model that ONNX Runtime loads, with tensors going in and out',
    received,
    remedy: 'Check that the file is whole.',
    cause,
  });
}

/** The entry of ONNX Runtime's configuration of a session that makes an operator without a kernel on the device an error. */
export const withoutFallback = { disable_cpu_ep_fallback: '1' } as const;

/** The error for a model that would have fallen back, where that is what ONNX Runtime complains of. */
export function fallbackNeeded(cause: unknown, device: Device): DenaryError | undefined {
  if (!messageOf(cause).includes('fallback to CPU EP has been explicitly disabled')) return undefined;
  return new DenaryError({
    code: 'unsupported-operator',
    who: 'createSession',
    expected: `a model made of operators that ONNX Runtime has on ${device}`,
    received: 'one with others',
    remedy: 'Derive a training graph with the target of its device, or let the CPU help (fallback: true).',
    cause,
  });
}
