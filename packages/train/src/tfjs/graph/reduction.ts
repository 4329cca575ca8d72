/** Reductions along axes that are known. */

import type { AttributesOf, Dimension, Value } from '@denary/core';
import type { Edge } from '../channels-last.js';
import { computed, edgeRow, type GraphRow, type GraphRows, isNumbers, type NodeContext, wholes } from './row.js';

/** An input's numbers as axes, counted from the front. */
export const axesOf = (c: NodeContext, index: number, rank: number): number[] =>
  c.numbers(index).map((axis) => frontAxis(c, axis, rank));

export function frontAxis(c: NodeContext, axis: number, rank: number): number {
  const front = axis < 0 ? axis + rank : axis;
  return front >= 0 && front < rank ? front : c.fail(`an axis within rank ${rank}`, `${axis}`);
}

/**
 * An operation that takes axes away. Where the channels come first, that order is kept if the batch and the channels stay; of
 * axes in TensorFlow's order it makes those of the value at hand.
 */
export function withoutAxes(
  c: NodeContext,
  x: Edge,
  axes: readonly number[],
  operation: (value: Value, axes: readonly number[]) => Value,
): Edge {
  const rank = x.shape.length;
  const ends = axes.includes(0) || axes.includes(rank - 1);
  if (ends || x.last || !x.first) return c.layout.fromLast(operation(c.layout.last(x), axes));
  return c.layout.fromFirst(
    operation(
      x.first,
      axes.map((axis) => axis + 1),
    ),
  );
}

type Reduce = (c: NodeContext, x: Value, axes: readonly number[], keep: boolean) => Value;

const reduction =
  (reduce: Reduce, fold?: (values: readonly number[]) => number): GraphRow =>
  (c) => {
    const known = c.known(0);
    if (known && fold && isNumbers(known.values)) return wholes([fold(known.values)], true);
    // The number of elements of a shape in which a size is open.
    if (known && c.node.op === 'Prod') return wholes([productOf(known.values)], true);
    const x = c.edge(0);
    const axes = axesOf(c, 1, x.shape.length);
    if (axes.length === 0) return computed(x);
    const keep = c.attributes.flag(c.attributes.has('keep_dims') ? 'keep_dims' : 'keepdims');
    if (keep) return computed(c.layout.map(x, (value, axisOf) => reduce(c, value, axes.map(axisOf), true)));
    return computed(withoutAxes(c, x, axes, (value, at) => reduce(c, value, at, false)));
  };

const productOf = (sizes: readonly Dimension[]): Dimension => {
  const count = sizes.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1);
  const names = sizes.filter((size) => typeof size === 'string');
  return names.length === 0 ? count : [...(count === 1 ? [] : [count]), ...names].join('*');
};

const by =
  (op: 'ReduceMin' | 'ReduceProd'): Reduce =>
  (c, x, axes, keep) =>
    c.op(op, [x], { axes, keepdims: keep ? 1 : 0 } as AttributesOf<typeof op>);

/** Truth values by the smallest or the largest of them as whole numbers. */
const truth = (reduce: Reduce): GraphRow =>
  reduction((c, x, axes, keep) => c.math.cast(reduce(c, c.math.cast(x, 'int32'), axes, keep), 'bool'));

/** TensorFlow.js gives int32. */
const argument = (op: 'ArgMax', negated: boolean): GraphRow =>
  edgeRow((c) => {
    const x = c.edge(0);
    const axis = frontAxis(c, c.number(1), x.shape.length);
    const at = (value: Value, axes: readonly number[]) => {
      const found = c.op(op, [negated ? c.math.neg(value) : value], { axis: axes[0]!, keepdims: 0 });
      return c.math.cast(found, 'int32');
    };
    return withoutAxes(c, x, [axis], at);
  });

export const reductionRows = {
  Mean: reduction((c, x, axes, keep) => c.math.mean(x, axes, keep)),
  Sum: reduction(
    (c, x, axes, keep) => c.math.sum(x, axes, keep),
    (values) => values.reduce((sum, n) => sum + n, 0),
  ),
  Max: reduction(
    (c, x, axes, keep) => c.math.max(x, axes, keep),
    (values) => Math.max(...values),
  ),
  Min: reduction(by('ReduceMin'), (values) => Math.min(...values)),
  Prod: reduction(by('ReduceProd'), (values) => values.reduce((product, n) => product * n, 1)),
  All: truth(by('ReduceMin')),
  Any: truth((c, x, axes, keep) => c.math.max(x, axes, keep)),
  ArgMax: argument('ArgMax', false),
  ArgMin: argument('ArgMax', true),
} satisfies GraphRows;
