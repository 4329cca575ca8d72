/** A model in two parts: what does not depend on the weights that change, and the rest. The first is run once for an image. */

import { GraphBuilder } from '../onnx/builder.js';
import type { Graph, Model, Node, Value } from '../onnx/model.js';

export interface Split {
  /** From images to features. */
  readonly trunk: Model;
  /** From features, float32 [batch, ...] each, to probabilities. */
  readonly rest: Model;
}

/** Operators that take the time of a model, its layers: without one of them in the trunk nothing is saved. */
export const LAYERS = new Set(['Conv', 'Gemm', 'GRU', 'LSTM', 'MatMul', 'RNN']);

/** Undefined where no layer comes before the first weight that changes, or where other than features would cross. */
export function splitAt(model: Model, variable: readonly string[]): Split | undefined {
  const { graph, opset } = model;
  const changing = new Set(variable);
  const [before, after]: [Node[], Node[]] = [[], []];
  for (const node of graph.nodes) {
    const changes = node.inputs.some((name) => changing.has(name));
    if (changes) for (const name of node.outputs) changing.add(name);
    (changes ? after : before).push(node);
  }
  if (variable.length === 0 || !before.some(({ op }) => LAYERS.has(op))) return undefined;
  const made = new Set(before.flatMap(({ outputs }) => outputs));
  const crossing = [...new Set(after.flatMap(({ inputs }) => inputs))].filter((name) => made.has(name));
  const types = GraphBuilder.from({ ...graph, nodes: before }, opset);
  const features = crossing.map((name) => types.value(name));
  const [batch] = graph.inputs[0]!.shape;
  if (!features.every(({ dtype, shape }) => dtype === 'float32' && shape[0] === batch)) return undefined;
  return {
    trunk: { ...model, graph: partOf(graph, before, graph.inputs, features) },
    rest: { ...model, graph: partOf(graph, after, features, graph.outputs) },
  };
}

function partOf(graph: Graph, nodes: readonly Node[], inputs: readonly Value[], outputs: readonly Value[]): Graph {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const initializers = new Map([...graph.initializers].filter(([name]) => read.has(name)));
  return { ...graph, nodes, inputs, outputs, initializers };
}
