/**
 * Reverse-mode automatic differentiation of an ONNX graph, graph to graph. The walk knows no operator's mathematics: it
 * visits the nodes backwards, asks each one's rule for its inputs' gradients, sums what meets, and undoes broadcasting.
 */

import { type GraphBuilder, isOperator, type Node, toNumbers, type Value } from '@denary/core';
import { type Maths, maths, sameShape, sizes } from '../math.js';
import { attributeReader, nonDifferentiable, type RuleContext, unsupported } from './rule.js';
import { rules } from './rules/index.js';

/**
 * Adds to `graph` the gradients of `loss` (a scalar) with respect to `wrt`, and returns them by name, each in its
 * value's shape. All shapes must be fixed numbers. A value that the loss does not depend on has no entry.
 * Throws `unsupported-operator` where a gradient must pass a node that has none.
 */
export function differentiate(graph: GraphBuilder, loss: Value, wrt: readonly Value[]): Map<string, Value> {
  const math = maths(graph);
  const nodes = graph.build().nodes.slice();
  const reached = dependents(nodes, wrt);
  const parts = new Map<string, Value[]>([[loss.name, [graph.scalar(1, loss.dtype)]]]);
  const gradient = (name: string): Value | undefined => {
    const found = parts.get(name);
    if (!found || found.length < 2) return found?.[0];
    const sum = found.length === 2 ? math.add(found[0]!, found[1]!) : graph.op('Sum', found);
    parts.set(name, [sum]);
    return sum;
  };
  for (const node of nodes.reverse()) {
    const dys = node.outputs.map(gradient);
    if (dys.every((dy) => !dy) || !node.outputs.some((name) => reached.has(name))) continue;
    apply(node, dys, math, reached).forEach((part, i) => {
      const name = node.inputs[i]!;
      if (!part || !reached.has(name)) return;
      parts.set(name, [...(parts.get(name) ?? []), unbroadcast(math, part, sizes(graph.value(name)))]);
    });
  }
  return new Map(
    wrt.flatMap(({ name }) => {
      const found = gradient(name);
      return found ? [[name, found] as const] : [];
    }),
  );
}

/** The names of all values that depend on one of `wrt`, those included. */
function dependents(nodes: readonly Node[], wrt: readonly Value[]): ReadonlySet<string> {
  const names = new Set(wrt.map(({ name }) => name));
  for (const { inputs, outputs } of nodes) {
    if (inputs.some((name) => names.has(name))) for (const name of outputs) if (name) names.add(name);
  }
  return names;
}

type Gradients = readonly (Value | undefined)[];

/** The gradients of a node's inputs, from those of its outputs. */
function apply(node: Node, dys: Gradients, math: Maths, reached: ReadonlySet<string>): Gradients {
  const { graph } = math;
  const rule = isOperator(node.op) ? rules[node.op] : unsupported(node, node.op);
  if (rule === nonDifferentiable) return [];
  const inputs = node.inputs.map((name) => (name ? graph.value(name) : undefined));
  const outputs = node.outputs.map((name) => (name ? graph.value(name) : undefined));
  const context: RuleContext = {
    ...math,
    node,
    inputs,
    outputs,
    x: inputs[0]!,
    y: outputs[0]!,
    dys,
    get dy() {
      return dys[0] ?? unsupported(node, 'a gradient of another output than the first');
    },
    wanted: (index) => reached.has(node.inputs[index] ?? ''),
    attr: attributeReader(node.attributes),
    constants: (index) => {
      const constant = graph.constantOf(node.inputs[index] ?? '');
      return constant ? toNumbers(constant) : unsupported(node, `an input ${index} that is not a constant`);
    },
    unsupported: (what) => unsupported(node, what),
  };
  return rule(context);
}

/** Sums a gradient over the axes along which its value was broadcast. */
function unbroadcast({ sum, reshape }: Maths, gradient: Value, shape: readonly number[]): Value {
  const from = sizes(gradient);
  if (sameShape(from, shape)) return gradient;
  const offset = from.length - shape.length;
  if (offset < 0) return reshape(gradient, shape);
  const leading = from.slice(0, offset).map((_, axis) => axis);
  if (offset > 0 && sameShape(from.slice(offset), shape)) return sum(gradient, leading, false);
  const axes = from.flatMap((size, axis) =>
    axis < offset || (shape[axis - offset] === 1 && size !== 1) ? [axis] : [],
  );
  return reshape(axes.length ? sum(gradient, axes) : gradient, shape);
}
