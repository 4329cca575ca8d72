/**
 * A model of the catalogue -> a layers model of TensorFlow.js. It takes what ours takes: `image` [batch, height, width] of
 * pixels, which its first layer scales. Images are channels last in it, and weights lie as Keras has them.
 */

import { joinBytes, type Model, problem, type Tensor } from '@denary/core';
import type { Architecture, InputSpec } from '../architectures/architecture.js';
import type { Layer, LayerType } from '../architectures/layers.js';
import { buildModel, type LayerReport } from '../forward/build-model.js';
import { flattenedRows, gateBias, gates, kernel2d, type Layout, plain } from './engine/layouts.js';

/** A weight of ours, and how it lies in Keras. */
type Layouts = Readonly<Record<string, Layout>>;

/** A layer as Keras configures it, with its weights in Keras' order. */
interface KerasLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly weights?: Layouts;
}

interface Position {
  readonly name: string;
  /** How values lie that a layer has a row of weights for: in another order after an image was flattened. */
  readonly rows: Layout;
}

type Row<L> = (layer: L, at: Position) => KerasLayer | readonly KerasLayer[];

const keras = (class_name: string, name: string, config: object = {}, weights?: Layouts): KerasLayer => ({
  class_name,
  config: { name, trainable: true, ...config },
  ...(weights && { weights }),
});

const withBias = (useBias: boolean, weights: Layouts, bias: Layout = plain): Layouts =>
  useBias ? { ...weights, bias } : weights;

const rows: { readonly [T in LayerType]: Row<Extract<Layer, { type: T }>> } = {
  Dense: ({ units, activation = 'linear', useBias = true }, { name, rows }) =>
    keras('Dense', name, { units, activation, use_bias: useBias }, withBias(useBias, { kernel: rows })),

  Conv2D: (
    { filters, kernelSize, strides = [1, 1], padding = 'valid', activation = 'linear', useBias = true },
    { name },
  ) =>
    keras(
      'Conv2D',
      name,
      {
        filters,
        kernel_size: kernelSize,
        strides,
        padding,
        activation,
        use_bias: useBias,
        data_format: 'channels_last',
      },
      withBias(useBias, { kernel: kernel2d }),
    ),

  MaxPooling2D: ({ poolSize = [2, 2], strides = poolSize, padding = 'valid' }, { name }) =>
    keras('MaxPooling2D', name, { pool_size: poolSize, strides, padding, data_format: 'channels_last' }),

  Flatten: (_, { name }) => keras('Flatten', name),
  Dropout: ({ rate }, { name }) => keras('Dropout', name, { rate }),
  Activation: ({ activation }, { name }) => keras('Activation', name, { activation }),

  BatchNormalization: ({ momentum = 0.99, epsilon = 1e-3 }, { name, rows }) => {
    const weights = { gamma: rows, beta: rows, moving_mean: rows, moving_variance: rows };
    return keras('BatchNormalization', name, { axis: -1, momentum, epsilon, center: true, scale: true }, weights);
  },

  LSTM: ({ units, returnSequences = false, useBias = true }, { name }) =>
    keras(
      'LSTM',
      name,
      {
        units,
        return_sequences: returnSequences,
        use_bias: useBias,
        activation: 'tanh',
        recurrent_activation: 'sigmoid',
        unit_forget_bias: false,
      },
      withBias(useBias, { kernel: gates, recurrent_kernel: gates }, gateBias),
    ),

  TimeDistributed: ({ layer }, { name, rows }) => {
    const [inner, ...more] = [emit(layer, { name: `${name}_step`, rows })].flat();
    if (!inner || more.length > 0) throw notExported(layer.type, 'a layer inside TimeDistributed');
    const { weights, ...wrapped } = inner;
    return keras('TimeDistributed', name, { layer: wrapped }, weights);
  },

  // One product for all digits, then each one's softmax.
  Heads: ({ count, units }, { name, rows }) => [
    keras('Dense', name, { units: count * units, activation: 'linear', use_bias: true }, { kernel: rows, bias: plain }),
    keras('Reshape', `${name}_slots`, { target_shape: [count, units] }),
    keras('Activation', `${name}_softmax`, { activation: 'softmax' }),
  ],
};

