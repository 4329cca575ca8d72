/** Architecture -> tf.LayersModel, with the place of each of our weights in it. Images are channels last, as Keras has them. */

import type * as tf from '@tensorflow/tfjs';
import type { Architecture } from '../../architectures/architecture.js';
import type { ActivationName, Layer, LayerType, Regularizer } from '../../architectures/layers.js';
import type { LayerReport } from '../../forward/build-model.js';
import { flattenedRows, gateBias, gates, kernel2d, type Layout, plain } from './layouts.js';
import { freeReshape, type MaskSource, seededDropout } from './own-layers.js';
import type { Tfjs } from './tfjs.js';

export interface BoundWeight {
  /** In our model. */
  readonly name: string;
  readonly layer: tf.layers.Layer;
  /** Among the layer's weights. */
  readonly index: number;
  readonly layout: Layout;
}

/** The activation that makes probabilities of the model's output; none where the output is what the last layer gives. */
export type Ending = 'softmax' | 'sigmoid' | undefined;

export interface BuiltLayersModel {
  /** Up to the last activation, so that losses are computed from logits. */
  readonly model: tf.LayersModel;
  readonly ending: Ending;
  readonly weights: readonly BoundWeight[];
}

type ImageShape = readonly [height: number, width: number, channels: number];

interface Emission {
  readonly tf: Tfjs;
  /** Of the layer that is added. */
  readonly name: string;
  readonly masks: MaskSource;
  /** The image that was flattened, while values still lie in its order. */
  flattened: ImageShape | undefined;
  /** What the last activation was given and gave. */
  activated?: {
    readonly activation: ActivationName;
    readonly logits: tf.SymbolicTensor;
    readonly y: tf.SymbolicTensor;
  };
  readonly weights: BoundWeight[];
}

type X = tf.SymbolicTensor;
type Row<L> = (x: X, layer: L, e: Emission) => X;

const rows: { readonly [T in LayerType]: Row<Extract<Layer, { type: T }>> } = {
  Dense(x, { units, activation, useBias = true, ...penalties }, e) {
    const config = { name: e.name, units, useBias, kernelInitializer: 'zeros', ...penaltiesOf(e, penalties) } as const;
    const y = apply(e, e.tf.layers.dense(config), x, { kernel: rowsOf(e), bias: plain });
    e.flattened = undefined;
    return activate(y, activation, e);
  },

  Conv2D(x, { filters, kernelSize, strides = [1, 1], padding = 'valid', activation, useBias = true, ...penalties }, e) {
    const layer = e.tf.layers.conv2d({
      ...{ name: e.name, filters, padding, useBias, kernelInitializer: 'zeros', ...penaltiesOf(e, penalties) },
      kernelSize: [...kernelSize],
      strides: [...strides],
    });
    return activate(apply(e, layer, x, { kernel: kernel2d, bias: plain }), activation, e);
  },

  MaxPooling2D(x, { poolSize = [2, 2], strides = poolSize, padding = 'valid' }, e) {
    const config = { name: e.name, poolSize: [...poolSize], strides: [...strides], padding } as const;
    return apply(e, e.tf.layers.maxPooling2d(config as never), x);
  },

  Flatten(x, _, e) {
    const sizes = x.shape.slice(1) as number[];
    if (sizes.length === 3) e.flattened = sizes as unknown as ImageShape;
    return apply(e, e.tf.layers.flatten({ name: e.name }), x);
  },

  Dropout: (x, { rate }, e) => apply(e, seededDropout(e.tf, rate, e.name, e.masks), x),

  Activation: (x, { activation }, e) => activate(x, activation, e, e.name),

  BatchNormalization(x, { momentum = 0.99, epsilon = 1e-3 }, e) {
    const layer = e.tf.layers.batchNormalization({ name: e.name, momentum, epsilon });
    const layout = rowsOf(e);
    return apply(e, layer, x, { gamma: layout, beta: layout, moving_mean: layout, moving_variance: layout });
  },

  LSTM(x, { units, returnSequences = false, useBias = true }, e) {
    const drawn = { kernelInitializer: 'zeros', recurrentInitializer: 'zeros' } as const;
    const config = { name: e.name, units, returnSequences, useBias, ...drawn, recurrentActivation: 'sigmoid' } as const;
    return apply(e, e.tf.layers.lstm(config), x, { kernel: gates, recurrent_kernel: gates, bias: gateBias });
  },

  // The steps join the batch for the inner layer: TensorFlow.js' own layer takes them one after the other.
  TimeDistributed(x, { layer }, e) {
    const [, steps, ...rest] = x.shape as number[];
    const joined = apply(e, freeReshape(e.tf, `${e.name}/joined`, [null, ...rest]), x);
    const y = emit(joined, layer, e);
    return apply(e, freeReshape(e.tf, `${e.name}/parted`, [null, steps!, ...(y.shape.slice(1) as number[])]), y);
  },

  Heads(x, { count, units }, e) {
    const dense = e.tf.layers.dense({ name: e.name, units: count * units, kernelInitializer: 'zeros' });
    const joined = apply(e, dense, x, { kernel: rowsOf(e), bias: plain });
    e.flattened = undefined;
    const logits = apply(e, e.tf.layers.reshape({ name: `${e.name}/logits`, targetShape: [count, units] }), joined);
    return activate(logits, 'softmax', e);
  },
};

