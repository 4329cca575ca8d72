/** Layer -> ONNX nodes, one row a layer. Images are channels first, as ONNX has them. */

import {
  DenaryError,
  type Dimension,
  filled,
  fromNumbers,
  type GraphBuilder,
  type Node,
  padsOf,
  type Tensor,
  type Value,
} from '@denary/core';
import type { ActivationName, InitializerSpec, Layer, LayerType, Regularizer } from '../architectures/layers.js';
import type { Fans } from './initializers.js';

/** What a row may use: the graph so far, the layer's own name, and a way to declare a weight. */
export interface Emission {
  readonly graph: GraphBuilder;
  readonly name: string;
  /** An initializer `<layer>/<suffix>`, drawn by an initializer or given. */
  weight(
    suffix: string,
    shape: readonly number[],
    initializer: InitializerSpec | Tensor,
    options?: WeightOptions,
  ): Value;
}

export interface WeightOptions {
  readonly fans?: Fans;
  /** Default true. */
  readonly trainable?: boolean;
  /** As Keras counts them, where that is not the tensor's size. */
  readonly parameters?: number;
  readonly regularizer?: Regularizer | undefined;
}

type Row<L> = (x: Value, layer: L, emission: Emission) => Value;
type LayerOf<T extends LayerType> = Extract<Layer, { type: T }>;

const layers: { readonly [T in LayerType]: Row<LayerOf<T>> } = {
  Dense: (x, layer, e) => {
    const { units, activation, useBias = true, kernelRegularizer, biasRegularizer } = layer;
    if (x.shape.length === 4)
      throw badLayer(e, 'a vector or a sequence', `an image [${x.shape}]; put a Flatten before`);
    const inputs = fixed(x.shape.at(-1), e, 'Dense');
    const fans = { fanIn: inputs, fanOut: units };
    const kernel = e.weight('kernel', [inputs, units], layer.kernelInitializer ?? 'glorot_uniform', {
      fans,
      regularizer: kernelRegularizer,
    });
    const bias = useBias
      ? e.weight('bias', [units], layer.biasInitializer ?? 'zeros', { fans, regularizer: biasRegularizer })
      : undefined;
    const y =
      x.shape.length === 2
        ? e.graph.op('Gemm', bias ? [x, kernel, bias] : [x, kernel], {}, { name: e.name })
        : plus(e, e.graph.op('MatMul', [x, kernel], {}, { name: e.name }), bias);
    return activate(y, activation, e);
  },

  Conv2D: (x, layer, e) => {
    const { filters, kernelSize, strides = [1, 1], padding = 'valid', activation, useBias = true } = layer;
    const channels = fixed(imageOf(x, e)[1], e, 'Conv2D');
    const area = kernelSize[0] * kernelSize[1];
    const fans = { fanIn: channels * area, fanOut: filters * area };
    const shape = [filters, channels, ...kernelSize];
    const kernel = e.weight('kernel', shape, layer.kernelInitializer ?? 'glorot_uniform', {
      fans,
      regularizer: layer.kernelRegularizer,
    });
    const bias = useBias
      ? e.weight('bias', [filters], layer.biasInitializer ?? 'zeros', { fans, regularizer: layer.biasRegularizer })
      : undefined;
    const y = e.graph.op(
      'Conv',
      bias ? [x, kernel, bias] : [x, kernel],
      { kernel_shape: kernelSize, strides, ...paddingOf(padding, x, kernelSize, strides) },
      { name: e.name },
    );
    return activate(y, activation, e);
  },

  MaxPooling2D: (x, { poolSize = [2, 2], strides = poolSize, padding = 'valid' }, e) => {
    imageOf(x, e);
    return e.graph.op(
      'MaxPool',
      [x],
      { kernel_shape: poolSize, strides, ...paddingOf(padding, x, poolSize, strides) },
      { name: e.name },
    );
  },

  Flatten: (x, _, e) => e.graph.op('Flatten', [x], { axis: 1 }, { name: e.name }),

  // Identity where the model predicts; a training graph is lowered to a mask.
  Dropout: (x, { rate }, e) => {
    if (!(rate >= 0 && rate < 1)) throw badLayer(e, 'a rate in [0, 1)', `${rate}`);
    const ratio = e.graph.initializer(`${e.name}/rate`, fromNumbers('float32', [rate], []));
    return e.graph.op('Dropout', [x, ratio], {}, { name: e.name });
  },

  Activation: (x, { activation }, e) => activate(x, activation, e, e.name),

  BatchNormalization: (x, { momentum = 0.99, epsilon = 1e-3 }, e) => {
    if (x.shape.length === 3) throw badLayer(e, 'a vector or an image', `a sequence [${x.shape}]`);
    const shape = [fixed(x.shape[1], e, 'BatchNormalization')];
    const gamma = e.weight('gamma', shape, 'ones');
    const beta = e.weight('beta', shape, 'zeros');
    const mean = e.weight('moving_mean', shape, 'zeros', { trainable: false });
    const variance = e.weight('moving_variance', shape, 'ones', { trainable: false });
    return e.graph.op('BatchNormalization', [x, gamma, beta, mean, variance], { epsilon, momentum }, { name: e.name });
  },

  // ONNX has the steps first, the gates in the order i, o, f, c, and a second bias that stays zero.
  LSTM: (x, layer, e) => {
    const { units, returnSequences = false, useBias = true, unitForgetBias = true } = layer;
    if (x.shape.length !== 3) throw badLayer(e, 'a sequence [batch, steps, features]', `[${x.shape}]`);
    const steps = fixed(x.shape[1], e, 'LSTM');
    const inputs = fixed(x.shape[2], e, 'LSTM');
    const kernel = e.weight('kernel', [1, 4 * units, inputs], layer.kernelInitializer ?? 'glorot_uniform', {
      fans: { fanIn: inputs, fanOut: 4 * units },
    });
    const recurrent = e.weight('recurrent_kernel', [1, 4 * units, units], layer.recurrentInitializer ?? 'orthogonal', {
      fans: { fanIn: units, fanOut: 4 * units },
    });
    const start = filled('float32', [1, 8 * units]);
    if (unitForgetBias) start.data.fill(1, 2 * units, 3 * units);
    const bias = useBias ? e.weight('bias', [1, 8 * units], start, { parameters: 4 * units }) : undefined;
    const byStep = e.graph.op('Transpose', [x], { perm: [1, 0, 2] }, { name: `${e.name}/steps` });
    const outputs = returnSequences ? [`${e.name}/sequence`] : ['', `${e.name}/last`];
    const [sequence, last] = e.graph.ops(
      'LSTM',
      bias ? [byStep, kernel, recurrent, bias] : [byStep, kernel, recurrent],
      { hidden_size: units },
      { name: e.name, outputs },
    );
    if (!returnSequences) return e.graph.op('Reshape', [last!, e.graph.int64s([-1, units])]);
    const flat = e.graph.op('Reshape', [sequence!, e.graph.int64s([steps, -1, units])]);
    return e.graph.op('Transpose', [flat], { perm: [1, 0, 2] });
  },

  // All heads in one product: their kernels stand side by side.
  Heads: (x, { count, units }, e) => {
    if (x.shape.length !== 2) throw badLayer(e, 'a vector [batch, features]', `[${x.shape}]`);
    const inputs = fixed(x.shape[1], e, 'Heads');
    const fans = { fanIn: inputs, fanOut: units };
    const kernel = e.weight('kernel', [inputs, count * units], 'glorot_uniform', { fans });
    const bias = e.weight('bias', [count * units], 'zeros');
    const joined = e.graph.op('Gemm', [x, kernel, bias], {}, { name: e.name });
    const logits = e.graph.op('Reshape', [joined, e.graph.int64s([-1, count, units])]);
    return e.graph.op('Softmax', [logits], { axis: -1 }, { name: `${e.name}/softmax` });
  },

  // The steps join the batch for the inner layer.
  TimeDistributed: (x, { layer }, e) => {
    const [, steps, ...rest] = x.shape.map((size, axis) => (axis ? fixed(size, e, 'TimeDistributed') : 0));
    if (rest.length === 0) throw badLayer(e, 'a sequence [batch, steps, ...]', `[${x.shape}]`);
    const y = emitLayer(e.graph.op('Reshape', [x, e.graph.int64s([-1, ...rest])]), layer, e);
    return e.graph.op('Reshape', [y, e.graph.int64s([-1, steps!, ...(y.shape.slice(1) as number[])])]);
  },
};

