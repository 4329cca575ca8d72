/** Arithmetic on graph values, so that formulas read like formulas. Operands are values or plain numbers. */

import {
  type AttributesOf,
  type DType,
  elementTypeOf,
  filled,
  type GraphBuilder,
  type Operand,
  type Operator,
  sizeOf,
  type Value,
} from '@denary/core';

export type Maths = ReturnType<typeof maths>;

/** The sizes of a value in a graph with a fixed batch. */
export const sizes = (x: Value): readonly number[] => x.shape as readonly number[];

export function maths(graph: GraphBuilder) {
  const binary = (op: Operator) => (a: Operand, b: Operand) => graph.op(op, [a, b]);
  const unary = (op: Operator) => (x: Value) => graph.op(op, [x]);
  /** Whether a product with x is the other operand, in its own shape. */
  const isOne = (x: Operand, other: Operand): boolean => {
    if (typeof x === 'number') return x === 1;
    const constant = typeof other === 'object' && fits(sizes(x), sizes(other)) && graph.constantOf(x.name);
    return constant ? (constant.data as Float32Array).every((value) => value === 1) : false;
  };
  const reduce =
    (op: 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceLogSumExp') =>
    (x: Value, axes: readonly number[], keepdims = true): Value => {
      const asInput = graph.opset >= (op === 'ReduceSum' ? 13 : 18);
      const attributes = { keepdims: keepdims ? 1 : 0 };
      return asInput
        ? graph.op(op, [x, graph.int64s(axes)], attributes)
        : graph.op(op, [x], { ...attributes, axes } as AttributesOf<typeof op>);
    };
  return {
    graph,
    scalar: (value: number): Value => graph.scalar(value),
    add: binary('Add'),
    sub: binary('Sub'),
    mul: (a: Operand, b: Operand): Value =>
      typeof b === 'object' && isOne(a, b) ? b : typeof a === 'object' && isOne(b, a) ? a : graph.op('Mul', [a, b]),
    div: binary('Div'),
    pow: binary('Pow'),
    matmul: (a: Value, b: Value): Value => graph.op('MatMul', [a, b]),
    gemm: (a: Value, b: Value, { transA = false, transB = false, alpha = 1 } = {}): Value =>
      graph.op('Gemm', [a, b], { transA: transA ? 1 : 0, transB: transB ? 1 : 0, ...(alpha === 1 ? {} : { alpha }) }),
    maximum: binary('Max'),
    neg: unary('Neg'),
    abs: unary('Abs'),
    exp: unary('Exp'),
    log: unary('Log'),
    sqrt: unary('Sqrt'),
    sign: unary('Sign'),
    not: unary('Not'),
    square: (x: Value): Value => graph.op('Mul', [x, x]),
    equal: binary('Equal'),
    less: binary('Less'),
    greater: binary('Greater'),
    where: (condition: Value, a: Operand, b: Operand): Value => {
      const dtype = [a, b].find((item) => typeof item === 'object')?.dtype ?? 'float32';
      const value = (item: Operand) => (typeof item === 'number' ? graph.scalar(item, dtype) : item);
      return graph.op('Where', [condition, value(a), value(b)]);
    },
    cast: (x: Value, dtype: DType): Value =>
      x.dtype === dtype ? x : graph.op('Cast', [x], { to: elementTypeOf(dtype) }),
    sum: reduce('ReduceSum'),
    mean: reduce('ReduceMean'),
    max: reduce('ReduceMax'),
    logSumExp: reduce('ReduceLogSumExp'),
    reshape: (x: Value, shape: readonly number[]): Value =>
      sameShape(sizes(x), shape) ? x : graph.op('Reshape', [x, graph.int64s(shape)]),
    transpose: (x: Value, perm: readonly number[]): Value => graph.op('Transpose', [x], { perm }),
    slice: (
      x: Value,
      axes: readonly number[],
      starts: readonly number[],
      ends: readonly number[],
      steps?: readonly number[],
    ) =>
      graph.op('Slice', [
        x,
        graph.int64s(starts),
        graph.int64s(ends),
        graph.int64s(axes),
        steps && graph.int64s(steps),
      ]),
    concat: (parts: readonly Value[], axis: number): Value =>
      parts.length === 1 ? parts[0]! : graph.op('Concat', parts, { axis }),
    /** The parts of x along an axis, in the given lengths. */
    split: (x: Value, axis: number, lengths: readonly number[]): Value[] => {
      if (lengths.length === 1) return [x];
      const outputs = lengths.map(() => graph.unique('Split'));
      return graph.opset >= 13
        ? graph.ops('Split', [x, graph.int64s(lengths)], { axis }, { outputs })
        : graph.ops('Split', [x], { axis, split: lengths }, { outputs });
    },
    /** Zeros around; pads as [begin..., end...]. */
    pad: (x: Value, pads: readonly number[]): Value =>
      pads.every((size) => size === 0) ? x : graph.op('Pad', [x, graph.int64s(pads)]),
    expand: (x: Value, shape: readonly number[]): Value => {
      if (sameShape(sizes(x), shape)) return x;
      const constant = graph.constantOf(x.name);
      const foldable = constant?.data.length === 1 && sizeOf(shape) <= 4096;
      return foldable
        ? graph.constant(filled(constant.dtype, shape, Number(constant.data[0])))
        : graph.op('Expand', [x, graph.int64s(shape)]);
    },
  };
}

/** Whether a shape broadcasts to another without changing it. */
const fits = (shape: readonly number[], other: readonly number[]): boolean =>
  shape.length <= other.length &&
  shape.every((size, i) => size === 1 || size === other[other.length - shape.length + i]);

export const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

export const elements = (x: Value): number => sizeOf(sizes(x));
