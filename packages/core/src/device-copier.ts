/**
 * Copies tensors to a GPU and back by running a model that gives what it is given. ONNX Runtime has no other way that works
 * everywhere: in Node, getData() of a tensor on the GPU ends the process (seen with onnxruntime-node 1.30).
 */

import { GraphBuilder } from './onnx/builder.js';
import { encodeModel } from './onnx/encode.js';
import type { DType } from './tensor.js';

export type TensorLocation = 'gpu-buffer' | 'cpu';

/** A model that was loaded, with input `x` and output `y`. */
export interface LoadedIdentity<T> {
  run(x: T): Promise<T>;
  release(): Promise<void>;
}

export class DeviceCopier<T extends { readonly type: string; readonly dims: readonly number[] }> {
  private readonly loaded = new Map<string, Promise<LoadedIdentity<T>>>();

  /** `load` makes a session on the device, with `y` where it is told to. */
  constructor(private readonly load: (model: Uint8Array, to: TensorLocation) => Promise<LoadedIdentity<T>>) {}

  async copy(tensor: T, to: TensorLocation): Promise<T> {
    const { type, dims } = tensor;
    const key = `${type} ${dims.length} ${to}`;
    const known = this.loaded.get(key) ?? this.load(identity(type as DType, dims.length), to);
    this.loaded.set(key, known);
    return (await known).run(tensor);
  }

  async release(): Promise<void> {
    for (const identity of this.loaded.values()) await (await identity).release();
    this.loaded.clear();
  }
}

function identity(dtype: DType, rank: number): Uint8Array {
  const graph = new GraphBuilder('identity');
  const shape = Array.from({ length: rank }, (_, axis) => `size${axis}`);
  graph.output(graph.op('Identity', [graph.input('x', dtype, shape)]), 'y');
  return encodeModel(graph.model());
}
