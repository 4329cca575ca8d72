/**
 * TensorFlow has channels last, ONNX first. An Edge is a value as TensorFlow sees it that may lie in the graph in either
 * order; a Transpose is added only where an operator needs the order that is not there, and once.
 */

import { type Dimension, type DType, type GraphBuilder, sizeOf, type Tensor, type Value } from '@denary/core';

export interface Edge {
  readonly dtype: DType;
  /** Channels last, as TensorFlow sees it. */
  readonly shape: readonly Dimension[];
  /** The value in TensorFlow's order, where it is in the graph. */
  last?: Value;
  /** The value with its last axis moved to the second place. The same as `last` up to rank 2. */
  first?: Value;
  /** What it is, in TensorFlow's order, where that is known. */
  readonly constant?: Tensor;
}

type Order = 'first' | 'last';
/** Where an axis of TensorFlow's lies in the value at hand; counted from the front. */
export type AxisOf = (axis: number) => number;

/** From channels last to first: [0, rank - 1, 1, ...]. */
const toFirst = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
/** From channels first to last: [0, 2, ..., 1]. */
const toLast = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];

export class ChannelsLast {
  constructor(readonly graph: GraphBuilder) {}

  fromLast(value: Value): Edge {
    const { dtype, shape } = value;
    return shape.length < 3 ? { dtype, shape, last: value, first: value } : { dtype, shape, last: value };
  }

  fromFirst(value: Value): Edge {
    const { dtype, shape } = value;
    if (shape.length < 3) return this.fromLast(value);
    return { dtype, shape: toLast(shape.length).map((axis) => shape[axis]!), first: value };
  }

  /** A constant lies in the graph in the order in which it is used. */
  constant(tensor: Tensor): Edge {
    return { dtype: tensor.dtype, shape: tensor.shape, constant: tensor };
  }

  /** In TensorFlow's order. */
  last(edge: Edge): Value {
    edge.last ??= edge.constant
      ? this.place(edge.constant)
      : this.graph.op('Transpose', [edge.first!], { perm: toLast(edge.shape.length) });
    return edge.last;
  }

  /** With the channels second, as ONNX's convolutions, pools and normalizations take it. */
  first(edge: Edge): Value {
    const rank = edge.shape.length;
    if (rank < 3) return this.last(edge);
    edge.first ??= edge.constant
      ? this.place(transposed(edge.constant, toFirst(rank)))
      : this.graph.op('Transpose', [this.last(edge)], { perm: toFirst(rank) });
    return edge.first;
  }

  /** An operation that does not care for the order of axes, or is told where they are. */
  map(edge: Edge, operation: (value: Value, axisOf: AxisOf) => Value): Edge {
    return this.zip([edge], ([value], axisOf) => operation(value!, axisOf));
  }

  /**
   * The same over several values that broadcast (NumPy's rule, in TensorFlow's order): in the order that most of them have.
   * The result has the rank of the largest of them.
   */
  zip(edges: readonly Edge[], operation: (values: readonly Value[], axisOf: AxisOf) => Value): Edge {
    const rank = Math.max(...edges.map(({ shape }) => shape.length));
    if (this.orderOf(edges, rank) === 'last') {
      return this.fromLast(
        operation(
          edges.map((edge) => this.last(edge)),
          (axis) => (axis < 0 ? axis + rank : axis),
        ),
      );
    }
    const values = edges.map((edge) => this.first(edge.shape.length < rank ? extended(edge, rank) : edge));
    const places = toLast(rank);
    return this.fromFirst(operation(values, (axis) => places[axis < 0 ? axis + rank : axis]!));
  }

  /** The value in whatever order it lies: for what does not care at all. */
  any(edge: Edge): Value {
    return edge.last ?? edge.first ?? this.last(edge);
  }

  /** The value with axis `perm[i]` of TensorFlow's as its axis i, by one Transpose or none. */
  permuted(edge: Edge, perm: readonly number[]): Value {
    const rank = edge.shape.length;
    if (isIdentity(perm)) return this.last(edge);
    if (isSame(perm, toFirst(rank))) return this.first(edge);
    const { last, first, constant } = edge;
    if (last || constant || rank < 3) return this.graph.op('Transpose', [this.last(edge)], { perm });
    const places = toLast(rank);
    const order = perm.map((axis) => places[axis]!);
    return isIdentity(order) ? first! : this.graph.op('Transpose', [first!], { perm: order });
  }

  /** The value of which `value` is the one permuted by `perm`. */
  unpermuted(value: Value, perm: readonly number[]): Edge {
    if (isIdentity(perm)) return this.fromLast(value);
    if (isSame(perm, toFirst(perm.length))) return this.fromFirst(value);
    const back = perm.map((_, axis) => perm.indexOf(axis));
    return this.fromLast(this.graph.op('Transpose', [value], { perm: back }));
  }

  /** Small constants are shared; to compare large ones would take longer than they are worth. */
  private place(tensor: Tensor): Value {
    const { graph } = this;
    return tensor.data.length > 64 ? graph.initializer(graph.unique('constant'), tensor) : graph.constant(tensor);
  }

  private orderOf(edges: readonly Edge[], rank: number): Order {
    const computed = edges.filter(({ constant }) => !constant);
    if (rank < 3 || computed.some(({ shape }) => shape.length < rank)) return 'last';
    if (computed.some(({ last }) => !last)) return 'first';
    return computed.length > 0 && computed.every(({ first }) => first) ? 'first' : 'last';
  }
}

const isSame = (a: readonly number[], b: readonly number[]): boolean => a.every((axis, i) => axis === b[i]);
const isIdentity = (perm: readonly number[]): boolean => perm.every((axis, i) => axis === i);

/** A constant with ones before its shape. */
function extended({ constant }: Edge, rank: number): Edge {
  const { dtype, shape, data } = constant!;
  const ones = new Array<number>(rank - shape.length).fill(1);
  const tensor = { dtype, shape: [...ones, ...shape], data } as Tensor;
  return { dtype, shape: tensor.shape, constant: tensor };
}

/** A tensor with its axes in another order: axis i of the result is axis `perm[i]` of x. */
export function transposed<D extends DType>(x: Tensor<D>, perm: readonly number[]): Tensor<D> {
  const shape = perm.map((axis) => x.shape[axis]!);
  const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const steps = perm.map((axis) => strides[axis]!);
  const data = x.data.slice() as typeof x.data;
  const index = perm.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    data[to] = x.data[from]!;
    for (let axis = perm.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype: x.dtype, shape, data };
}
