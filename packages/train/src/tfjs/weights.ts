/**
 * Weights of a TensorFlow.js model: the manifest in model.json says which tensors lie in which shards, and in what form.
 * Quantised ones (uint8, uint16, float16) are read as what they stand for.
 */

import { arrayOf, type DType, problem, sizeOf, type Tensor } from '@denary/core';
import * as v from 'valibot';

const size = v.pipe(v.number(), v.integer(), v.minValue(0));

export const weightSpec = v.object({
  name: v.string(),
  shape: v.array(size),
  dtype: v.picklist(['float32', 'float16', 'int32', 'bool', 'string', 'complex64']),
  quantization: v.optional(
    v.union([
      v.object({ dtype: v.picklist(['uint8', 'uint16']), scale: v.number(), min: v.number() }),
      v.object({ dtype: v.literal('float16') }),
    ]),
  ),
  /** `optimizer` where the optimizer's memory was saved as well. */
  group: v.optional(v.string()),
});

export type WeightSpec = v.InferOutput<typeof weightSpec>;

/** Shards of one group are one run of bytes, in which the group's weights follow each other. */
export const weightGroup = v.object({ paths: v.array(v.unknown()), weights: v.array(weightSpec) });

const widths = { uint8: 1, uint16: 2, float16: 2, float32: 4, int32: 4, bool: 1 } as const;

/**
 * The tensors in a group's bytes, by name, those of the optimizer left out. float16 becomes float32; strings, which no layer
 * uses, are passed over.
 * Throws `bad-model` where the bytes are fewer or more than the manifest says, or of a type that is not read.
 */
export function decodeWeights(specs: readonly WeightSpec[], bytes: Uint8Array, who: string): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let at = 0;
  for (const spec of specs) {
    const length = lengthOf(spec, bytes, at, who);
    if (at + length > bytes.length) {
      throw damaged(who, `${at + length} bytes of weights up to "${spec.name}"`, `${bytes.length}`);
    }
    const part = bytes.slice(at, at + length);
    at += length;
    if (spec.dtype === 'string' || spec.group === 'optimizer') continue;
    if (tensors.has(spec.name)) throw damaged(who, 'every weight once', `"${spec.name}" twice`);
    tensors.set(spec.name, decode(spec, part));
  }
  if (at !== bytes.length) throw damaged(who, `${at} bytes of weights`, `${bytes.length}`);
  return tensors;
}

function lengthOf(spec: WeightSpec, bytes: Uint8Array, at: number, who: string): number {
  if (spec.dtype === 'complex64') {
    throw problem(
      'bad-model',
      who,
      'real weights',
      `"${spec.name}" of complex64`,
      'Leave that weight out of the model.',
    );
  }
  if (spec.quantization && spec.dtype !== 'float32' && spec.dtype !== 'int32') {
    throw damaged(who, 'quantised weights of float32 or int32', `"${spec.name}" of ${spec.dtype}`);
  }
  const count = sizeOf(spec.shape);
  if (spec.dtype !== 'string') return count * widths[spec.quantization?.dtype ?? spec.dtype];
  // Each string has its length before it, in four bytes.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = at;
  for (let i = 0; i < count; i++) {
    if (end + 4 > bytes.length) throw damaged(who, `the strings of "${spec.name}"`, 'fewer bytes');
    end += 4 + view.getUint32(end, true);
  }
  return end - at;
}

function decode({ shape, dtype, quantization }: WeightSpec, bytes: Uint8Array<ArrayBuffer>): Tensor {
  const stored = quantization?.dtype ?? dtype;
  if (stored === 'float16') {
    return { dtype: 'float32', shape, data: Float32Array.from(new Uint16Array(bytes.buffer), fromHalf) };
  }
  if (quantization && quantization.dtype !== 'float16') {
    const { scale, min } = quantization;
    const steps = new arrayOf[quantization.dtype](bytes.buffer);
    if (dtype === 'int32') return { dtype, shape, data: Int32Array.from(steps, (q) => Math.round(q * scale + min)) };
    return { dtype: 'float32', shape, data: Float32Array.from(steps, (q) => q * scale + min) };
  }
  return { dtype: stored as DType, shape, data: new arrayOf[stored as DType](bytes.buffer) } as Tensor;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

export const damaged = (who: string, expected: string, received: string, cause?: unknown) =>
  problem(
    'bad-model',
    who,
    expected,
    received,
    'Copy or save the model again: model.json and every shard beside it.',
    cause,
  );