const emit = (layer: Layer, at: Position) => (rows[layer.type] as Row<Layer>)(layer, at);

/** Pixels to [0, 1], in the shape that the first layer expects. */
function inputLayers({ image: [height, width], scale, as }: InputSpec): KerasLayer[] {
  const input = { batch_input_shape: [null, height, width], dtype: 'float32', sparse: false };
  const shape = as === 'flat' ? [height * width] : [height, width, 1];
  return [
    { class_name: 'InputLayer', config: { name: 'image', ...input } },
    keras('Rescaling', 'scaled', { scale: 1 / scale, offset: 0 }),
    keras('Reshape', 'shaped', { target_shape: shape }),
  ];
}

/** Layers after which values no longer lie in the order of the image before them. */
const mixes = new Set<LayerType>(['Dense', 'Heads']);

function layersOf({ input, layers }: Architecture, reports: readonly LayerReport[]): KerasLayer[] {
  let flattened: Layout = plain;
  const made = layers.map((layer, i) => {
    const before = reports[i - 1]?.outputShape;
    if (layer.type === 'Flatten' && before?.length === 4) {
      const [, channels, height, width] = before as [string, number, number, number];
      flattened = flattenedRows([height, width, channels]);
    }
    const result = emit(layer, { name: reports[i]!.name, rows: flattened });
    if (mixes.has(layer.type)) flattened = plain;
    return result;
  });
  return [...inputLayers(input), ...made.flat()];
}

/** Bytes of a shard, as TensorFlow.js' own converter makes them. */
const SHARD = 4 * 1024 * 1024;

/**
 * The files of a layers model, by name: `model.json` and its shards. Stock `tf.loadLayersModel` (TensorFlow.js 4) loads it and
 * predicts what the model does; `metadata` goes into its `userDefinedMetadata.denary`. Throws `bad-model` where the model's weights are not those of the architecture.
 */
export function exportLayersModel(
  model: Model,
  architecture: Architecture,
  metadata: Readonly<Record<string, unknown>> = {},
): Record<string, Uint8Array> {
  const layers = layersOf(architecture, buildModel(architecture).layers);
  const weights = layers.flatMap(({ config: { name }, weights = {} }) =>
    Object.entries(weights).map(([suffix, layout]) => ({ name: `${name}/${suffix}`, layout })),
  );
  const tensors = weights.map(({ name, layout }) => ({ name, tensor: layout.there(weightOf(model, name)) }));
  const bytes = joinBytes(tensors.map(({ tensor }) => tensor.data));
  const count = Math.max(1, Math.ceil(bytes.length / SHARD));
  const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const json = {
    format: 'layers-model',
    generatedBy: 'denary',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: { name: architecture.name, layers: layers.map(({ class_name, config }) => ({ class_name, config })) },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      { paths, weights: tensors.map(({ name, tensor: { shape } }) => ({ name, shape, dtype: 'float32' })) },
    ],
    // The first layer scales the pixels, so that nothing before it does.
    userDefinedMetadata: { denary: { ...metadata, scale: 1 } },
  };
  return {
    ...Object.fromEntries(paths.map((path, i) => [path, bytes.subarray(i * SHARD, (i + 1) * SHARD)])),
    'model.json': new TextEncoder().encode(JSON.stringify(json)),
  };
}

function weightOf({ graph }: Model, name: string): Tensor<'float32'> {
  const found = graph.initializers.get(name);
  if (found?.dtype === 'float32') return found as Tensor<'float32'>;
  throw problem(
    'bad-model',
    'exportLayersModel',
    `a weight "${name}", as the architecture has it`,
    found ? found.dtype : 'none',
    'Export a model that denary trained, with its manifest beside it.',
  );
}

const notExported = (type: LayerType, where: string) =>
  problem('unknown-layer', 'exportLayersModel', where, type, 'Train the model without it.');
