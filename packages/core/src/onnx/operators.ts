/**
 * The operators that denary knows, as one typed table: each one's attributes, and its output's type from its inputs'.
 * Whatever is built, read, differentiated or lowered has a row here.
 */

import { toNumbers } from '../tensor.js';
import { dtypeOf } from './element-types.js';
import type { AttributeKind, AttributeValues, Dimension } from './model.js';
import {
  as,
  attribute,
  axisOf,
  broadcast,
  type Infer,
  type InferenceContext,
  input,
  int,
  joined,
  list,
  reshaped,
  showShape,
  windowed,
} from './shapes.js';

export type AttributeKinds = Readonly<Record<string, AttributeKind>>;

interface Row<K extends AttributeKinds = AttributeKinds> {
  readonly attributes: K;
  readonly infer: Infer;
}

const row = <const K extends AttributeKinds>(infer: Infer, attributes: K): Row<K> => ({ attributes, infer });

const same: Infer = (c) => as(input(c, 0).dtype, input(c, 0).shape);
const elementwise: Infer = (c) =>
  as(
    input(c, 0).dtype,
    broadcast(
      c,
      c.inputs.map((_, i) => input(c, i).shape),
    ),
  );
const comparison: Infer = (c) => as('bool', elementwise(c)[0]!.shape);

const reduction: Infer = (c) => {
  const { dtype, shape } = input(c, 0);
  const given = list(c, 'axes', 1)?.map((axis) => axisOf(c, axis, shape.length));
  const keep = int(c, 'keepdims', 1) === 1;
  const axes = given?.length ? given : int(c, 'noop_with_empty_axes', 0) ? [] : shape.map((_, axis) => axis);
  return as(
    dtype,
    keep
      ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
      : shape.filter((_, axis) => !axes.includes(axis)),
  );
};

const argument: Infer = (c) => {
  const { shape } = input(c, 0);
  const axis = axisOf(c, int(c, 'axis', 0), shape.length);
  return as('int64', int(c, 'keepdims', 1) === 1 ? shape.with(axis, 1) : shape.toSpliced(axis, 1));
};

const pooling: Infer = (c) => {
  const { dtype, shape } = input(c, 0);
  const kernel = attribute(c.attributes, 'kernel_shape', 'ints') ?? c.fail('a kernel_shape', 'none');
  const pooled = [...shape.slice(0, 2), ...windowed(c, shape.slice(2), kernel)];
  return c.outputCount > 1 ? [...as(dtype, pooled), ...as('int64', pooled)] : as(dtype, pooled);
};

const globalPooling: Infer = (c) => {
  const { dtype, shape } = input(c, 0);
  return as(dtype, [...shape.slice(0, 2), ...shape.slice(2).map(() => 1)]);
};

const recurrent: Infer = (c) => {
  const [steps, batch] = requireRank(c, 0, 3);
  const [directions, , hidden] = requireRank(c, 2, 3);
  const { dtype } = input(c, 0);
  const last = as(dtype, [directions!, batch!, hidden!]);
  return [...as(dtype, [steps!, directions!, batch!, hidden!]), ...last, ...last];
};

const recurrence = {
  activations: 'strings',
  activation_alpha: 'floats',
  activation_beta: 'floats',
  clip: 'float',
  direction: 'string',
  hidden_size: 'int',
  layout: 'int',
} as const;

const window = {
  auto_pad: 'string',
  kernel_shape: 'ints',
  pads: 'ints',
  strides: 'ints',
  dilations: 'ints',
} as const;
const axes = { axes: 'ints', keepdims: 'int', noop_with_empty_axes: 'int' } as const;
const noAttributes = {} as const;
/** Before every axis: the end of a slice that runs back to the first element. */
const LOWEST = -(2 ** 31);

function requireRank(c: InferenceContext, index: number, rank: number): readonly Dimension[] {
  const { shape } = input(c, index);
  return shape.length === rank ? shape : c.fail(`input ${index} of rank ${rank}`, showShape(shape));
}

function agree(c: InferenceContext, a: Dimension | undefined, b: Dimension | undefined): void {
  if (a !== b) c.fail('matching inner sizes', c.inputs.map((value) => showShape(value?.shape ?? [])).join(' and '));
}

