/** Tensors as plain data: an element type, a shape, and a typed array in row-major order. */

import { DenaryError } from './errors.js';

export interface TypedArrays {
  float32: Float32Array;
  float64: Float64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  /** One byte an element, 0 or 1. */
  bool: Uint8Array;
}

export type DType = keyof TypedArrays;
export type TypedArray = TypedArrays[DType];

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: TypedArrays[D];
}

export type Tensors = Readonly<Record<string, Tensor>>;

export const arrayOf: { readonly [D in DType]: new (buffer: ArrayBuffer | number) => TypedArrays[D] } = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
};

/** The number of elements of a shape; 1 for a scalar's empty shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function isBigInt(dtype: DType): dtype is 'int64' | 'uint64' {
  return dtype === 'int64' || dtype === 'uint64';
}

/** A tensor over `data`. Throws `bad-argument` where the length does not fit the shape. */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: TypedArrays[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'tensor',
      expected: `${sizeOf(shape)} elements for the shape [${shape}]`,
      received: `${data.length}`,
      remedy: 'Give data and shape that belong together.',
    });
  }
  return { dtype, shape, data };
}

/** A tensor with every element set to `value`. */
export function filled<D extends DType>(dtype: D, shape: readonly number[], value = 0): Tensor<D> {
  const data = new arrayOf[dtype](sizeOf(shape));
  if (isBigInt(dtype)) (data as BigInt64Array).fill(BigInt(value));
  else (data as Float32Array).fill(value);
  return { dtype, shape, data };
}

/** A tensor from ordinary numbers; a missing shape means one dimension. */
export function fromNumbers<D extends DType>(
  dtype: D,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): Tensor<D> {
  const { data } = filled(dtype, [values.length]);
  if (isBigInt(dtype))
    values.forEach((value, i) => {
      (data as BigInt64Array)[i] = BigInt(value);
    });
  else (data as Float32Array).set(values);
  return tensor(dtype, shape, data);
}

/** from + share (to - from), of tensors of float32 by name: those of `to`. */
export const between = (from: Tensors, to: Tensors, share: number): Tensors =>
  Object.fromEntries(
    Object.entries(to).map(([name, tensor]) => {
      const start = from[name]!.data as Float32Array;
      const data = (tensor.data as Float32Array).map((value, i) => start[i]! + share * (value - start[i]!));
      return [name, { ...tensor, data } as Tensor];
    }),
  );

export const int64s = (values: readonly number[]): Tensor<'int64'> => fromNumbers('int64', values);

/** The elements as ordinary numbers (int64 beyond 2^53 loses digits). */
export function toNumbers({ data }: Tensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}