const emit = (x: X, layer: Layer, e: Emission): X => (rows[layer.type] as Row<Layer>)(x, layer, e);

/** Adds a layer; the suffixes are those of its weights in our model, in the order of its own. */
function apply(e: Emission, layer: tf.layers.Layer, x: X, layouts: Readonly<Record<string, Layout>> = {}): X {
  const y = layer.apply(x) as X;
  // Without a bias the layer has a weight less.
  const bound = Object.entries(layouts).slice(0, layer.weights.length);
  bound.forEach(([suffix, layout], index) => {
    e.weights.push({ name: `${e.name}/${suffix}`, layer, index, layout });
  });
  return y;
}

function activate(x: X, activation: ActivationName = 'linear', e: Emission, name = `${e.name}/${activation}`): X {
  if (activation === 'linear') return x;
  const y = apply(e, e.tf.layers.activation({ name, activation }), x);
  e.activated = { activation, logits: x, y };
  return y;
}

const rowsOf = ({ flattened }: Emission): Layout => (flattened ? flattenedRows(flattened) : plain);

function penaltiesOf(
  { tf }: Emission,
  { kernelRegularizer, biasRegularizer }: { kernelRegularizer?: Regularizer; biasRegularizer?: Regularizer },
) {
  const penalty = ({ l1 = 0, l2 = 0 }: Regularizer) => tf.regularizers.l1l2({ l1, l2 });
  return {
    ...(kernelRegularizer && { kernelRegularizer: penalty(kernelRegularizer) }),
    ...(biasRegularizer && { biasRegularizer: penalty(biasRegularizer) }),
  };
}

/** Builds the layers model of an architecture, with weights of zero; `reports` are those of `buildModel`, whose names the layers take. */
export function buildLayersModel(
  tf: Tfjs,
  { input, layers, name }: Architecture,
  reports: readonly LayerReport[],
  masks: MaskSource,
): BuiltLayersModel {
  const [height, width] = input.image;
  const inputs = tf.input({ shape: input.as === 'flat' ? [height * width] : [height, width, 1] });
  const e = { tf, masks, name: '', flattened: undefined, weights: [] } as Emission;
  const y = layers.reduce<X>((x, layer, i) => emit(x, layer, Object.assign(e, { name: reports[i]!.name })), inputs);
  const { activation, logits } = e.activated?.y === y ? e.activated : {};
  const ending = activation === 'softmax' || activation === 'sigmoid' ? activation : undefined;
  return { model: tf.model({ inputs, outputs: ending ? logits! : y, name }), ending, weights: e.weights };
}
