/** Dead-node elimination: what no output depends on is left out, nodes and initializers alike. */

import type { Graph } from '@denary/core';

export function removeDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes
    .toReversed()
    .filter(({ inputs, outputs }) => {
      const alive = outputs.some((name) => needed.has(name));
      if (alive) for (const name of inputs) needed.add(name);
      return alive;
    })
    .reverse();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  return { ...graph, nodes, initializers };
}
