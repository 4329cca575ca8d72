/** Small rewrites of a foreign graph before it is wrapped: it predicts rather than trains, and leaves our names to us. */

import type { Attribute, Model, Node, Value } from '@denary/core';

/** The same model as it predicts, where it was exported as it trains. */
export function inPredictingForm(model: Model): Model {
  return { ...model, graph: { ...model.graph, nodes: model.graph.nodes.map(predicting) } };
}

function predicting(node: Node): Node {
  // The third input is the switch to training.
  if (node.op === 'Dropout') return { ...node, inputs: node.inputs.slice(0, 2), outputs: node.outputs.slice(0, 1) };
  if (node.op !== 'BatchNormalization') return node;
  const attributes: Record<string, Attribute> = { ...node.attributes };
  delete attributes.training_mode;
  delete attributes.spatial;
  return { ...node, attributes, outputs: node.outputs.slice(0, 1) };
}

/** The same model without these names for its values: one that has such a name is given another. */
export function withoutNames(model: Model, names: readonly string[]): Model {
  const { graph } = model;
  const rename = (name: string) => (names.includes(name) ? `${graph.name || 'model'}/${name}` : name);
  const renamed = (value: Value): Value => ({ ...value, name: rename(value.name) });
  return {
    ...model,
    graph: {
      ...graph,
      inputs: graph.inputs.map(renamed),
      outputs: graph.outputs.map(renamed),
      initializers: new Map([...graph.initializers].map(([name, tensor]) => [rename(name), tensor])),
      nodes: graph.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(rename),
        outputs: node.outputs.map(rename),
      })),
    },
  };
}
