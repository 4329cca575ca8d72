/** A model as it predicts: what only training needs is left out, and shapes that the graph computes are constants. */

import type { Model } from '@denary/core';
import { removeDeadNodes } from './dead-nodes.js';
import { foldConstants } from './fold-constants.js';

/** Shapes that the graph computes as it runs become constants, and what nothing reads is left out. */
export const folded = (model: Model): Model => ({
  ...model,
  graph: removeDeadNodes(foldConstants(model.graph, model.opset)),
});

/** What a Dropout does where a model predicts is nothing. */
export const withoutDropout = ({ graph, ...model }: Model): Model => ({
  ...model,
  graph: {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op === 'Dropout' ? { ...node, op: 'Identity', inputs: node.inputs.slice(0, 1), attributes: {} } : node,
    ),
  },
});
