/** Convolutions, pooling, products and batch normalization, with what TensorFlow's optimizer fused into them. */

import type { Tensor, Value } from '@denary/core';
import { type Edge, transposed } from '../channels-last.js';
import { activations, prelu } from './elementwise.js';
import { computed, edgeRow, type GraphRow, type GraphRows, type NodeContext } from './row.js';

type Pair = readonly [number, number];

/** The channels are last, but for graphs that were made for GPUs. */
const isFirst = ({ attributes }: NodeContext): boolean => attributes.text('data_format', 'NHWC') === 'NCHW';
const image = (c: NodeContext, x: Edge): Value => (isFirst(c) ? c.layout.last(x) : c.layout.first(x));
const edgeOf = (c: NodeContext, y: Value): Edge => (isFirst(c) ? c.layout.fromLast(y) : c.layout.fromFirst(y));

/** Height and width of an attribute that has a number for each axis. */
function spatial(c: NodeContext, key: string): Pair {
  const values = c.attributes.numbers(key);
  if (values.length !== 4) return [1, 1];
  return isFirst(c) ? [values[2]!, values[3]!] : [values[1]!, values[2]!];
}

/** As ONNX's pads: [top, left, bottom, right]; what `SAME` has left over goes to the end. */
function padsOf(c: NodeContext, x: Value, kernel: Pair, strides: Pair, dilations: Pair): number[] {
  const padding = c.attributes.text('padding', 'VALID');
  if (padding === 'VALID') return [0, 0, 0, 0];
  if (padding === 'EXPLICIT') {
    const all = c.attributes.numbers('explicit_paddings');
    const [top, bottom, left, right] = isFirst(c) ? all.slice(4) : all.slice(2, 6);
    return [top!, left!, bottom!, right!];
  }
  const totals = kernel.map((width, axis) => {
    const size = c.fixed(x.shape[2 + axis]);
    const stride = strides[axis]!;
    return Math.max((Math.ceil(size / stride) - 1) * stride + (width - 1) * dilations[axis]! + 1 - size, 0);
  });
  const before = totals.map((total) => Math.floor(total / 2));
  return [...before, ...totals.map((total, axis) => total - before[axis]!)];
}

/** A kernel as ONNX has it: a constant in the file, changed once; another, by a Transpose and a Reshape. */
function kernelOf(c: NodeContext, index: number, perm: readonly number[], shape?: readonly number[]): Value {
  const edge = c.edge(index);
  if (!edge.constant) {
    const turned = c.op('Transpose', [c.layout.last(edge)], { perm });
    return shape ? c.op('Reshape', [turned, c.graph.int64s(shape)]) : turned;
  }
  return c.initializer('kernel', edge.constant, (kernel) => {
    const turned = transposed(kernel, perm);
    return (shape ? { ...turned, shape } : turned) as Tensor;
  });
}

const vector = (c: NodeContext, edge: Edge, name: string): Value =>
  edge.constant ? c.initializer(name, edge.constant) : c.layout.last(edge);

interface Fused {
  /** What is added by the operator itself, from the third input on. */
  readonly bias: Value | undefined;
  /** What follows it. */
  after(y: Edge): Edge;
}

/** The operators that were fused into this one, in their order, with the inputs that they take. */
function fusedInto(c: NodeContext): Fused {
  const steps = c.attributes.texts('fused_ops');
  let next = 2;
  const bias = steps[0] === 'BiasAdd' ? vector(c, c.edge(next++), 'bias') : undefined;
  const rest = bias ? steps.slice(1) : steps;
  const emitted = rest.map((step): ((y: Edge) => Edge) => {
    if (step === 'Prelu') {
      const slope = c.edge(next++);
      return (y) => prelu(c, y, slope);
    }
    if (step === 'FusedBatchNorm') {
      const inputs = [next, next + 1, next + 2, next + 3];
      next += 4;
      return (y) => normalized(c, y, inputs);
    }
    if (step === 'Add' || step === 'BiasAdd') {
      const other = c.edge(next++);
      return (y) => c.layout.zip([y, other], ([a, b]) => c.op('Add', [a!, b!]));
    }
    const activation = activations[step];
    if (!activation) return c.unsupported(`${step} fused into it`);
    return (y) => c.layout.map(y, (value) => activation(c, value));
  });
  return { bias, after: (y) => emitted.reduce((value, step) => step(value), y) };
}

const conv2d: GraphRow = (c) => {
  const x = image(c, c.edge(0));
  const [height, width, inputs] = c.edge(1).shape.map((size) => c.fixed(size)) as [number, number, number];
  return convolved(c, x, kernelOf(c, 1, [3, 2, 0, 1]), [height, width], c.fixed(x.shape[1]) / inputs);
};

/** A kernel for each channel: [height, width, channels, multiplier]. */
const depthwise: GraphRow = (c) => {
  const x = image(c, c.edge(0));
  const sizes = c.edge(1).shape.map((size) => c.fixed(size)) as [number, number, number, number];
  const [height, width, channels, multiplier] = sizes;
  const kernel = kernelOf(c, 1, [2, 3, 0, 1], [channels * multiplier, 1, height, width]);
  return convolved(c, x, kernel, [height, width], channels);
};

