/**
 * Every operator's rule against central differences, by one random projection a case (as HIPS autograd's test_util does):
 * for y = f(x) and random r and v, <grad of sum(r y), v> must be (sum r f(x + hv) - sum r f(x - hv)) / 2h. The sums are
 * made in float64 here; the graphs run in float64, and in float32 only where ONNX Runtime's CPU has no other kernel.
 */

import {
  type AttributesOf,
  DenaryError,
  elementTypeOf,
  encodeModel,
  filled,
  fromNumbers,
  GraphBuilder,
  type Node,
  normal,
  type Operator,
  permutation,
  stream,
  type Tensor,
  type Tensors,
  tensor,
  toNumbers,
  uniform,
  type Value,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { appendForTraining, type TrainingContext } from '../lowering/training-form.js';
import { maths } from '../math.js';
import { differentiate } from './differentiate.js';
import { nonDifferentiable } from './rule.js';
import { rules } from './rules/index.js';

type Float = 'float32' | 'float64';
/** How an input's values are drawn. Distinct values are at least 0.1 apart, so that no step changes which is largest. */
type Draw = 'normal' | 'positive' | 'distinct';

interface Case {
  readonly name: string;
  /** The shapes of the differentiable inputs. */
  readonly inputs: readonly (readonly number[])[];
  readonly build: (graph: GraphBuilder, ...inputs: Value[]) => Value;
  readonly draw?: Draw;
  readonly dtype?: Float;
  /** Default 1e-5 in float64; in float32 what the case says, larger where the function is linear or bilinear. */
  readonly step?: number;
  /** Where differences in float32 tell less than usual of a function that is far from linear. */
  readonly tolerance?: number;
  /** The operator set, for an operator that came later. */
  readonly opset?: number;
}

const FLOAT32_ONLY = { dtype: 'float32', step: 0.5 } as const;
/** For curves that ONNX Runtime has in float32 only. */
const CURVED = { dtype: 'float32', step: 5e-3, tolerance: 1e-3 } as const;
const TOLERANCE = { float64: 1e-6, float32: 2e-5 } as const;

const of = (name: string, inputs: Case['inputs'], build: Case['build'], rest: Partial<Case> = {}): Case => ({
  name,
  inputs,
  build,
  ...rest,
});

/** One operator on inputs of these shapes. */
const op = <O extends Operator>(
  operator: O,
  inputs: Case['inputs'],
  attributes: AttributesOf<O> = {},
  { constants = [], ...rest }: Partial<Case> & { readonly constants?: readonly (Tensor | undefined)[] } = {},
): Case => {
  const shown = Object.entries(attributes)
    .map(([key, value]) => ` ${key}=${value}`)
    .join('');
  const values = constants.map((item) => (item ? ` ${toNumbers(item)}` : ' -')).join(';');
  return of(
    `${inputs.map((shape) => `[${shape}]`).join(' ')}${shown}${values}`,
    inputs,
    (graph, ...xs) => graph.op(operator, [...xs, ...constants.map((item) => item && graph.constant(item))], attributes),
    rest,
  );
};

const ints = (...values: number[]) => fromNumbers('int64', values);
const unary = (operator: Operator, draw: Draw = 'normal', rest: Partial<Case> = {}) => [
  op(operator, [[3, 4]], {}, { draw, ...rest }),
];

const broadcasts: Case['inputs'][] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [[4], [3, 4]],
  [
    [3, 1],
    [1, 4],
  ],
  [
    [2, 3, 1],
    [3, 4],
  ],
  [[2, 3], []],
  [[], [2, 3]],
];
const binary = (operator: Operator, draw: Draw = 'normal') =>
  broadcasts.map((shapes) => op(operator, shapes, {}, { draw }));

const reductions = (
  operator: 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd' | 'ReduceLogSumExp',
  draw: Draw = 'normal',
) =>
  [undefined, [0], [1], [-1], [0, 2], [0, 1, 2]].flatMap((axes) =>
    [0, 1].map((keepdims) => op(operator, [[2, 3, 4]], axes ? { axes, keepdims } : { keepdims }, { draw })),
  );

const conv = (x: number[], w: number[], attributes: AttributesOf<'Conv'> = {}, bias = false) =>
  op('Conv', bias ? [x, w, [w[0]!]] : [x, w], attributes, FLOAT32_ONLY);

const pool = { kernel_shape: [2, 2], strides: [2, 2] };
const overlapping = { kernel_shape: [3, 3], strides: [2, 2] };

/** Appends a node as a training graph does. */
function lowered(graph: GraphBuilder, node: Pick<Node, 'op' | 'inputs' | 'outputs' | 'attributes'>): void {
  const unused = () => expect.fail('this node needs nothing of a training graph');
  const context = { rowKeys: unused, nextStatistic: unused, followsStatistics: unused } as unknown as TrainingContext;
  appendForTraining({ name: 'lowered', domain: '', ...node }, { ...context, math: maths(graph) });
}

