/** Shape arithmetic for the operator table; a dimension is a number or a symbol such as `batch`. */

import type { DType, Tensor } from '../tensor.js';
import { toNumbers } from '../tensor.js';
import type { Attribute, AttributeKind, AttributeValues, Dimension, ValueType } from './model.js';

/** What shape inference knows of one node. */
export interface InferenceContext {
  readonly opset: number;
  readonly inputs: readonly (ValueType | undefined)[];
  readonly outputCount: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** The value of an input that is a constant. */
  constant(index: number): Tensor | undefined;
  /** Throws a DenaryError that names the node. */
  fail(expected: string, received: string): never;
}

export type Infer = (context: InferenceContext) => ValueType[];

export const showShape = (shape: readonly Dimension[]): string => `[${shape.join(', ')}]`;

export function input(context: InferenceContext, index: number): ValueType {
  return context.inputs[index] ?? context.fail(`an input ${index}`, 'none');
}

/** An attribute's value, or what the operator's definition says it is when absent. */
export function attribute<K extends AttributeKind>(
  attributes: Readonly<Record<string, Attribute>>,
  name: string,
  type: K,
): AttributeValues[K] | undefined {
  const found = attributes[name];
  return found?.type === type ? (found.value as AttributeValues[K]) : undefined;
}

export const int = (context: InferenceContext, name: string, fallback: number): number =>
  attribute(context.attributes, name, 'int') ?? fallback;

/** A list that is an attribute in old operator sets and an input in new ones. */
export function list(context: InferenceContext, name: string, inputIndex: number): readonly number[] | undefined {
  const fromAttribute = attribute(context.attributes, name, 'ints');
  if (fromAttribute) return fromAttribute;
  if (!context.inputs[inputIndex]) return undefined;
  const tensor = context.constant(inputIndex) ?? context.fail(`constant ${name}`, `${name} computed in the graph`);
  return toNumbers(tensor);
}

/** An axis counted from the front. */
export function axisOf(context: InferenceContext, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  return positive >= 0 && positive < rank ? positive : context.fail(`an axis within rank ${rank}`, `${axis}`);
}

/** NumPy's rule: sizes agree or one of them is 1; shorter shapes are extended at the front. */
export function broadcast(context: InferenceContext, shapes: readonly (readonly Dimension[])[]): Dimension[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, position) => {
    let result: Dimension = 1;
    for (const shape of shapes) {
      const size = shape[shape.length - rank + position] ?? 1;
      if (size === 1 || size === result) continue;
      if (result !== 1) context.fail('shapes that broadcast', shapes.map(showShape).join(' and '));
      result = size;
    }
    return result;
  });
}

/** The product of a shape, as a number and the symbols in it (sorted); a symbol may be a product itself (`28*batch`). */
export function productOf(shape: readonly Dimension[]): { count: number; symbols: string[] } {
  const factors = shape.flatMap((size): Dimension[] => (typeof size === 'number' ? [size] : size.split('*')));
  const symbols = factors.filter((factor): factor is string => Number.isNaN(Number(factor))).sort();
  const count = factors.reduce<number>((product, factor) => product * (Number(factor) || (factor === 0 ? 0 : 1)), 1);
  return { count, symbols };
}

/** A product as one dimension: a number, or a symbol (`4*batch` where it has a factor). */
export function joined(shape: readonly Dimension[]): Dimension {
  const { count, symbols } = productOf(shape);
  if (symbols.length === 0) return count;
  return [...(count === 1 ? [] : [count]), ...symbols].join('*');
}

/** Reshape's target with 0 (copy) and -1 (the rest) resolved. */
export function reshaped(
  context: InferenceContext,
  from: readonly Dimension[],
  target: readonly number[],
): Dimension[] {
  const allowZero = int(context, 'allowzero', 0) === 1;
  const shape = target.map((size, i) => (size === 0 && !allowZero ? (from[i] ?? 1) : size));
  const known = productOf(shape.filter((size) => size !== -1));
  const total = productOf(from);
  const symbols = [...total.symbols];
  for (const symbol of known.symbols) symbols.splice(symbols.indexOf(symbol), 1);
  const rest = total.count / known.count;
  const hole = shape.indexOf(-1);
  if (hole < 0) {
    if (symbols.length === 0 && rest !== 1) context.fail(`a shape of ${total.count} elements`, showShape(target));
    return shape;
  }
  if (!Number.isInteger(rest)) context.fail(`a shape that divides ${showShape(from)}`, showShape(target));
  shape[hole] = joined([rest, ...symbols]);
  return shape;
}

/** The spatial output sizes of a convolution or a pooling window. */
export function windowed(context: InferenceContext, sizes: readonly Dimension[], kernel: readonly number[]): number[] {
  const { attributes } = context;
  const strides = attribute(attributes, 'strides', 'ints') ?? kernel.map(() => 1);
  const dilations = attribute(attributes, 'dilations', 'ints') ?? kernel.map(() => 1);
  const pads = padsOf(context, sizes, kernel);
  const ceil = int(context, 'ceil_mode', 0) === 1;
  return kernel.map((width, axis) => {
    const size = sizes[axis];
    if (typeof size !== 'number') return context.fail('fixed image sizes', showShape(sizes));
    const padded = size + pads[axis]! + pads[axis + kernel.length]!;
    const positions = (padded - ((width - 1) * dilations[axis]! + 1)) / strides[axis]!;
    const out = (ceil ? Math.ceil(positions) : Math.floor(positions)) + 1;
    return out > 0 ? out : context.fail(`an image no smaller than the window [${kernel}]`, showShape(sizes));
  });
}

/** Pads as [begin..., end...], with `auto_pad` resolved. */
export function padsOf(
  context: Pick<InferenceContext, 'attributes'>,
  sizes: readonly Dimension[],
  kernel: readonly number[],
): readonly number[] {
  const auto = attribute(context.attributes, 'auto_pad', 'string') ?? 'NOTSET';
  if (!auto.startsWith('SAME')) {
    return attribute(context.attributes, 'pads', 'ints') ?? [...kernel, ...kernel].map(() => 0);
  }
  const strides = attribute(context.attributes, 'strides', 'ints') ?? kernel.map(() => 1);
  const totals = kernel.map((width, axis) => {
    const size = Number(sizes[axis]);
    const stride = strides[axis]!;
    return Math.max((Math.ceil(size / stride) - 1) * stride + width - size, 0);
  });
  const small = totals.map((total) => Math.floor(total / 2));
  const large = totals.map((total, axis) => total - small[axis]!);
  return auto === 'SAME_UPPER' ? [...small, ...large] : [...large, ...small];
}

export const as = (dtype: DType, shape: readonly Dimension[]): ValueType[] => [{ dtype, shape }];