export const operators = {
  Abs: row(same, noAttributes),
  Add: row(elementwise, noAttributes),
  And: row(comparison, noAttributes),
  ArgMax: row(argument, { axis: 'int', keepdims: 'int', select_last_index: 'int' }),
  AveragePool: row(pooling, { ...window, ceil_mode: 'int', count_include_pad: 'int' }),
  BatchNormalization: row(same, { epsilon: 'float', momentum: 'float', training_mode: 'int' }),
  Cast: row((c) => as(dtypeOf(int(c, 'to', 0), 'Cast'), input(c, 0).shape), { to: 'int', saturate: 'int' }),
  Clip: row(same, { min: 'float', max: 'float' }),
  Concat: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const axis = axisOf(c, int(c, 'axis', 0), shape.length);
      const parts = c.inputs.map((_, i) => input(c, i).shape[axis] ?? 1);
      const total = parts.reduce((sum, size) =>
        typeof sum === 'number' && typeof size === 'number' ? sum + size : `${sum}+${size}`,
      );
      return as(dtype, shape.with(axis, total));
    },
    { axis: 'int' },
  ),
  Conv: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const kernel = input(c, 1).shape as readonly number[];
      if (kernel.length !== shape.length) c.fail(`a kernel of rank ${shape.length}`, showShape(kernel));
      agree(c, shape[1], kernel[1]! * int(c, 'group', 1));
      return as(dtype, [shape[0]!, kernel[0]!, ...windowed(c, shape.slice(2), kernel.slice(2))]);
    },
    { ...window, group: 'int' },
  ),
  ConvTranspose: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const kernel = requireRank(c, 1, shape.length) as readonly number[];
      agree(c, shape[1], kernel[0]);
      const spatial = kernel.slice(2);
      const numbers = (name: 'strides' | 'dilations' | 'output_padding' | 'pads', fallback: number) =>
        attribute(c.attributes, name, 'ints') ?? [...spatial, ...spatial].map(() => fallback);
      const [strides, dilations, extra, pads] = [
        numbers('strides', 1),
        numbers('dilations', 1),
        numbers('output_padding', 0),
        numbers('pads', 0),
      ];
      const sizes = spatial.map((width, i) => {
        const covered = (Number(shape[2 + i]) - 1) * strides[i]! + (width - 1) * dilations[i]! + 1 + extra[i]!;
        return covered - pads[i]! - pads[i + spatial.length]!;
      });
      return as(dtype, [shape[0]!, kernel[1]! * int(c, 'group', 1), ...sizes]);
    },
    { ...window, group: 'int', output_padding: 'ints', output_shape: 'ints' },
  ),
  DequantizeLinear: row((c) => as(input(c, 1).dtype, input(c, 0).shape), { axis: 'int' }),
  Div: row(elementwise, noAttributes),
  Dropout: row((c) => (c.outputCount > 1 ? [...same(c), ...as('bool', input(c, 0).shape)] : same(c)), {
    seed: 'int',
    ratio: 'float',
  }),
  Elu: row(same, { alpha: 'float' }),
  Equal: row(comparison, noAttributes),
  Erf: row(same, noAttributes),
  Exp: row(same, noAttributes),
  Expand: row((c) => {
    const shape = toNumbers(c.constant(1) ?? c.fail('a constant shape', 'a computed one'));
    return as(input(c, 0).dtype, broadcast(c, [input(c, 0).shape, shape]));
  }, noAttributes),
  Flatten: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const axis = int(c, 'axis', 1);
      const at = axis < 0 ? axis + shape.length : axis;
      return as(dtype, [joined(shape.slice(0, at)), joined(shape.slice(at))]);
    },
    { axis: 'int' },
  ),
  GRU: row(recurrent, { ...recurrence, linear_before_reset: 'int' }),
  Floor: row(same, noAttributes),
  Gather: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const axis = axisOf(c, int(c, 'axis', 0), shape.length);
      return as(dtype, shape.toSpliced(axis, 1, ...input(c, 1).shape));
    },
    { axis: 'int' },
  ),
  Gemm: row(
    (c) => {
      const a = requireRank(c, 0, 2);
      const b = requireRank(c, 1, 2);
      const [rows, inner] = int(c, 'transA', 0) ? [a[1], a[0]] : [a[0], a[1]];
      const [innerB, columns] = int(c, 'transB', 0) ? [b[1], b[0]] : [b[0], b[1]];
      agree(c, inner, innerB);
      const shape = [rows!, columns!];
      if (c.inputs[2]) broadcast(c, [shape, c.inputs[2].shape]);
      return as(input(c, 0).dtype, shape);
    },
    { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' },
  ),
  Gelu: row(same, { approximate: 'string' }),
  GlobalAveragePool: row(globalPooling, noAttributes),
  GlobalMaxPool: row(globalPooling, noAttributes),
  Greater: row(comparison, noAttributes),
  GreaterOrEqual: row(comparison, noAttributes),
  HardSigmoid: row(same, { alpha: 'float', beta: 'float' }),
  HardSwish: row(same, noAttributes),
  Identity: row(same, noAttributes),
  LSTM: row(recurrent, { ...recurrence, input_forget: 'int' }),
  LayerNormalization: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const axis = axisOf(c, int(c, 'axis', -1), shape.length);
      const moments = as(
        dtype,
        shape.map((size, i) => (i < axis ? size : 1)),
      );
      return c.outputCount > 1 ? [...same(c), ...moments, ...moments] : same(c);
    },
    { axis: 'int', epsilon: 'float', stash_type: 'int' },
  ),
  LeakyRelu: row(same, { alpha: 'float' }),
  Less: row(comparison, noAttributes),
  LessOrEqual: row(comparison, noAttributes),
  Log: row(same, noAttributes),
  LogSoftmax: row(same, { axis: 'int' }),
  MatMul: row((c) => {
    const [a, b] = [input(c, 0).shape, input(c, 1).shape];
    if (a.length < 2 || b.length < 2) c.fail('matrices', `${showShape(a)} and ${showShape(b)}`);
    agree(c, a.at(-1), b.at(-2));
    return as(input(c, 0).dtype, [...broadcast(c, [a.slice(0, -2), b.slice(0, -2)]), a.at(-2)!, b.at(-1)!]);
  }, noAttributes),
  Max: row(elementwise, noAttributes),
  MaxPool: row(pooling, { ...window, ceil_mode: 'int', storage_order: 'int' }),
  MaxUnpool: row(
    (c) => {
      const shape = c.constant(2) ?? c.fail('a constant output shape', 'a computed one');
      return as(input(c, 0).dtype, toNumbers(shape));
    },
    { kernel_shape: 'ints', pads: 'ints', strides: 'ints' },
  ),
  Min: row(elementwise, noAttributes),
  Mul: row(elementwise, noAttributes),
  Neg: row(same, noAttributes),
  Not: row(same, noAttributes),
  Or: row(comparison, noAttributes),
  PRelu: row(same, noAttributes),
  Pad: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const pads = list(c, 'pads', 1) ?? c.fail('pads', 'none');
      return as(
        dtype,
        shape.map((size, axis) => {
          const added = pads[axis]! + pads[axis + shape.length]!;
          return typeof size === 'number' ? size + added : added === 0 ? size : c.fail('fixed sizes to pad', size);
        }),
      );
    },
    { mode: 'string', pads: 'ints', value: 'float' },
  ),
  Pow: row(elementwise, noAttributes),
  QuantizeLinear: row((c) => as(c.inputs[2]?.dtype ?? 'uint8', input(c, 0).shape), { axis: 'int', saturate: 'int' }),
  RNN: row(recurrent, recurrence),
  Reciprocal: row(same, noAttributes),
  ReduceLogSumExp: row(reduction, axes),
  ReduceMax: row(reduction, axes),
  ReduceMean: row(reduction, axes),
  ReduceMin: row(reduction, axes),
  ReduceProd: row(reduction, axes),
  ReduceSum: row(reduction, axes),
  Relu: row(same, noAttributes),
  Reshape: row(
    (c) => {
      const target = c.constant(1) ?? c.fail('a constant shape', 'a computed one');
      return as(input(c, 0).dtype, reshaped(c, input(c, 0).shape, toNumbers(target)));
    },
    { allowzero: 'int' },
  ),
  Selu: row(same, { alpha: 'float', gamma: 'float' }),
  Sigmoid: row(same, noAttributes),
  Sign: row(same, noAttributes),
  Slice: row((c) => {
    const { dtype, shape } = input(c, 0);
    const [starts, ends] = [list(c, 'starts', 1), list(c, 'ends', 2)];
    if (!starts || !ends) return c.fail('constant starts and ends', 'none');
    const axes = list(c, 'axes', 3) ?? starts.map((_, i) => i);
    const steps = list(c, 'steps', 4) ?? starts.map(() => 1);
    const result = [...shape];
    axes.forEach((given, i) => {
      const axis = axisOf(c, given, shape.length);
      const size = shape[axis]!;
      const step = steps[i]!;
      // Turned round as a whole, an axis keeps its size, whatever it is.
      const turned = step === -1 && starts[i] === -1 && ends[i]! <= LOWEST;
      if (typeof size !== 'number') return turned ? undefined : c.fail('a fixed size to slice', size);
      const at = (index: number, low: number, high: number) =>
        Math.min(Math.max(index < 0 ? index + size : index, low), high);
      const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
      const start = at(starts[i]!, Math.max(low, 0), high);
      const end = ends[i]! < -size ? low : at(ends[i]!, low, high);
      result[axis] = Math.max(0, Math.ceil((end - start) / step));
    });
    return as(dtype, result);
  }, noAttributes),
  Softmax: row(same, { axis: 'int' }),
  Softplus: row(same, noAttributes),
  Softsign: row(same, noAttributes),
  Split: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const axis = axisOf(c, int(c, 'axis', 0), shape.length);
      const size = shape[axis]!;
      const even = () =>
        typeof size === 'number'
          ? Array.from({ length: c.outputCount }, (_, i) => {
              const part = Math.ceil(size / c.outputCount);
              return Math.min(part, size - i * part);
            })
          : c.fail('a fixed size to split', size);
      return (list(c, 'split', 1) ?? even()).flatMap((part) => as(dtype, shape.with(axis, part)));
    },
    { axis: 'int', split: 'ints', num_outputs: 'int' },
  ),
  Sqrt: row(same, noAttributes),
  Squeeze: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const given = list(c, 'axes', 1)?.map((axis) => axisOf(c, axis, shape.length));
      return as(
        dtype,
        shape.filter((size, axis) => (given ? !given.includes(axis) : size !== 1)),
      );
    },
    { axes: 'ints' },
  ),
  Sub: row(elementwise, noAttributes),
  Sum: row(elementwise, noAttributes),
  Tanh: row(same, noAttributes),
  Transpose: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const order = attribute(c.attributes, 'perm', 'ints') ?? shape.map((_, axis) => shape.length - 1 - axis);
      return as(
        dtype,
        order.map((axis) => shape[axis] ?? c.fail(`a permutation of rank ${shape.length}`, `[${order}]`)),
      );
    },
    { perm: 'ints' },
  ),
  Unsqueeze: row(
    (c) => {
      const { dtype, shape } = input(c, 0);
      const given = list(c, 'axes', 1) ?? c.fail('axes', 'none');
      const rank = shape.length + given.length;
      const at = new Set(given.map((axis) => axisOf(c, axis, rank)));
      const rest = [...shape];
      return as(
        dtype,
        Array.from({ length: rank }, (_, axis) => (at.has(axis) ? 1 : rest.shift()!)),
      );
    },
    { axes: 'ints' },
  ),
  Where: row((c) => as(input(c, 1).dtype, elementwise(c)[0]!.shape), noAttributes),
} as const satisfies Record<string, Row>;

/** The name of an operator that denary knows. */
export type Operator = keyof typeof operators;

export const isOperator = (op: string): op is Operator => Object.hasOwn(operators, op);

/** The attributes of an operator as plain values. */
export type AttributesOf<O extends Operator> = {
  readonly [A in keyof (typeof operators)[O]['attributes']]?: (typeof operators)[O]['attributes'][A] extends infer K extends
    AttributeKind
    ? AttributeValues[K]
    : never;
};