/** Max pooling as training graphs do it: with the operator's Indices, where those suffice. */
const loweredPool = (shape: number[], attributes: AttributesOf<'MaxPool'>, usesIndices: boolean): Case =>
  of(
    `as lowered for training: [${shape}] ${JSON.stringify(attributes)}`,
    [shape],
    (graph, x) => {
      const typed = Object.entries(attributes).map(([key, value]) => {
        const type = typeof value === 'string' ? 'string' : typeof value === 'number' ? 'int' : 'ints';
        return [key, { type, value }];
      });
      lowered(graph, { op: 'MaxPool', inputs: [x.name], outputs: ['pool'], attributes: Object.fromEntries(typed) });
      expect(graph.build().nodes.at(-1)!.outputs.length).toBe(usesIndices ? 2 : 1);
      return graph.value('pool');
    },
    { draw: 'distinct', dtype: 'float32', step: 0.02 },
  );

/** The LSTM operator, of which ONNX Runtime has float32 only; recurrent.test.ts compares it with the cells more closely. */
const lstmOperator = (output: number, bias: boolean): Case => {
  const [steps, batch, features, hidden] = [5, 2, 3, 2];
  const shapes = [
    [steps, batch, features],
    [1, 4 * hidden, features],
    [1, 4 * hidden, hidden],
  ];
  const build: Case['build'] = (graph, ...inputs) => {
    const biases =
      inputs[3] && graph.op('Concat', [inputs[3], graph.constant(filled('float32', [1, 4 * hidden]))], { axis: 1 });
    const operands = [...inputs.slice(0, 3), ...(biases ? [biases] : [])];
    return graph.ops('LSTM', operands, { hidden_size: hidden }, { outputs: ['all', 'last', 'cell'] })[output]!;
  };
  const name = `output ${output}${bias ? '' : ', without a bias'}`;
  return of(name, bias ? [...shapes, [1, 4 * hidden]] : shapes, build, {
    dtype: 'float32',
    step: 0.002,
    tolerance: 1e-3,
  });
};

/** An LSTM as training graphs do it: cell after cell. Its outputs: all steps, the last one, and the last cell. */
const lstm = (output: number, bias: boolean): Case => {
  const [steps, batch, features, hidden] = [3, 2, 4, 2];
  const shapes = [
    [steps, batch, features],
    [1, 4 * hidden, features],
    [1, 4 * hidden, hidden],
  ];
  const build: Case['build'] = (graph, ...inputs) => {
    // The second half of the bias stays zero, and has no gradient.
    const biases =
      inputs[3] && graph.op('Concat', [inputs[3], graph.constant(filled('float64', [1, 4 * hidden]))], { axis: 1 });
    const names = ['sequence', 'hidden', 'cell'].map((name, i) => (i === output ? name : ''));
    lowered(graph, {
      op: 'LSTM',
      inputs: [...inputs.slice(0, 3), ...(biases ? [biases] : [])].map(({ name }) => name),
      outputs: names,
      attributes: { hidden_size: { type: 'int', value: hidden } },
    });
    expect(graph.build().nodes.some(({ op }) => op === 'LSTM')).toBe(false);
    return graph.value(names[output]!);
  };
  return of(
    `an LSTM, unrolled: output ${output}${bias ? '' : ', without a bias'}`,
    bias ? [...shapes, [1, 4 * hidden]] : shapes,
    build,
  );
};

/** A GRU or an RNN as training graphs do it; the last input is where its states start. */
const recurrence = (
  operator: 'GRU' | 'LSTM' | 'RNN',
  gates: number,
  attributes: Node['attributes'],
  output = 0,
): Case => {
  const [steps, batch, features, hidden] = [3, 2, 4, 2];
  const shapes = [
    [steps, batch, features],
    [1, gates * hidden, features],
    [1, gates * hidden, hidden],
    [1, 2 * gates * hidden],
    [1, batch, hidden],
  ];
  const shown = Object.entries(attributes).map(([key, { value }]) => ` ${key}=${value}`);
  return of(`unrolled: output ${output}${shown.join('')}`, shapes, (graph, ...inputs) => {
    const [x, w, r, b, start] = inputs.map(({ name }) => name) as [string, string, string, string, string];
    const outputs = ['all', 'last'].map((name, i) => (i === output ? name : ''));
    lowered(graph, {
      op: operator,
      inputs: [x, w, r, b, '', start, ...(operator === 'LSTM' ? [start] : [])],
      outputs,
      attributes: { hidden_size: { type: 'int', value: hidden }, ...attributes },
    });
    expect(graph.build().nodes.some(({ op }) => op === operator)).toBe(false);
    return graph.value(outputs[output]!);
  });
};
const strings = (...value: string[]) => ({ type: 'strings', value }) as const;
const resetAfter = { linear_before_reset: { type: 'int', value: 1 } } as const;

/** A pool or a convolution over a sequence, or an average that leaves out its padding, as training graphs do them. */
const window = (
  operator: 'AveragePool' | 'Conv' | 'MaxPool',
  inputs: number[][],
  attributes: Record<string, readonly number[]>,
  rest: Partial<Case> = {},
): Case =>
  of(
    `as lowered for training: ${inputs.map((shape) => `[${shape}]`)} ${JSON.stringify(attributes)}`,
    inputs,
    (graph, ...xs) => {
      const typed = Object.entries(attributes).map(([key, value]) => [key, { type: 'ints', value }] as const);
      const node = { op: operator, inputs: xs.map(({ name }) => name), outputs: ['y'] };
      lowered(graph, { ...node, attributes: Object.fromEntries(typed) });
      return graph.value('y');
    },
    { ...FLOAT32_ONLY, ...rest },
  );

