/**
 * The seam to ONNX Runtime: the one interface that every runtime package implements. A session owns the buffers of its
 * state, so that a training step copies no weights, whichever way a runtime has of keeping them.
 */

import type { Value } from './onnx/model.js';
import type { Tensors } from './tensor.js';

/** Where a session computes. */
export type Device = 'cpu' | 'cuda' | 'webgpu' | 'wasm';

/** An input that the session keeps between runs. */
export interface StateSlot {
  readonly input: string;
  /** The output that takes the input's place after each run; an input without one stays as it was written. */
  readonly output?: string;
}

export interface SessionOptions {
  /** The runtime's own default where left out: `cpu` in Node, `wasm` in a browser. */
  readonly device?: Device;
  /** Threads for one run; the runtime's own choice where left out. */
  readonly threads?: number;
  /**
   * Whether operators that WebGPU does not have may run on the CPU, with everything copied there and back; default true.
   * Other devices take no notice: CUDA always lets the CPU help.
   */
  readonly fallback?: boolean;
  /** Must be written with `writeState` before the first run. */
  readonly state?: readonly StateSlot[];
  /** For one of several sessions that train side by side, each in a thread of its own: see `sideBySide`. */
  readonly replica?: ReplicaOptions;
}

/** The place of a session among those that train side by side. */
export interface ReplicaOptions {
  /** The bytes of the graph from its rows of a batch to its contribution; the session's own model updates the state. */
  readonly gradients: Uint8Array;
  readonly replica: number;
  readonly replicas: number;
  /** Where the replicas meet, as `meetingMemory` makes it. */
  readonly memory: SharedArrayBuffer;
}

export interface RunOptions {
  /** The feeds are given away: a session in a worker takes their buffers along instead of copying them. */
  readonly give?: boolean;
}

export interface Session {
  readonly device: Device;
  /** What `run` must be fed, and what it gives: the model's inputs and outputs less the state. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /**
   * Runs the model once and moves the state on. The tensors given back are the caller's. One run at a time.
   * Throws DenaryError `bad-argument` for a missing or ill-typed input, `session-failed` for what the runtime refuses,
   * `worker-lost` where the session is in a worker that died.
   */
  run(feeds: Tensors, options?: RunOptions): Promise<Tensors>;
  /** Copies tensors into the state. */
  writeState(tensors: Tensors): Promise<void>;
  /** Copies tensors (all, where no names are given) out of the state. */
  readState(names?: readonly string[]): Promise<Tensors>;
  /** Frees the session; a second call does nothing. */
  close(): Promise<void>;
}

/** Makes a session from the bytes of an ONNX file. Throws `unsupported-operator` where no fallback is allowed and one is needed. */
export interface SessionFactory {
  (model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** How many of its sessions can train side by side, each in a thread that shares memory with the others; 1 where left out. */
  readonly sideBySide?: number;
}
