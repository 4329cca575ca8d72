/** Architecture -> Model: the inference graph with its initial weights, in the model file's contract. */

import { type Dimension, elementTypeOf, GraphBuilder, type Model, sizeOf, type Value } from '@denary/core';
import type { Architecture, InputSpec } from '../architectures/architecture.js';
import type { Regularizer } from '../architectures/layers.js';
import { initialize } from './initializers.js';
import { type Emission, emitLayer } from './layers.js';

export interface WeightReport {
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
  /** As Keras counts them: an LSTM's bias has a half that is always zero. */
  readonly parameters: number;
  readonly regularizer?: Regularizer;
}

/** One row of a model's summary. */
export interface LayerReport {
  readonly name: string;
  readonly type: string;
  /** Channels first, as the graph has it; the batch is symbolic. */
  readonly outputShape: readonly Dimension[];
  readonly weights: readonly WeightReport[];
}

export interface BuiltModel {
  readonly model: Model;
  readonly layers: readonly LayerReport[];
  /** All weights, the moving statistics of batch normalization included. */
  readonly parameters: number;
  /** By weight, as the layers ask for them. */
  readonly regularizers: Readonly<Record<string, Regularizer>>;
}

/**
 * Builds the ONNX model of an architecture: input `image` uint8 [batch, height, width], output `probabilities` float32
 * [batch, classes]. The same seed gives the same weights.
 */
export function buildModel(architecture: Architecture, seed = 0): BuiltModel {
  const graph = new GraphBuilder(architecture.name);
  const numbering = new Map<string, number>();
  const layers: LayerReport[] = [];
  let x = emitInput(graph, architecture.input);
  for (const layer of architecture.layers) {
    const weights: WeightReport[] = [];
    const name = layer.name ?? numbered(layer.type, numbering);
    const emission: Emission = {
      graph,
      name,
      weight(suffix, shape, initializer, options = {}) {
        const { fans = { fanIn: 1, fanOut: 1 }, trainable = true, parameters = sizeOf(shape), regularizer } = options;
        const weight = `${name}/${suffix}`;
        weights.push({ name: weight, shape, trainable, parameters, ...(regularizer && { regularizer }) });
        const values =
          typeof initializer === 'object' && 'data' in initializer
            ? initializer
            : initialize(initializer, shape, fans, seed, weight);
        return graph.initializer(weight, values);
      },
    };
    x = emitLayer(x, layer, emission);
    layers.push({ name, type: layer.type, outputShape: x.shape, weights });
  }
  graph.output(x, 'probabilities');
  const weights = layers.flatMap((layer) => layer.weights);
  const parameters = weights.reduce((sum, weight) => sum + weight.parameters, 0);
  const regularizers = Object.fromEntries(
    weights.flatMap(({ name, regularizer }) => (regularizer ? [[name, regularizer]] : [])),
  );
  return { model: graph.model(), layers, parameters, regularizers };
}

/** Pixels to [0, 1], in the shape that the first layer expects. */
function emitInput(graph: GraphBuilder, { image, scale, as }: InputSpec): Value {
  const pixels = graph.input('image', 'uint8', ['batch', ...image]);
  const shape = { flat: [-1, image[0] * image[1]], image: [-1, 1, ...image], rows: [-1, ...image, 1] }[as];
  const shaped = graph.op('Reshape', [pixels, graph.int64s(shape)], {}, { name: 'image/shaped' });
  const numbers = graph.op('Cast', [shaped], { to: elementTypeOf('float32') }, { name: 'image/numbers' });
  return graph.op('Mul', [numbers, graph.scalar(1 / scale)], {}, { name: 'image/scaled' });
}

/** Keras' names: `conv2d`, `conv2d_1`, `max_pooling2d`, `batch_normalization`. */
function numbered(type: string, numbering: Map<string, number>): string {
  const stem = type.replace(/([a-z0-9])([A-Z][a-z])/g, '$1_$2').toLowerCase();
  const count = numbering.get(stem) ?? 0;
  numbering.set(stem, count + 1);
  return count === 0 ? stem : `${stem}_${count}`;
}