const condition = tensor('bool', [3, 4], Uint8Array.from([1, 0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0]));
const column = tensor('bool', [3, 1], Uint8Array.from([1, 0, 1]));
const where = (test: Tensor, a: number[], b: number[]) =>
  of(`[${test.shape}] ? [${a}] : [${b}]`, [a, b], (graph, x, y) => graph.op('Where', [graph.constant(test), x, y]));

/** A value split along the second axis, or in equal parts along the first. */
const parts = (graph: GraphBuilder, x: Value, names: string, lengths?: number[]): Value[] =>
  lengths
    ? graph.ops('Split', [x, graph.int64s(lengths)], { axis: 1 }, { outputs: [...names] })
    : graph.ops('Split', [x], {}, { outputs: [...names] });

const normalized = (shape: number[]) =>
  of(`[${shape}]`, [shape, [shape[1]!], [shape[1]!]], (graph, x, gamma, beta) => {
    const per = (values: number[]) => graph.constant(fromNumbers('float64', values.slice(0, shape[1])));
    return graph.op('BatchNormalization', [x, gamma, beta, per([0.3, -1, 2]), per([0.5, 2, 1.5])], { epsilon: 0.01 });
  });

/** At least one case for each operator that has a rule. */
const cases: { readonly [O in Operator]?: readonly Case[] } = {
  Abs: unary('Abs'),
  Add: binary('Add'),
  AveragePool: [
    op('AveragePool', [[2, 3, 4, 6]], pool, FLOAT32_ONLY),
    op('AveragePool', [[1, 2, 5, 7]], pool, FLOAT32_ONLY),
    op('AveragePool', [[2, 2, 7, 7]], overlapping, FLOAT32_ONLY),
    op('AveragePool', [[1, 2, 5, 5]], { ...overlapping, pads: [1, 0, 1, 2], count_include_pad: 1 }, FLOAT32_ONLY),
    op('AveragePool', [[1, 1, 4, 4]], { kernel_shape: [2, 3] }, FLOAT32_ONLY),
    window('AveragePool', [[2, 2, 5, 5]], { ...overlapping, pads: [1, 0, 1, 2] }),
    window('AveragePool', [[2, 3, 7]], { kernel_shape: [3], strides: [2], pads: [1, 1] }),
  ],
  BatchNormalization: [normalized([4, 3]), normalized([2, 3, 2, 4]), normalized([5, 1])],
  Cast: [
    of(
      'float32 to float64',
      [[3, 4]],
      (graph, x) => graph.op('Cast', [x], { to: elementTypeOf('float64') }),
      FLOAT32_ONLY,
    ),
    of('float64 to float32', [[3, 4]], (graph, x) => graph.op('Cast', [x], { to: elementTypeOf('float32') }), {
      step: 0.5,
    }),
  ],
  Clip: [
    op('Clip', [[3, 4]], {}, { constants: [fromNumbers('float64', [-0.5], []), fromNumbers('float64', [0.7], [])] }),
    op('Clip', [[3, 4]], {}, { constants: [fromNumbers('float64', [0.1], [])] }),
    op('Clip', [[3, 4]], {}, { constants: [undefined, fromNumbers('float64', [0.1], [])] }),
    op('Clip', [[3, 4]]),
  ],
  Concat: [
    op(
      'Concat',
      [
        [2, 3],
        [2, 1],
        [2, 2],
      ],
      { axis: 1 },
    ),
    op(
      'Concat',
      [
        [2, 3],
        [4, 3],
      ],
      { axis: -2 },
    ),
    op('Concat', [[2, 3]], { axis: 0 }),
    of('of a value with itself', [[2, 3]], (graph, x) => graph.op('Concat', [x, x], { axis: 0 })),
  ],
  Conv: [
    conv([2, 1, 5, 6], [3, 1, 3, 3]),
    conv([2, 1, 5, 6], [3, 1, 3, 3], {}, true),
    conv([2, 3, 5, 6], [2, 3, 2, 3], {}, true),
    conv([2, 4, 5, 6], [3, 4, 3, 3], {}, true),
    conv([2, 5, 5, 5], [2, 5, 3, 2], {}, true),
    ...[1, 2, 5].flatMap((channels) => [
      conv([2, channels, 6, 7], [3, channels, 3, 3], { pads: [1, 1, 1, 1] }),
      conv([2, channels, 6, 7], [3, channels, 3, 3], { pads: [1, 0, 2, 1] }),
      conv([2, channels, 6, 7], [2, channels, 3, 3], { pads: [3, 4, 0, 3] }),
      conv([2, channels, 7, 8], [3, channels, 3, 3], { strides: [2, 2] }),
      conv([2, channels, 8, 8], [3, channels, 3, 3], { strides: [2, 3], pads: [1, 0, 0, 1] }),
      conv([2, channels, 7, 9], [3, channels, 3, 3], { dilations: [2, 2] }),
      conv([2, channels, 9, 9], [3, channels, 3, 2], { dilations: [1, 3], strides: [2, 1], pads: [1, 2, 0, 1] }),
      conv([2, channels, 6, 7], [3, channels, 3, 3], { auto_pad: 'SAME_UPPER' }),
      conv([2, channels, 7, 6], [3, channels, 4, 3], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
      conv([2, channels, 6, 6], [3, channels, 4, 2], { auto_pad: 'SAME_LOWER' }),
      conv([2, channels, 6, 6], [3, channels, 3, 3], { auto_pad: 'VALID' }),
      conv([2, channels, 4, 5], [3, channels, 1, 1]),
      conv([2, channels, 3, 4], [3, channels, 3, 4]),
    ]),
    conv([2, 4, 5, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }, true),
    conv([2, 4, 5, 6], [4, 1, 3, 3], { group: 4, strides: [2, 2] }),
    window('Conv', [[2, 3, 7], [4, 3, 2], [4]], { kernel_shape: [2], strides: [2], dilations: [2], pads: [1, 0] }),
  ],
  Div: [
    ...binary('Div', 'positive'),
    op(
      'Div',
      [
        [3, 4],
        [3, 4],
      ],
      {},
      { draw: 'distinct' },
    ),
  ],
  Dropout: unary('Dropout'),
  Elu: [0.3, 1].map((alpha) => op('Elu', [[3, 4]], { alpha }, { dtype: 'float32', step: 5e-3 })),
  Erf: unary('Erf', 'normal', CURVED),
  Exp: unary('Exp'),
  Expand: [
    op('Expand', [[3, 1]], {}, { constants: [ints(3, 4)] }),
    op('Expand', [[3, 1]], {}, { constants: [ints(2, 1, 4)] }),
    op('Expand', [[4]], {}, { constants: [ints(2, 3, 1)] }),
    op('Expand', [[]], {}, { constants: [ints(2, 3)] }),
  ],
  Flatten: [
    op('Flatten', [[2, 3, 4]]),
    op('Flatten', [[2, 3, 4]], { axis: 0 }),
    op('Flatten', [[2, 3, 4]], { axis: -1 }),
  ],
  GRU: [recurrence('GRU', 3, {}), recurrence('GRU', 3, {}, 1), recurrence('GRU', 3, resetAfter)],
  Gelu: [{}, { approximate: 'tanh' }].map((attributes) => op('Gelu', [[3, 4]], attributes, { ...CURVED, opset: 20 })),
  Gemm: [false, true].flatMap((transA) =>
    [false, true].flatMap((transB) => {
      const [a, b] = [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5]];
      const attributes = { transA: Number(transA), transB: Number(transB) };
      return [
        op('Gemm', [a, b], attributes),
        op('Gemm', [a, b], { ...attributes, alpha: 0.5 }),
        ...[[3, 5], [5], [1, 5], [3, 1], [1], []].map((c) =>
          op('Gemm', [a, b, c], { ...attributes, alpha: 1.5, beta: -0.25 }),
        ),
        op('Gemm', [a, b, [5]], attributes),
      ];
    }),
  ),
  GlobalAveragePool: [op('GlobalAveragePool', [[2, 3, 4, 5]], {}, FLOAT32_ONLY)],
  GlobalMaxPool: [op('GlobalMaxPool', [[2, 3, 4, 5]], {}, { draw: 'distinct', dtype: 'float32', step: 0.02 })],
  HardSigmoid: [{}, { alpha: 0.5, beta: 0.4 }].map((attributes) =>
    op('HardSigmoid', [[3, 4]], attributes, { dtype: 'float32', step: 5e-3 }),
  ),
  HardSwish: unary('HardSwish', 'normal', CURVED),
  Identity: unary('Identity'),
  LSTM: [
    ...[0, 1, 2].map((output) => lstmOperator(output, true)),
    lstmOperator(1, false),
    recurrence('LSTM', 4, {}, 1),
    recurrence('LSTM', 4, { activations: strings('Sigmoid', 'Affine', 'Tanh') }),
  ],
  LayerNormalization: [{}, { axis: 1 }, { axis: 0, epsilon: 0.1 }].map(({ axis = -1, epsilon = 1e-5 }) => {
    const shape = [2, 3, 4];
    return op('LayerNormalization', [shape, shape.slice(axis), shape.slice(axis)], { axis, epsilon });
  }),
  LeakyRelu: [{}, { alpha: 0.3 }].map((attributes) => op('LeakyRelu', [[3, 4]], attributes, CURVED)),
  Log: unary('Log', 'positive'),
  LogSoftmax: [{}, { axis: 1 }, { axis: -2 }, { axis: 0 }].map((attributes) =>
    op('LogSoftmax', [[2, 3, 4]], attributes),
  ),
  MatMul: [
    op('MatMul', [
      [3, 4],
      [4, 5],
    ]),
    op('MatMul', [
      [2, 3, 4],
      [4, 5],
    ]),
    op('MatMul', [
      [2, 2, 3, 4],
      [4, 5],
    ]),
    op('MatMul', [
      [2, 3, 4],
      [2, 4, 5],
    ]),
    op('MatMul', [
      [3, 4],
      [2, 4, 5],
    ]),
    op('MatMul', [
      [2, 1, 3, 4],
      [3, 4, 5],
    ]),
    op('MatMul', [
      [1, 3, 4],
      [2, 4, 5],
    ]),
  ],
  Max: [...binary('Max'), op('Max', [[3, 4], [4], [3, 1]]), op('Max', [[3, 4]])],
  MaxPool: [
    window('MaxPool', [[2, 3, 7]], { kernel_shape: [2], strides: [2] }, { draw: 'distinct', step: 0.02 }),
    op('MaxPool', [[2, 3, 4, 6]], pool, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 7]], pool, { draw: 'distinct' }),
    op('MaxPool', [[2, 2, 7, 7]], overlapping, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 6]], { kernel_shape: [2, 3] }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 5]], { ...overlapping, pads: [1, 1, 1, 1] }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 5]], { ...pool, pads: [0, 1, 1, 0] }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 6]], { ...pool, auto_pad: 'SAME_UPPER' }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 8, 8]], { ...pool, dilations: [2, 2] }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 6, 6]], { kernel_shape: [2, 2], strides: [3, 3] }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 5, 5]], { ...pool, ceil_mode: 1 }, { draw: 'distinct' }),
    op('MaxPool', [[1, 2, 6, 6]], { ...overlapping, ceil_mode: 1 }, { draw: 'distinct' }),
    loweredPool([2, 3, 4, 6], pool, true),
    loweredPool([1, 2, 5, 7], pool, true),
    loweredPool([1, 2, 8, 9], { kernel_shape: [2, 2], strides: [3, 4] }, true),
    loweredPool([1, 2, 5, 5], { ...pool, pads: [0, 1, 1, 0] }, true),
    loweredPool([1, 2, 5, 7], { ...pool, auto_pad: 'SAME_UPPER' }, true),
    loweredPool([2, 2, 7, 7], overlapping, false),
    loweredPool([1, 2, 6, 6], { kernel_shape: [2, 2] }, false),
    loweredPool([1, 2, 8, 8], { ...pool, dilations: [2, 2] }, false),
  ],
  Min: [...binary('Min'), op('Min', [[3, 4], [4], [3, 1]])],
  Mul: binary('Mul'),
  Neg: unary('Neg'),
  PRelu: [[4], [3, 1], [1], [3, 4]].map((slope) => op('PRelu', [[3, 4], slope])),
  Pad: [
    op('Pad', [[2, 3]], {}, { constants: [ints(1, 0, 0, 2)] }),
    op('Pad', [[2, 3]], {}, { constants: [ints(0, 2, 3, 0), fromNumbers('float64', [7], [])] }),
    op('Pad', [[3, 4]], {}, { constants: [ints(-1, 1, 0, -2)] }),
  ],
  Pow: [
    ...binary('Pow', 'positive'),
    ...[2, 3, 0.5].map((power) =>
      op('Pow', [[3, 4]], {}, { draw: 'positive', constants: [fromNumbers('float64', [power], [])] }),
    ),
    op('Pow', [[3, 4]], {}, { constants: [fromNumbers('float64', [3], [])] }),
  ],
  Reciprocal: unary('Reciprocal', 'positive'),
  RNN: [recurrence('RNN', 1, {}), recurrence('RNN', 1, { activations: strings('Sigmoid') }, 1)],
  ReduceLogSumExp: reductions('ReduceLogSumExp'),
  ReduceMax: reductions('ReduceMax', 'distinct'),
  ReduceMean: reductions('ReduceMean'),
  ReduceMin: reductions('ReduceMin', 'distinct'),
  ReduceProd: reductions('ReduceProd', 'positive'),
  ReduceSum: [[], [0], [1], [-1], [0, 2], [0, 1, 2]].flatMap((axes) =>
    [0, 1].map((keepdims) =>
      op('ReduceSum', [[2, 3, 4]], { keepdims }, { constants: axes.length ? [ints(...axes)] : [] }),
    ),
  ),
  Relu: unary('Relu'),
  Reshape: [
    op('Reshape', [[2, 3, 4]], {}, { constants: [ints(6, 4)] }),
    op('Reshape', [[2, 3, 4]], {}, { constants: [ints(0, -1)] }),
  ],
  Selu: [{}, { alpha: 1.2, gamma: 0.7 }].map((attributes) => op('Selu', [[3, 4]], attributes, CURVED)),
  Sigmoid: unary('Sigmoid'),
  Slice: [
    op('Slice', [[5, 6]], {}, { constants: [ints(1, 2), ints(4, 5)] }),
    op('Slice', [[5, 6]], {}, { constants: [ints(-3), ints(2 ** 31), ints(1)] }),
    op('Slice', [[5, 6]], {}, { constants: [ints(0, 1), ints(-1, -2), ints(-1, -2)] }),
    op('Slice', [[5, 6]], {}, { constants: [ints(2), ints(4), ints(0), ints(1)] }),
    op('Slice', [[5, 6]], {}, { constants: [ints(-1), ints(-(2 ** 31)), ints(1), ints(-1)] }),
  ],
  Softmax: [{}, { axis: 1 }, { axis: -2 }, { axis: 0 }].map((attributes) => op('Softmax', [[2, 3, 4]], attributes)),
  Softplus: unary('Softplus', 'normal', CURVED),
  Softsign: unary('Softsign', 'positive', CURVED),
  Split: [
    of('in unequal parts', [[2, 6]], (graph, x) => {
      const [a, b, c] = parts(graph, x, 'abc', [1, 3, 2]) as [Value, Value, Value];
      return graph.op('Concat', [c, graph.op('Exp', [b]), a, c], { axis: 1 });
    }),
    of('in equal parts, the second of them unused', [[6, 2]], (graph, x) => {
      const [a, , c] = parts(graph, x, 'abc') as [Value, Value, Value];
      return graph.op('Mul', [a, c]);
    }),
    of('with the first part unused', [[2, 3, 2]], (graph, x) => graph.op('Exp', [parts(graph, x, 'ab', [1, 2])[1]!])),
  ],
  Sqrt: unary('Sqrt', 'positive'),
  Squeeze: [
    op('Squeeze', [[2, 1, 3, 1]], {}, { constants: [ints(1, -1)] }),
    op('Squeeze', [[2, 1, 3, 1]], {}, { constants: [ints(3)] }),
    op('Squeeze', [[2, 1, 3, 1]]),
  ],
  Sub: binary('Sub'),
  Sum: [
    op('Sum', [[3, 4], [4], [3, 1]]),
    op('Sum', [[3, 4]]),
    op('Sum', [
      [3, 4],
      [3, 4],
    ]),
  ],
  Tanh: unary('Tanh'),
  Transpose: [
    op('Transpose', [[2, 3, 4]]),
    op('Transpose', [[2, 3, 4]], { perm: [1, 2, 0] }),
    op('Transpose', [[2, 3, 4, 5]], { perm: [0, 2, 3, 1] }),
  ],
  Unsqueeze: [
    op('Unsqueeze', [[2, 3]], {}, { constants: [ints(0, -1)] }),
    op('Unsqueeze', [[2, 3]], {}, { constants: [ints(1)] }),
  ],
  Where: [
    where(condition, [3, 4], [3, 4]),
    where(condition, [4], [3, 1]),
    where(column, [3, 4], []),
    where(column, [1, 4], [4]),
  ],
};

