/**
 * Reverse-mode automatic differentiation of an ONNX graph, graph to graph. The walk knows no operator's mathematics: it
 * visits the nodes backwards, asks each one's rule for its inputs' gradients, sums what meets, and undoes broadcasting.
 */

import { DenaryError, type GraphBuilder, isOperator, type Node, problem, toNumbers, type Value } from '@denary/core';
import { type Maths, maths, sameShape, sizes } from '../math.js';
import { attributeReader, nonDifferentiable, type RuleContext, unsupported } from './rule.js';
import { rules } from './rules/index.js';

/**
 * Adds to `graph` the gradients of `loss` (a scalar) with respect to `wrt`, and returns them by name, each in its
 * value's shape. All shapes must be fixed numbers. A value that the loss does not depend on has no entry.
 * Throws `unsupported-operator` where a gradient must pass a node that has none, naming all such nodes.
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
  const refused: DenaryError[] = [];
  for (const node of nodes.reverse()) {
    const dys = node.outputs.map(gradient);
    if (dys.every((dy) => !dy) || !node.outputs.some((name) => reached.has(name))) continue;
    attempt(node, dys, math, reached, refused).forEach((part, i) => {
      const name = node.inputs[i]!;
      if (!part || !reached.has(name)) return;
      parts.set(name, [...(parts.get(name) ?? []), unbroadcast(math, part, sizes(graph.value(name)))]);
    });
  }
  if (refused.length > 0) throw together(refused);
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

/** As `apply`; where the node has no gradient the error is noted, and the walk goes on to find the others. */
function attempt(
  node: Node,
  dys: Gradients,
  math: Maths,
  reached: ReadonlySet<string>,
  refused: DenaryError[],
): Gradients {
  try {
    return apply(node, dys, math, reached);
  } catch (error) {
    if (!(error instanceof DenaryError) || error.code !== 'unsupported-operator') throw error;
    refused.push(error);
    const { graph, expand } = math;
    return node.inputs.map((name) => {
      const value = reached.has(name) ? graph.value(name) : undefined;
      return value && expand(graph.scalar(0, value.dtype), sizes(value));
    });
  }
}

/** One error of several, in the order of the graph. */
function together(errors: readonly DenaryError[]): DenaryError {
  const [only, ...more] = errors.toReversed();
  if (more.length === 0) return only!;
  const found = [only!, ...more].map(({ who, received }) => `${who}: ${received}`).join('; ');
  return problem('unsupported-operator', 'differentiate', 'nodes with known gradients', found, only!.remedy);
}

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
