/** Which initializers of a model are its weights: told by where they stand, so that it works for anybody's ONNX file. */

import { DenaryError, type Graph, type Model, type Node } from '@denary/core';

/** The inputs of an operator that hold a matrix: what a layer is named after. */
const matrixInputs: Readonly<Record<string, readonly number[]>> = {
  Conv: [1],
  GRU: [1, 2],
  Gemm: [1],
  LSTM: [1, 2],
  MatMul: [0, 1],
  RNN: [1, 2],
};

/** The inputs that hold what goes with one: biases, and the scales and shifts of a normalization. */
const vectorInputs: Readonly<Record<string, readonly number[]>> = {
  Add: [0, 1],
  BatchNormalization: [1, 2],
  Conv: [2],
  GRU: [3],
  Gemm: [2],
  LSTM: [3],
  LayerNormalization: [1, 2],
  Mul: [0, 1],
  PRelu: [1],
  RNN: [3],
};

/** The inputs that hold moving statistics: kept by training, not trained by it. */
const statisticInputs: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] };

/** Where an exporter writes a normalization as arithmetic: with one number a channel, and never with a single one. */
const arithmetic = new Set(['Mul']);

/** A weight may lie behind operators that only move its elements. */
const movements = new Set(['Cast', 'Identity', 'Reshape', 'Squeeze', 'Transpose', 'Unsqueeze']);

/** A place where a weight is read. */
export interface WeightUse {
  readonly weight: string;
  readonly reader: Node;
  readonly kind: 'matrix' | 'vector';
}

export interface Parameters {
  readonly weights: ReadonlySet<string>;
  readonly statistics: ReadonlySet<string>;
  /** In the order of the graph; a weight may have several. */
  readonly uses: readonly WeightUse[];
}

/** Throws `bad-model` where one initializer is both, as exporters do that merge equal tensors. */
export function parametersOf({ graph }: Model): Parameters {
  const origin = originsIn(graph);
  const computed = behindMatrices(graph, origin);
  const found = (node: Node, table: typeof matrixInputs): string[] =>
    (table[node.op] ?? []).flatMap((index) => {
      const name = origin(node.inputs[index] ?? '');
      const tensor = graph.initializers.get(name ?? '');
      if (!name || tensor?.dtype !== 'float32' || tensor.shape.length === 0) return [];
      return arithmetic.has(node.op) && (tensor.data.length === 1 || !node.inputs.some((input) => computed.has(input)))
        ? []
        : [name];
    });
  const uses = graph.nodes.flatMap((reader): WeightUse[] => [
    ...found(reader, matrixInputs).map((weight) => ({ weight, reader, kind: 'matrix' as const })),
    ...found(reader, vectorInputs).map((weight) => ({ weight, reader, kind: 'vector' as const })),
  ]);
  const statistics = new Set(graph.nodes.flatMap((node) => found(node, statisticInputs)));
  const weights = new Set(uses.map(({ weight }) => weight));
  const tied = [...weights].find((name) => statistics.has(name));
  if (tied === undefined) return { weights, statistics, uses };
  throw new DenaryError({
    code: 'bad-model',
    who: 'parametersOf',
    expected: 'weights and moving statistics in initializers of their own',
    received: `"${tied}", which is both`,
    remedy: 'Export the model without merging equal initializers.',
  });
}

/** The initializer that a value is, as it is or moved about; undefined for what is computed. */
function originsIn({ nodes, initializers }: Graph): (name: string) => string | undefined {
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  return function origin(name): string | undefined {
    if (initializers.has(name)) return name;
    const maker = makers.get(name);
    return maker && movements.has(maker.op) ? origin(maker.inputs[0]!) : undefined;
  };
}

/** What depends on a product with a matrix: arithmetic before the first one is on pixels, and no part of a layer. */
function behindMatrices({ nodes }: Graph, origin: (name: string) => string | undefined): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { op, inputs, outputs } of nodes) {
    const isLayer = matrixInputs[op]?.some((index) => origin(inputs[index] ?? '') !== undefined);
    if (isLayer || inputs.some((name) => names.has(name))) for (const name of outputs) if (name) names.add(name);
  }
  return names;
}