/** Cases of the walk rather than of an operator. */
const walks: readonly Case[] = [
  ...[0, 1, 2].map((output) => lstm(output, true)),
  lstm(1, false),
  of('a value used twice by one node', [[3, 4]], (graph, x) => graph.op('Mul', [x, x])),
  of('a value used by several nodes', [[3, 4]], (graph, x) =>
    graph.op('Add', [graph.op('Mul', [graph.op('Exp', [x]), x]), graph.op('Tanh', [x])]),
  ),
  of('a value that meets its own broadcast', [[4]], (graph, x) =>
    graph.op('Mul', [graph.op('Expand', [x, graph.int64s([3, 4])]), x]),
  ),
  of('a chain through a value that is used four times', [[3, 3]], (graph, x) => {
    const y = graph.op('Sigmoid', [graph.op('MatMul', [x, x])]);
    return graph.op('Sub', [graph.op('MatMul', [y, y]), graph.op('Div', [x, graph.op('Add', [y, 1])])]);
  }),
  of('a node without a gradient beside one with', [[3, 4]], (graph, x) =>
    graph.op('Mul', [graph.op('Sign', [x]), graph.op('Mul', [x, x])]),
  ),
  of('a branch that nothing reads', [[3, 4]], (graph, x) => {
    graph.op('Exp', [x]);
    return graph.op('Sqrt', [graph.op('Add', [graph.op('Mul', [x, x]), 1])]);
  }),
  of('one of two inputs without effect', [[3, 4], [2]], (graph, x, y) => {
    graph.op('Exp', [y]);
    return graph.op('Exp', [x]);
  }),
];

