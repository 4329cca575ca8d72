/** Takes a factor on the way into a matrix product into the product's own alpha, where it costs nothing. */

import { type Attribute, attribute, type GraphBuilder, type Node, type Value } from '@denary/core';

/**
 * Gemm(s x, B) = s Gemm(x, B), for a constant scalar s, and through a Reshape or Flatten between. The Mul that is passed
 * by may be dead afterwards.
 */
export function scaleIntoGemm(node: Node, graph: GraphBuilder): Node {
  const found = unscaled(node.inputs[0]!, graph);
  if (!found) return node;
  const alpha: Attribute = { type: 'float', value: (attribute(node.attributes, 'alpha', 'float') ?? 1) * found.scale };
  return {
    ...node,
    inputs: [found.value.name, ...node.inputs.slice(1)],
    attributes: { ...node.attributes, alpha },
  };
}

/** A value as it is before it is multiplied by a constant, in the same shape; undefined where it is not. */
function unscaled(name: string, graph: GraphBuilder): { value: Value; scale: number } | undefined {
  const maker = graph.producer(name);
  if (!maker) return undefined;
  if (maker.op === 'Mul') {
    const at = maker.inputs.findIndex((input) => graph.constantOf(input)?.shape.length === 0);
    const other = maker.inputs[1 - at];
    if (at < 0 || !other) return undefined;
    return { value: graph.value(other), scale: Number(graph.constantOf(maker.inputs[at]!)!.data[0]) };
  }
  if (maker.op !== 'Flatten' && maker.op !== 'Reshape') return undefined;
  const before = unscaled(maker.inputs[0]!, graph);
  if (!before) return undefined;
  const again = { ...maker, name: graph.unique(maker.op), inputs: [before.value.name, ...maker.inputs.slice(1)] };
  return { value: graph.append({ ...again, outputs: [again.name] })[0]!, scale: before.scale };
}
