/**
 * A training graph that does any number of steps in one run: its nodes become the body of a Scan, whose state is the
 * training's. The weights then leave the runtime once a run rather than once a step (onnxruntime-node copies every output
 * into a new array, onnxruntime-web inputs and outputs): of a step of `cnn` that copy was an eighth, of `mlp` a quarter.
 */

import { type Graph, type Model, type Node, trainingMetadata, trainingSpecOf, type Value } from '@denary/core';

/** The name of the new first dimension of what is fed and of what comes out. */
const STEPS = 'steps';

/** What is fed a step each, in place of once: [steps, ...] of everything but the seed. */
const SHARED = ['seed'];

/** The same training; inputs but the seed, and the loss, get a first axis of steps. */
export function severalSteps(training: Model): Model {
  const { graph } = training;
  const spec = trainingSpecOf(training);
  const moving = spec.state.filter(({ output }) => output !== undefined);
  const named = new Map([...graph.inputs, ...graph.outputs].map((value) => [value.name, value]));
  const held = new Set(spec.state.map(({ input }) => input));
  const before = moving.map(({ input }) => named.get(input)!);
  const after = moving.map(({ output }) => named.get(output!)!);
  const fed = graph.inputs.filter(({ name }) => !held.has(name) && !SHARED.includes(name));
  const given = graph.outputs.filter((output) => !after.includes(output));

  const inputs = [...before, ...fed];
  const outputs = [...after, ...given];
  const body = renamed(graph, inputs, outputs);
  const scan: Node = {
    name: 'steps',
    op: 'Scan',
    domain: '',
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    attributes: { body: { type: 'graph', value: body }, num_scan_inputs: { type: 'int', value: fed.length } },
  };
  const perStep = (value: Value): Value => ({ ...value, shape: [STEPS, ...value.shape] });
  return {
    ...training,
    metadata: { ...training.metadata, ...trainingMetadata({ ...spec, severalSteps: true }) },
    graph: {
      name: graph.name,
      inputs: graph.inputs.map((value) => (fed.includes(value) ? perStep(value) : value)),
      outputs: [...after, ...given.map(perStep)],
      nodes: [scan],
      initializers: new Map(),
    },
  };
}

/** The graph with these inputs and outputs, under names of its own: an inner graph may not name what an outer one does. */
function renamed(graph: Graph, inputs: readonly Value[], outputs: readonly Value[]): Graph {
  const inner = (name: string) => `step/${name}`;
  const names = new Set([...inputs, ...outputs].map(({ name }) => name));
  const rename = (list: readonly string[]) => list.map((name) => (names.has(name) ? inner(name) : name));
  const own = (value: Value): Value => ({ ...value, name: inner(value.name) });
  return {
    ...graph,
    name: `${graph.name}/step`,
    inputs: inputs.map(own),
    outputs: outputs.map(own),
    nodes: graph.nodes.map((node) => ({ ...node, inputs: rename(node.inputs), outputs: rename(node.outputs) })),
  };
}