function drawn(draw: Draw, dtype: Float, shape: readonly number[], key: number): Tensor<Float> {
  const { data } = filled(dtype, shape);
  const order = permutation(data.length, 1, key);
  for (let i = 0; i < data.length; i++) {
    if (draw === 'distinct') data[i] = 0.1 * (order[i]! + 1) * (order[i]! % 2 ? 1 : -1);
    else data[i] = draw === 'positive' ? 0.5 + 1.5 * uniform(1, key, i) : normal(1, key, i);
  }
  return { dtype, shape, data };
}

const dot = (a: Tensor, b: Tensor) => toNumbers(a).reduce((sum, value, i) => sum + value * Number(b.data[i]), 0);

/** Checks the gradients of all inputs, or of one alone, so that what is not wanted is not computed. */
async function check(
  operator: string,
  { name, inputs, build, draw = 'normal', dtype = 'float64', step = 1e-5, tolerance, opset }: Case,
  only?: number,
) {
  const graph = new GraphBuilder('case', opset);
  const xs = inputs.map((shape, i) => graph.input(`x${i}`, dtype, shape));
  const y = build(graph, ...xs);
  const key = stream(`${operator} ${name}`);
  const r = drawn('normal', y.dtype as Float, y.shape as number[], key);
  const product = graph.op('Mul', [y, graph.initializer('r', r)]);
  const loss = y.shape.length ? graph.op('ReduceSum', [product], { keepdims: 0 }) : product;
  const wrt = only === undefined ? xs : [xs[only]!];
  const gradients = differentiate(graph, loss, wrt);
  graph.output(y, 'y');
  for (const [of, gradient] of gradients) {
    const { dtype, shape } = graph.value(of);
    expect({ dtype: gradient.dtype, shape: gradient.shape }).toEqual({ dtype, shape });
    graph.output(gradient, `d_${of}`);
  }

  const session = await createSession(encodeModel(graph.model()), { threads: 1 });
  try {
    const at = Object.fromEntries(xs.map(({ name }, i) => [name, drawn(draw, dtype, inputs[i]!, key + 1 + i)]));
    const given = await session.run(at);
    expect(given.y!.shape, 'the shape that was inferred').toEqual(y.shape);
    for (const { name: x } of wrt) {
      const v = drawn('normal', dtype, at[x]!.shape, key + 100);
      const moved = async (by: number): Promise<Tensors> => {
        const to = filled(dtype, v.shape);
        for (let i = 0; i < v.data.length; i++) to.data[i] = at[x]!.data[i]! + by * v.data[i]!;
        return session.run({ ...at, [x]: to });
      };
      const [above, below] = [await moved(step), await moved(-step)];
      const numeric = (dot(above.y!, r) - dot(below.y!, r)) / (2 * step);
      const gradient = given[`d_${x}`];
      const analytic = gradient ? dot(gradient, v) : 0;
      // What the sums' terms add up to without their signs: the scale of the rounding in both.
      const scale = gradient ? toNumbers(gradient).reduce((sum, g, i) => sum + Math.abs(g * v.data[i]!), 0) : 0;
      expect(Math.abs(analytic - numeric), `d ${x}: ${analytic}, by differences ${numeric}`).toBeLessThanOrEqual(
        (tolerance ?? TOLERANCE[y.dtype === 'float32' ? 'float32' : dtype]) * Math.max(1, scale),
      );
    }
  } finally {
    await session.close();
  }
}