const activations: { readonly [A in ActivationName]: (x: Value, graph: GraphBuilder, name: string) => Value } = {
  linear: (x) => x,
  relu: (x, graph, name) => graph.op('Relu', [x], {}, { name }),
  sigmoid: (x, graph, name) => graph.op('Sigmoid', [x], {}, { name }),
  tanh: (x, graph, name) => graph.op('Tanh', [x], {}, { name }),
  elu: (x, graph, name) => graph.op('Elu', [x], { alpha: 1 }, { name }),
  // Keras' last axis holds the classes: of an image, the channels.
  softmax: (x, graph, name) => graph.op('Softmax', [x], { axis: x.shape.length === 4 ? 1 : -1 }, { name }),
};

/** Emits one layer. Throws `unknown-layer` for a type or activation that is not in the tables. */
export function emitLayer(x: Value, layer: Layer, emission: Emission): Value {
  if (!Object.hasOwn(layers, layer.type)) {
    throw new DenaryError({
      code: 'unknown-layer',
      who: 'emitLayer',
      expected: `one of ${Object.keys(layers).join(', ')}`,
      received: `"${layer.type}"`,
      remedy: 'Use a layer that denary knows, by its Keras name.',
    });
  }
  return (layers[layer.type] as Row<Layer>)(x, layer, emission);
}

function activate(
  x: Value,
  activation: ActivationName = 'linear',
  e: Emission,
  name = `${e.name}/${activation}`,
): Value {
  if (!Object.hasOwn(activations, activation)) {
    throw badLayer(e, `an activation among ${Object.keys(activations).join(', ')}`, `"${activation}"`);
  }
  return activations[activation](x, e.graph, name);
}

const plus = (e: Emission, y: Value, bias?: Value): Value => (bias ? e.graph.op('Add', [y, bias]) : y);

/** Keras' padding as ONNX's pads; what is left over goes to the end. */
function paddingOf(
  padding: 'valid' | 'same',
  x: Value,
  kernel: readonly [number, number],
  strides: readonly [number, number],
): { pads?: readonly number[] } {
  if (padding === 'valid') return {};
  const attributes: Node['attributes'] = {
    auto_pad: { type: 'string', value: 'SAME_UPPER' },
    strides: { type: 'ints', value: strides },
  };
  return { pads: padsOf({ attributes }, x.shape.slice(2), kernel) };
}

function imageOf(x: Value, e: Emission): readonly Dimension[] {
  if (x.shape.length === 4) return x.shape;
  throw badLayer(e, 'an image [batch, channels, height, width]', `[${x.shape}]`);
}

function fixed(size: Dimension | undefined, e: Emission, type: LayerType): number {
  if (typeof size === 'number') return size;
  throw badLayer(e, `a fixed number of inputs to ${type}`, `${size}`);
}

function badLayer(e: Emission, expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-argument',
    who: `layer "${e.name}"`,
    expected,
    received,
    remedy: 'Correct the layer, or the one before it.',
  });
}
