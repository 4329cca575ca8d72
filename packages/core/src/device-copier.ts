/**
 * Copies tensors to a GPU and back by running a model that gives what it is given. ONNX Runtime has no other way that works
 * everywhere: in Node, getData() of a tensor on the GPU ends the process (seen with onnxruntime-node 1.30).
 */

import { GraphBuilder } from './onnx/builder.js';
import { encodeModel } from './onnx/encode.js';
import type { DType } from './tensor.js';

export type TensorLocation = 'gpu-buffer' | 'cpu';

type Copy<T> = (tensor: T) => Promise<T>;

export class DeviceCopier<T extends { readonly type: string; readonly dims: readonly number[] }> {
  private readonly copies = new Map<string, Copy<T>>();

  /** `load` makes a session on the device, which gives its one output where it is told to, and a function that runs it. */
  constructor(private readonly load: (model: Uint8Array, to: TensorLocation) => Promise<Copy<T>>) {}

  async copy(tensor: T, to: TensorLocation): Promise<T> {
    const { type, dims } = tensor;
    const key = `${type} ${dims.length} ${to}`;
    const known = this.copies.get(key);
    if (known) return known(tensor);
    const copy = await this.load(identity(type as DType, dims.length), to);
    this.copies.set(key, copy);
    return copy(tensor);
  }
}

/** Input `x`, output `y`. */
function identity(dtype: DType, rank: number): Uint8Array {
  const graph = new GraphBuilder('identity');
  const shape = Array.from({ length: rank }, (_, axis) => `size${axis}`);
  graph.output(graph.op('Identity', [graph.input('x', dtype, shape)]), 'y');
  return encodeModel(graph.model());
}