/** Operators whose rule says that there is no gradient to be had. */
const refused: { readonly [O in Operator]?: (graph: GraphBuilder, x: Value) => Value } = {
  ConvTranspose: (graph, x) => graph.op('ConvTranspose', [x, graph.constant(filled('float64', [2, 1, 2, 2], 1))]),
  Gather: (graph, x) => graph.op('Gather', [x, graph.int64s([0])]),
  MaxUnpool: (graph, x) => {
    const [y, indices] = graph.ops('MaxPool', [x], pool, { outputs: ['pooled', 'indices'] });
    return graph.op('MaxUnpool', [y, indices, graph.int64s(x.shape as number[])], pool);
  },
};

function reverseLstm(outputs: readonly string[], direction = 'reverse') {
  return (graph: GraphBuilder, x: Value): Value => {
    const weights = [4, 3].map((size) => graph.constant(filled('float64', [1, 12, size], 1)));
    const steps = graph.op('Reshape', [x, graph.int64s([2, 4, 4])]);
    return graph.ops('LSTM', [steps, ...weights], { hidden_size: 3, direction }, { outputs }).at(-1)!;
  };
}

/** Variants that a rule refuses rather than getting them wrong. */
const refusedVariants: readonly [string, Operator, (graph: GraphBuilder, x: Value) => Value][] = [
  ...(['GRU', 'RNN'] as const).map((name): [string, Operator, (graph: GraphBuilder, x: Value) => Value] => {
    const build = (graph: GraphBuilder, x: Value) => {
      const gates = name === 'GRU' ? 3 : 1;
      const weights = [4, 2].map((size) => graph.constant(filled('float64', [1, 2 * gates, size], 1)));
      return graph.op(name, [graph.op('Reshape', [x, graph.int64s([2, 4, 4])]), ...weights], { hidden_size: 2 });
    };
    return [`a ${name} that was not unrolled`, name, build];
  }),
  [
    'average pooling that does not count its padding',
    'AveragePool',
    (graph, x) => graph.op('AveragePool', [x], { ...pool, pads: [1, 1, 1, 1] }),
  ],
  [
    'a slice with steps',
    'Slice',
    (graph, x) => graph.op('Slice', [x, graph.int64s([0]), graph.int64s([4]), graph.int64s([2]), graph.int64s([2])]),
  ],
  [
    'padding by reflection',
    'Pad',
    (graph, x) => graph.op('Pad', [x, graph.int64s([0, 0, 1, 1, 0, 0, 1, 1])], { mode: 'reflect' }),
  ],
  ['an LSTM from the last step to the first', 'LSTM', reverseLstm(['sequence'])],
  ['an LSTM without its sequence', 'LSTM', reverseLstm(['', 'last'], 'forward')],
];

