/** Common-subexpression elimination: of nodes that compute the same of the same, the first one is kept. */

import type { Graph } from '@denary/core';

/** Every operator here gives the same for the same inputs. A node that makes an output of the graph stays, whatever it does. */
export function mergeRepeatedNodes(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const first = new Map<string, readonly string[]>();
  const instead = new Map<string, string>();
  const nodes = graph.nodes.flatMap((node) => {
    const inputs = node.inputs.map((name) => instead.get(name) ?? name);
    // Tensors and inner graphs are not looked into.
    const holdsMore = Object.values(node.attributes).some(({ type }) => type === 'tensor' || type === 'graph');
    const attributes = Object.entries(holdsMore ? {} : node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([node.domain, node.op, inputs, attributes, node.outputs.map((name) => name !== '')]);
    const known = first.get(key);
    if (!known || holdsMore || node.outputs.some((name) => outputs.has(name))) {
      if (!known && !holdsMore) first.set(key, node.outputs);
      return [{ ...node, inputs }];
    }
    node.outputs.forEach((name, i) => {
      if (name) instead.set(name, known[i]!);
    });
    return [];
  });
  return { ...graph, nodes };
}
