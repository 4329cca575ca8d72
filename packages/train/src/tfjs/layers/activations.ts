/** Activations by their names, as attributes of layers and as layers of their own. */

import type { Value } from '@denary/core';
import { type AxisOf, type Edge, transposed } from '../channels-last.js';
import { type Config, isObject, plain } from './config.js';
import { type Dialect, type LayerContext, type LayerRow, single } from './row.js';

type Activation = (c: LayerContext, x: Value, axisOf: AxisOf) => Value;

/** swish(x) = x sigmoid(x) */
const swish: Activation = (c, x) => c.op('Mul', [x, c.op('Sigmoid', [x])]);

/** hard_swish(x) = x relu6(x + 3) / 6 */
const hardSwish: Activation = (c, x) => c.op('Mul', [x, c.op('HardSigmoid', [x], { alpha: 1 / 6, beta: 0.5 })]);

/** By their names in small letters: TensorFlow.js writes `hardSigmoid`, Keras `hard_sigmoid`. */
const activations: Readonly<Record<string, Activation>> = {
  linear: (_, x) => x,
  relu: (c, x) => c.op('Relu', [x]),
  relu6: (c, x) => clipped(c, c.op('Relu', [x]), 6),
  elu: (c, x) => c.op('Elu', [x], { alpha: 1 }),
  selu: (c, x) => c.op('Selu', [x], { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  sigmoid: (c, x) => c.op('Sigmoid', [x]),
  // Of the version of Keras that TensorFlow.js follows; Keras 3 made it relu6(x + 3) / 6.
  hardsigmoid: (c, x) => c.op('HardSigmoid', [x], hardSigmoid(c.dialect)),
  tanh: (c, x) => c.op('Tanh', [x]),
  softmax: (c, x, axisOf) => c.op('Softmax', [x], { axis: axisOf(-1) }),
  logsoftmax: (c, x, axisOf) => c.op('LogSoftmax', [x], { axis: axisOf(-1) }),
  softplus: (c, x) => c.op('Softplus', [x]),
  softsign: (c, x) => c.op('Softsign', [x]),
  swish,
  silu: swish,
  hardswish: hardSwish,
  hardsilu: hardSwish,
  // mish(x) = x tanh(softplus(x))
  mish: (c, x) => c.op('Mul', [x, c.op('Tanh', [c.op('Softplus', [x])])]),
  // gelu(x) = x (1 + erf(x / sqrt 2)) / 2
  gelu: (c, x) => c.op('Mul', [x, c.math.mul(c.math.add(c.op('Erf', [c.math.mul(x, Math.SQRT1_2)]), 1), 0.5)]),
  // gelu_new(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
  gelunew: (c, x) => {
    const { add, mul, square } = c.math;
    const inner = mul(x, add(mul(square(x), 0.044715), 1));
    return mul(mul(x, 0.5), add(c.op('Tanh', [mul(inner, Math.sqrt(2 / Math.PI))]), 1));
  },
  exponential: (c, x) => c.op('Exp', [x]),
  leakyrelu: (c, x) => c.op('LeakyRelu', [x], { alpha: 0.2 }),
};

export const hardSigmoid = (dialect: Dialect) => ({ alpha: dialect === 'keras3' ? 1 / 6 : 0.2, beta: 0.5 });

/** min(x, most) of an x that is nowhere negative. */
const clipped = (c: LayerContext, x: Value, most: number): Value =>
  c.op('Clip', [x, c.graph.scalar(0), c.graph.scalar(most)]);

/** The activation that a configuration asks for, in small letters. */
export function activationName(config: Config, key: string, fallback = 'linear'): string {
  const value = config.values[key] ?? fallback;
  if (typeof value === 'string') return plain(value);
  const inner = isObject(value) && isObject(value.config) ? value.config.name : undefined;
  const found = inner ?? (isObject(value) ? value.class_name : undefined);
  return typeof found === 'string' ? plain(found) : config.wrong(key, 'an activation', value);
}

/** Those of a configuration's activations that no row of the table covers. */
export const unknownActivations = (config: Config): string[] =>
  ['activation', 'recurrent_activation']
    .filter((key) => config.has(key))
    .map((key) => activationName(config, key))
    .filter((name) => !Object.hasOwn(activations, name))
    .map((name) => `the activation ${name}`);

/** The layer's own activation, applied to what it computes. */
export function activate(c: LayerContext, x: Edge, name = activationName(c.config, 'activation')): Edge {
  if (name === 'linear') return x;
  return c.layout.map(x, (value, axisOf) => activations[name]!(c, value, axisOf));
}

const elementwise = (emit: (c: LayerContext, x: Value) => Value, lacks?: LayerRow['lacks']): LayerRow =>
  single((c, x) => c.layout.map(x, (value) => emit(c, value)), lacks);

/** The slope below zero, under the names that versions of Keras give it. */
const slope = ({ config }: LayerContext): number =>
  config.number(config.has('alpha') ? 'alpha' : 'negative_slope', 0.3);

export const activationLayers = {
  Activation: single((c, x) => activate(c, x)),

  ELU: elementwise((c, x) => c.op('Elu', [x], { alpha: c.config.number('alpha', 1) })),

  LeakyReLU: elementwise((c, x) => c.op('LeakyRelu', [x], { alpha: slope(c) })),

  // The slopes have the input's shape without the batch, with ones along shared axes.
  PReLU: single((c, x) => {
    const sizes = x.shape.slice(1).map((size) => (typeof size === 'number' ? size : undefined));
    const shared = c.config.has('shared_axes') ? c.config.wholes('shared_axes') : [];
    const alpha = c.weight(
      'alpha',
      sizes.map((size, i) => (shared.includes(i + 1) ? 1 : size)),
    );
    const channelsFirst = sizes.map((_, i) => (i === 0 ? sizes.length - 1 : i - 1));
    const slopes = c.initializer('alpha', transposed(alpha, channelsFirst));
    return c.layout.fromFirst(c.op('PRelu', [c.layout.first(x), slopes]));
  }),

  ReLU: elementwise(
    (c, x) => {
      const rectified = c.op('Relu', [x]);
      return c.config.has('max_value') ? clipped(c, rectified, c.config.number('max_value')) : rectified;
    },
    (config) =>
      ['negative_slope', 'threshold']
        .filter((key) => config.has(key) && config.values[key] !== 0)
        .map((key) => `${key} ${JSON.stringify(config.values[key])}`),
  ),

  Softmax: single(
    (c, x) => {
      const [axis] = c.config.wholes('axis', [c.dialect === 'tfjs' ? 1 : -1]);
      return c.layout.map(x, (value, axisOf) => c.op('Softmax', [value], { axis: axisOf(axis!) }));
    },
    (config) => (config.has('axis') && config.wholes('axis').length > 1 ? ['a softmax over several axes'] : []),
  ),

  // thresholded(x) = x where x > theta, else 0
  ThresholdedReLU: elementwise((c, x) =>
    c.op('Where', [c.math.greater(x, c.config.number('theta', 1)), x, c.graph.scalar(0)]),
  ),
} satisfies Record<string, LayerRow>;