const gradientOf = (build: (graph: GraphBuilder, x: Value) => Value) => () => {
  const graph = new GraphBuilder('case');
  const x = graph.input('x', 'float64', [1, 2, 4, 4]);
  return differentiate(graph, graph.op('ReduceSum', [build(graph, x)], { keepdims: 0 }), [x]);
};

describe('the rule of every operator', () => {
  it('has a case here', () => {
    const withRule = (Object.keys(rules) as Operator[]).filter((name) => rules[name] !== nonDifferentiable);
    expect([...Object.keys(cases), ...Object.keys(refused)].sort()).toEqual(withRule.sort());
  });

  describe.each(Object.entries(cases))('%s', (operator, list) => {
    it.each(list.map((item) => [item.name, item] as const))('%s', async (_, item) => {
      await check(operator, item);
      if (item.inputs.length > 1) for (let i = 0; i < item.inputs.length; i++) await check(operator, item, i);
    });
  });

  it.each(Object.entries(refused))('%s is refused', (name, build) => {
    expect(gradientOf(build)).toThrow(
      expect.objectContaining({ code: 'unsupported-operator', who: expect.stringContaining(name) }),
    );
  });

  it.each(refusedVariants)('%s is refused', (_, name, build) => {
    expect(gradientOf(build)).toThrow(
      expect.objectContaining({ code: 'unsupported-operator', who: expect.stringContaining(name) }),
    );
  });
});

