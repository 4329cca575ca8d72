/** Layers that make one value of several. */

import type { Operator, Value } from '@denary/core';
import type { Edge } from '../channels-last.js';
import { type LayerContext, type LayerRow, requireRank } from './row.js';

/** Keras' rule where ranks differ: axes of size 1 come in after the batch. */
function sameRank(c: LayerContext, inputs: readonly Edge[]): readonly Edge[] {
  const rank = Math.max(...inputs.map(({ shape }) => shape.length));
  return inputs.map((x) => {
    const missing = rank - x.shape.length;
    if (missing === 0) return x;
    const axes = Array.from({ length: missing }, (_, i) => i + 1);
    return c.layout.fromLast(c.op('Unsqueeze', [c.layout.last(x), c.graph.int64s(axes)]));
  });
}

const merging = (emit: (c: LayerContext, values: readonly Value[]) => Value, count?: number): LayerRow => ({
  emit: (c, inputs) => {
    if (inputs.length < 1 || inputs.length !== (count ?? inputs.length))
      c.fail(`${count ?? 'some'} inputs`, `${inputs.length}`);
    return c.layout.zip(sameRank(c, inputs), (values) => emit(c, values));
  },
});

/** The sum of two by Add, which is fused; of more by Sum. */
const sum = (c: LayerContext, values: readonly Value[]): Value => c.op(values.length === 2 ? 'Add' : 'Sum', values);
const folded = (op: Operator) => (c: LayerContext, values: readonly Value[]) =>
  values.slice(1).reduce((result, value) => c.op(op, [result, value]), values[0]!);

/** x / |x| along an axis; TensorFlow.js adds nothing to the length, Keras makes the square at least 1e-12. */
function unit(c: LayerContext, x: Value, axis: number): Value {
  const { sqrt, square, sum, div, graph } = c.math;
  const squares = sum(square(x), [axis]);
  const least = 1e-12;
  return div(x, sqrt(graph.op('Max', [squares, graph.scalar(least)])));
}

export const mergeLayers = {
  Add: merging(sum),
  Subtract: merging(folded('Sub'), 2),
  Multiply: merging(folded('Mul')),
  Average: merging((c, values) => c.math.mul(sum(c, values), 1 / values.length)),
  Maximum: merging((c, values) => c.op('Max', values)),
  Minimum: merging((c, values) => c.op('Min', values)),

  Concatenate: {
    emit: (c, inputs) => {
      if (inputs.length === 0) c.fail('an input', 'none');
      const [axis] = c.config.wholes('axis', [-1]);
      return c.layout.zip(inputs, (values, axisOf) => c.op('Concat', values, { axis: axisOf(axis!) }));
    },
  },

  // A product of matrices for each sample, over one axis of each of them.
  Dot: {
    emit: (c, inputs) => {
      if (inputs.length !== 2) c.fail('two inputs', `${inputs.length}`);
      for (const x of inputs) requireRank(c, x, 2, 3);
      const given = c.config.wholes('axes');
      const axes = inputs.map(({ shape }, i) => {
        const axis = given[Math.min(i, given.length - 1)]!;
        return axis < 0 ? axis + shape.length : axis;
      });
      const [a, b] = inputs.map((x, i) => {
        const value = c.layout.last(x);
        return c.config.flag('normalize', false) ? unit(c, value, axes[i]!) : value;
      }) as [Value, Value];
      return c.layout.fromLast(dot(c, a, b, axes as [number, number]));
    },
  },
} satisfies Record<string, LayerRow>;

/** a [batch, i, k] by b [batch, k, j]; a vector is a matrix of one row, which goes away again. */
function dot(c: LayerContext, a: Value, b: Value, [axisA, axisB]: readonly [number, number]): Value {
  const { graph, transpose } = c.math;
  const rows =
    a.shape.length === 2 ? graph.op('Unsqueeze', [a, graph.int64s([1])]) : axisA === 2 ? a : transpose(a, [0, 2, 1]);
  const columns =
    b.shape.length === 2 ? graph.op('Unsqueeze', [b, graph.int64s([2])]) : axisB === 1 ? b : transpose(b, [0, 2, 1]);
  const product = c.op('MatMul', [rows, columns]);
  // Of two vectors [batch, 1] is left.
  const gone = a.shape.length === 2 ? 1 : b.shape.length === 2 ? 2 : undefined;
  return gone === undefined ? product : c.op('Squeeze', [product, graph.int64s([gone])]);
}
