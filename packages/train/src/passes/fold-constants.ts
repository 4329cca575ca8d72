/**
 * Constant folding: shapes that a graph computes as it runs become constants, and what does nothing is left out, so that
 * every shape can be inferred. Floats are left alone: weights stay the initializers that they are.
 */

import {
  type Dimension,
  describeNode,
  dtypeOf,
  fromNumbers,
  type Graph,
  GraphBuilder,
  type Node,
  problem,
  productOf,
  type Value,
} from '@denary/core';
import { evaluate, isWholeType, type Whole, wholeOf } from './whole-numbers.js';

/** The same graph with its constants folded. */
export function foldConstants(graph: Graph, opset: number): Graph {
  const builder = new GraphBuilder(graph.name, opset);
  builder.reserve(namesIn(graph));
  for (const { name, dtype, shape } of graph.inputs) builder.input(name, dtype, shape);
  const folded = appendFolded(builder, graph);
  for (const { name } of graph.outputs) builder.output(folded(name), name);
  return builder.build();
}

/** All names in a graph: of values, and of nodes, after which new values are called. */
export const namesIn = ({ initializers, nodes }: Graph): string[] => [
  ...initializers.keys(),
  ...nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
];

/**
 * Appends a graph's nodes and those of its initializers that they read, folded, to a builder that has its inputs already.
 * Of a graph that was made for `fixedBatch` images, the inputs may have a symbolic batch: a Reshape or an Expand to that
 * many is then to as many as there are. Gives the values by the names that they had.
 */
export function appendFolded(builder: GraphBuilder, graph: Graph, fixedBatch?: number): (name: string) => Value {
  const known = new Map<string, Whole>();
  /** Where a value is found that was given by a node which is left out. */
  const instead = new Map<string, string>();
  const placed = new Set<string>();

  const shapeOf = (name: string): readonly Dimension[] | undefined => {
    const whole = known.get(name);
    if (whole) return whole.scalar ? [] : [whole.values.length];
    return graph.initializers.get(name)?.shape ?? builder.value(instead.get(name) ?? name).shape;
  };
  const wholeAt = (name: string): Whole | undefined => {
    const tensor = known.has(name) ? undefined : graph.initializers.get(name);
    return known.get(name) ?? (tensor && wholeOf(tensor));
  };
  /** The name under which the builder has a value; what is known becomes a constant there. */
  const place = (name: string, node: Node): string => {
    if (name === '') return name;
    const tensor = graph.initializers.get(name);
    if (tensor && !placed.has(name)) {
      placed.add(name);
      builder.initializer(name, tensor);
    }
    const whole = known.get(name);
    return whole ? constantOf(builder, whole, node) : (instead.get(name) ?? name);
  };

  for (const node of graph.nodes) {
    const [first = '', second = ''] = node.inputs;
    const shape = first && evaluatesShape(node) ? shapeOf(first) : undefined;
    const whole = evaluate({ node, inputs: node.inputs.map((name) => (name ? wholeAt(name) : undefined)), shape });
    const output = node.outputs[0]!;
    if (whole) {
      known.set(output, whole);
    } else if (node.op === 'Identity' && graph.initializers.has(first)) {
      // Exporters merge weights that are equal when they are written: each reader gets its own again.
      builder.initializer(output, graph.initializers.get(first)!);
    } else if (
      !known.has(first) &&
      !graph.initializers.has(first) &&
      doesNothing(node, builder, instead.get(first) ?? first)
    ) {
      instead.set(output, place(first, node));
    } else if (node.op === 'Reshape' || node.op === 'Expand') {
      const target = wholeAt(second);
      const x = place(first, node);
      const to = target && targetOf(node, target, builder.value(x).shape, fixedBatch);
      builder.append({ ...node, inputs: [x, to ? builder.int64s(to).name : place(second, node)] });
    } else {
      builder.append({ ...node, inputs: node.inputs.map((name) => place(name, node)) });
    }
  }
  return (name) => builder.value(instead.get(name) ?? name);
}

const evaluatesShape = ({ op }: Node): boolean => op === 'Shape' || op === 'Size';

function doesNothing(node: Node, builder: GraphBuilder, name: string): boolean {
  if (node.op === 'Identity') return true;
  const to = node.attributes.to?.type === 'int' ? node.attributes.to.value : undefined;
  return node.op === 'Cast' && to !== undefined && builder.value(name).dtype === dtypeOf(to, describeNode(node));
}

function constantOf(builder: GraphBuilder, { dtype, values, scalar }: Whole, node: Node): string {
  const numbers = values.filter((value) => typeof value === 'number');
  if (numbers.length < values.length || !isWholeType(dtype)) {
    throw problem(
      'bad-model',
      describeNode(node),
      'numbers that do not depend on the batch, but in the shape of a Reshape or an Expand',
      `[${values}]`,
      'Export the model again, with torch.flatten or view(x.shape[0], -1) in place of what computes this.',
    );
  }
  return builder.constant(fromNumbers(dtype, numbers, scalar ? [] : [numbers.length])).name;
}

/** A Reshape's or Expand's target as plain numbers, at most one of them -1. */
function targetOf(
  node: Node,
  { values }: Whole,
  from: readonly Dimension[],
  fixedBatch: number | undefined,
): readonly number[] | undefined {
  const batch = from.find((size) => typeof size === 'string');
  const target = values[0] === fixedBatch && batch !== undefined ? values.with(0, batch) : values;
  const symbols = target.filter((size) => typeof size === 'string');
  if (symbols.length === 0) return target as number[];
  const whole = (size: Dimension) => (typeof size === 'number' ? size : -1);
  if (node.op === 'Expand') {
    // Broadcasting keeps the batch that is there.
    return target.map((size) => (typeof size === 'number' ? size : 1));
  }
  if (symbols.length === 1 && !target.includes(-1)) return target.map(whole);
  const rest = productOf(from).count / productOf(target.filter((size) => size !== -1 && size !== 0)).count;
  if (symbols.length === 1 && !target.includes(0)) return target.map((size) => (size === -1 ? rest : whole(size)));
  throw problem(
    'bad-model',
    describeNode(node),
    'a shape with one size that depends on the batch',
    `[${target}]`,
    'Export the model with a symbolic batch alone, and fixed sizes of the image.',
  );
}