describe('the walk', () => {
  it.each(walks.map((item) => [item.name, item] as const))('%s', (_, item) => check('walk', item));

  it('gives no entry for a value that the loss does not depend on', () => {
    const graph = new GraphBuilder('case');
    const [x, y, z] = ['x', 'y', 'z'].map((name) => graph.input(name, 'float32', [2])) as [Value, Value, Value];
    graph.op('Exp', [y]);
    const stepped = graph.op('Mul', [graph.op('Sign', [z]), x]);
    const gradients = differentiate(graph, graph.op('ReduceSum', [stepped], { keepdims: 0 }), [x, y, z]);
    expect([...gradients.keys()]).toEqual(['x']);
  });

  it('gives the loss itself the gradient 1', () => {
    const graph = new GraphBuilder('case');
    const x = graph.input('x', 'float32', []);
    expect(graph.constantOf(differentiate(graph, x, [x]).get('x')!.name)).toEqual(fromNumbers('float32', [1], []));
  });

  it('differentiates with respect to a value in the middle', async () => {
    const graph = new GraphBuilder('case');
    const x = graph.input('x', 'float64', [3]);
    const middle = graph.op('Exp', [x]);
    const loss = graph.op('ReduceSum', [graph.op('Mul', [middle, middle])], { keepdims: 0 });
    const gradients = differentiate(graph, loss, [middle]);
    graph.output(gradients.get(middle.name)!, 'd');
    const session = await createSession(encodeModel(graph.model()));
    const { d } = await session.run({ x: fromNumbers('float64', [0, 1, -1]) });
    await session.close();
    toNumbers(d!).forEach((value, i) => expect(value).toBeCloseTo(2 * Math.exp([0, 1, -1][i]!), 12));
  });

  it('gives the first of equal values the gradient of their maximum, and shares a reduction’s among equals', async () => {
    const graph = new GraphBuilder('case');
    const [x, y] = [graph.input('x', 'float64', [2]), graph.input('y', 'float64', [2])];
    const most = graph.op('Max', [x, y]);
    const loss = graph.op('Add', [
      graph.op('ReduceSum', [most], { keepdims: 0 }),
      graph.op('ReduceMax', [y], { keepdims: 0 }),
    ]);
    for (const [name, gradient] of differentiate(graph, loss, [x, y])) graph.output(gradient, `d_${name}`);
    const session = await createSession(encodeModel(graph.model()));
    const one: Tensor = fromNumbers('float64', [1, 1]);
    const { d_x, d_y } = await session.run({ x: one, y: one });
    await session.close();
    expect([toNumbers(d_x!), toNumbers(d_y!)]).toEqual([
      [1, 1],
      [0.5, 0.5],
    ]);
  });

  it.each([11, 13, 17, 18])('makes nodes that operator set %i has', async (opset) => {
    const graph = new GraphBuilder('case', opset);
    const [x, b] = [graph.input('x', 'float32', [2, 3]), graph.input('b', 'float32', [3])];
    const y = graph.op('Sigmoid', [graph.op('Add', [x, b])]);
    const loss = graph.op('ReduceMean', [graph.op('Clip', [y, 0, 1])], { keepdims: 0 });
    for (const [name, gradient] of differentiate(graph, loss, [x, b])) graph.output(gradient, `d_${name}`);
    const session = await createSession(encodeModel(graph.model()));
    const { d_x, d_b } = await session.run({ x: filled('float32', [2, 3]), b: filled('float32', [3]) });
    await session.close();
    toNumbers(d_x!).forEach((value) => expect(value).toBeCloseTo(1 / 24, 6));
    toNumbers(d_b!).forEach((value) => expect(value).toBeCloseTo(1 / 12, 6));
  });

  it('names the node that it cannot pass', () => {
    const graph = new GraphBuilder('case');
    const x = graph.input('x', 'float32', [4]);
    const y = graph.op('Gather', [x, graph.int64s([0])], {}, { name: 'picked' });
    let error: unknown;
    try {
      differentiate(graph, graph.op('ReduceSum', [y], { keepdims: 0 }), [x]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(DenaryError);
    expect((error as DenaryError).who).toBe('node "picked" (Gather)');
  });
});
