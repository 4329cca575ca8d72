/**
 * Copies tensors to a GPU and back by running a model that gives what it is given. ONNX Runtime has no other way that works
 * everywhere: in Node, getData() of a tensor on the GPU ends the process (seen with onnxruntime-node 1.30).
 */

import { elementTypeOf } from './onnx/element-types.js';
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

/**
 * `y` = Identity(`x`), written field by field: the builder and the codec are more than a page wants to load for it. The
 * numbers of the fields stand in onnx.proto.
 */
export function identity(dtype: DType, rank: number): Uint8Array {
  const shape = Array.from({ length: rank }, (_, axis) => field(1, field(2, text(`size${axis}`))));
  const type = field(1, [...number(1, elementTypeOf(dtype)), ...field(2, shape.flat())]);
  const value = (name: string) => [...field(1, text(name)), ...field(2, type)];
  const node = [...field(1, text('x')), ...field(2, text('y')), ...field(4, text('Identity'))];
  const graph = [...field(1, node), ...field(2, text('identity')), ...field(11, value('x')), ...field(12, value('y'))];
  return Uint8Array.from([...number(1, 8), ...field(7, graph), ...field(8, number(2, 13))]);
}

const text = (ascii: string) => Array.from(ascii, (letter) => letter.charCodeAt(0));
const number = (at: number, value: number) => [at << 3, ...varint(value)];
const field = (at: number, bytes: readonly number[]) => [(at << 3) | 2, ...varint(bytes.length), ...bytes];
const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)]);