/** With what is fused into it; the kernel in ONNX's order, `size` high and wide. */
function convolved(c: NodeContext, x: Value, kernel: Value, size: readonly [number, number], group: number) {
  const [strides, dilations] = [spatial(c, 'strides'), spatial(c, 'dilations')];
  const { bias, after } = fusedInto(c);
  const attributes = { kernel_shape: size, strides, dilations, pads: padsOf(c, x, size, strides, dilations), group };
  return computed(after(edgeOf(c, c.op('Conv', [x, kernel, ...(bias ? [bias] : [])], attributes))));
}

/** The gradient of a convolution in its input: inputs are the output's shape, the kernel [height, width, outputs, inputs], the image. */
const transposedConvolution: GraphRow = (c) => {
  const x = image(c, c.edge(2));
  const [height, width] = c.edge(1).shape.map((size) => c.fixed(size)) as [number, number];
  const shape = c.known(0)?.values ?? c.unsupported('an output shape that is computed');
  const to = (isFirst(c) ? shape.slice(2) : shape.slice(1, 3)).map((size) => c.fixed(size));
  const strides = spatial(c, 'strides');
  const before = [height, width].map((size, axis) => {
    const from = c.fixed(x.shape[2 + axis]);
    const whole = (from - 1) * strides[axis]! + size;
    const total = c.attributes.text('padding') === 'SAME' ? Math.max(whole - to[axis]!, 0) : 0;
    return Math.floor(total / 2);
  });
  const pads = before.map((cut, axis) => {
    const whole = (c.fixed(x.shape[2 + axis]) - 1) * strides[axis]! + [height, width][axis]!;
    return whole - to[axis]! - cut;
  });
  const y = c.op('ConvTranspose', [x, kernelOf(c, 1, [3, 2, 0, 1])], {
    kernel_shape: [height, width],
    strides,
    pads: [...before, ...pads.map((cut) => Math.max(cut, 0))],
    output_padding: pads.map((cut) => Math.max(-cut, 0)),
  });
  return computed(edgeOf(c, y));
};

const pooling = (op: 'MaxPool' | 'AveragePool'): GraphRow =>
  edgeRow((c) => {
    const x = image(c, c.edge(0));
    const [kernel, strides] = [spatial(c, 'ksize'), spatial(c, 'strides')];
    return edgeOf(c, c.op(op, [x], { kernel_shape: kernel, strides, pads: padsOf(c, x, kernel, strides, [1, 1]) }));
  });

/** With scale, offset, mean and variance as inputs. */
function normalized(c: NodeContext, x: Edge, inputs: readonly number[]): Edge {
  const names = ['gamma', 'beta', 'moving_mean', 'moving_variance'];
  const weights = inputs.map((input, i) => vector(c, c.edge(input), names[i]!));
  const epsilon = c.attributes.number('epsilon', 1e-4);
  return edgeOf(c, c.op('BatchNormalization', [image(c, x), ...weights], { epsilon }));
}

const batchNorm: GraphRow = (c) => {
  if (c.attributes.flag('is_training', false)) return c.unsupported('training');
  return computed(normalized(c, c.edge(0), [1, 2, 3, 4]));
};

/** A product of matrices, which may have several axes before. */
function product(c: NodeContext, turnA: string, turnB: string): Edge {
  const [a, b] = [c.edge(0), c.edge(1)];
  const [transA, transB] = [c.attributes.flag(turnA), c.attributes.flag(turnB)];
  const { bias, after } = fusedInto(c);
  if (a.shape.length === 2 && b.shape.length === 2) {
    const kernel = b.constant
      ? c.initializer('kernel', b.constant, (kernel) => (transB ? transposed(kernel, [1, 0]) : kernel))
      : c.layout.last(b);
    const inputs = [c.layout.last(a), kernel, ...(bias ? [bias] : [])];
    const attributes = { transA: transA ? 1 : 0, transB: transB && !b.constant ? 1 : 0 };
    return after(c.layout.fromLast(c.op('Gemm', inputs, attributes)));
  }
  const turned = (edge: Edge, turn: boolean): Value => {
    const value = c.layout.last(edge);
    const rank = edge.shape.length;
    const perm = edge.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
    return turn ? c.op('Transpose', [value], { perm }) : value;
  };
  const y = c.op('MatMul', [turned(a, transA), turned(b, transB)]);
  return after(c.layout.fromLast(bias ? c.op('Add', [y, bias]) : y));
}

export const convolutionRows = {
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2d: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  _FusedDepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: transposedConvolution,
  MaxPool: pooling('MaxPool'),
  AvgPool: pooling('AveragePool'),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  MatMul: edgeRow((c) => product(c, 'transpose_a', 'transpose_b')),
  _FusedMatMul: edgeRow((c) => product(c, 'transpose_a', 'transpose_b')),
  BatchMatMul: edgeRow((c) => product(c, 'adj_x', 'adj_y')),
  BatchMatMulV2: edgeRow((c) => product(c, 'adj_x', 'adj_y')),

  BiasAdd: edgeRow((c) => {
    const [x, bias] = [c.edge(0), c.edge(1)];
    if (!isFirst(c)) return c.layout.zip([x, bias], ([a, b]) => c.op('Add', [a!, b!]));
    const ones = x.shape.slice(2).map(() => 1);
    const column = c.op('Reshape', [c.layout.last(bias), c.graph.int64s([-1, ...ones])]);
    return c.layout.fromLast(c.op('Add', [c.layout.last(x), column]));
  }),
} satisfies GraphRows;
