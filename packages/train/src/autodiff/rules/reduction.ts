/** Gradients of reductions and of the softmax family. */

import type { Value } from '@denary/core';
import { elements, sizes } from '../../math.js';
import type { Rule, RuleContext } from '../rule.js';

/** The axes of a reduction, counted from the front. */
function reducedAxes(c: RuleContext): number[] {
  const rank = c.x.shape.length;
  const given = c.inputs[1] ? c.constants(1) : c.attr('axes', 'ints', []);
  const axes = given.length ? given : c.attr('noop_with_empty_axes', 'int', 0) ? [] : sizes(c.x).map((_, i) => i);
  return axes.map((axis) => (axis < 0 ? axis + rank : axis));
}

/** A reduced value with its lost axes as ones, so that it broadcasts against x. */
function restored(c: RuleContext, value: Value): Value {
  const axes = reducedAxes(c);
  return c.reshape(
    value,
    sizes(c.x).map((size, axis) => (axes.includes(axis) ? 1 : size)),
  );
}

const spread = (c: RuleContext, value: Value): Value => c.expand(restored(c, value), sizes(c.x));

/** d max(x), d min(x) = dy where x = y, shared among equals */
const extreme: Rule = (c) => {
  const hits = c.cast(c.equal(c.x, restored(c, c.y)), c.dy.dtype);
  return [c.mul(c.div(hits, c.sum(hits, reducedAxes(c))), restored(c, c.dy))];
};

export const reduction = {
  // d logsumexp(x) = dy exp(x - y), which is softmax(x) dy
  ReduceLogSumExp: (c) => [c.mul(c.exp(c.sub(c.x, restored(c, c.y))), restored(c, c.dy))],
  ReduceMax: extreme,
  ReduceMin: extreme,
  // d prod(x) = dy y / x; of an x that is 0, not a number
  ReduceProd: (c) => [c.div(c.mul(spread(c, c.dy), restored(c, c.y)), c.x)],
  // d mean(x) = dy / n
  ReduceMean: (c) => [spread(c, c.mul(c.dy, elements(c.y) / elements(c.x)))],
  // d sum(x) = dy
  ReduceSum: (c) => [spread(c, c.dy)],
  // d softmax(x) = y (dy - sum(y dy))
  Softmax: (c) => {
    const weighted = c.mul(c.y, c.dy);
    return [c.sub(weighted, c.mul(c.y, c.sum(weighted, [c.attr('axis', 'int', -1)])))];
  },
  // d logsoftmax(x) = dy - exp(y) sum(dy)
  LogSoftmax: (c) => [c.sub(c.dy, c.mul(c.exp(c.y), c.sum(c.dy, [c.attr('axis', 'int', -1)])))],
} as const satisfies Record<string, Rule>;
