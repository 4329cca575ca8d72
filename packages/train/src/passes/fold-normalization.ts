/** Batch normalization, as a model predicts with it, folded into the weights of the layer before it. */

import { attribute, type Graph, type Node, type Tensor } from '@denary/core';

/** The same graph without those BatchNormalizations that alone read a Conv or Gemm with constant weights. */
export function foldNormalization(graph: Graph): Graph {
  const initializers = new Map(graph.initializers);
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const readers = (name: string) => graph.nodes.filter(({ inputs }) => inputs.includes(name)).length;
  const shown = new Set(graph.outputs.map(({ name }) => name));
  const nodes = new Map(graph.nodes.map((node) => [node, node]));
  for (const node of graph.nodes) {
    const layer = node.op === 'BatchNormalization' ? makers.get(node.inputs[0]!) : undefined;
    if (!layer || readers(node.inputs[0]!) > 1 || shown.has(node.inputs[0]!)) continue;
    const merged = mergedLayer(layer, node, initializers);
    if (!merged) continue;
    nodes.delete(layer);
    nodes.set(node, merged);
  }
  return { ...graph, nodes: [...nodes.values()], initializers };
}

/** Undefined where the layer is none, or what it would take is not constant. */
function mergedLayer(layer: Node, normalization: Node, initializers: Map<string, Tensor>): Node | undefined {
  const axis = channelAxis(layer);
  const floats = (name: string | undefined) => {
    const tensor = initializers.get(name ?? '');
    return tensor?.dtype === 'float32' ? (tensor as Tensor<'float32'>) : undefined;
  };
  const weight = floats(layer.inputs[1]);
  const bias = floats(layer.inputs[2]);
  const [gamma, beta, mean, variance] = normalization.inputs.slice(1).map(floats);
  if (axis === undefined || !weight || !gamma || !beta || !mean || !variance) return undefined;
  const channels = weight.shape[axis]!;
  if (layer.inputs[2] && bias?.data.length !== channels) return undefined;
  const epsilon = attribute(normalization.attributes, 'epsilon', 'float') ?? 1e-5;
  const factors = gamma.data.map((value, i) => value / Math.sqrt(variance.data[i]! + epsilon));
  const inner = weight.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const [output] = normalization.outputs as [string];
  const [weightName, biasName] = [`${output}/kernel`, `${output}/bias`];
  const data = weight.data.map((value, i) => value * factors[Math.floor(i / inner) % channels]!);
  const shifts = factors.map((factor, i) => ((bias?.data[i] ?? 0) - mean.data[i]!) * factor + beta.data[i]!);
  initializers.set(weightName, { dtype: 'float32', shape: weight.shape, data });
  initializers.set(biasName, { dtype: 'float32', shape: [channels], data: shifts });
  return { ...layer, inputs: [layer.inputs[0]!, weightName, biasName], outputs: [output] };
}

/** Of a layer's weights, the axis of its outputs; undefined for what is no such layer. */
function channelAxis({ op, attributes }: Node): number | undefined {
  if (op === 'Conv') return 0;
  const isPlain = attribute(attributes, 'alpha', 'float') === undefined && !attribute(attributes, 'transA', 'int');
  if (op !== 'Gemm' || !isPlain) return undefined;
  return attribute(attributes, 'transB', 'int') ? 0 : 1;
}
