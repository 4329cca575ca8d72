/** The builder: it knows every value's type as soon as it is made, and a mistake shows at the node that makes it. */

import { describe, expect, it } from 'vitest';
import { DenaryError } from '../errors.js';
import { type DType, filled, fromNumbers, int64s, type Tensor } from '../tensor.js';
import { GraphBuilder, OPSET } from './builder.js';
import { elementTypeOf } from './element-types.js';
import type { Dimension, Node } from './model.js';
import { type AttributesOf, type Operator, operators } from './operators.js';

type Shape = readonly Dimension[];
/** A variable of that shape, or a constant. */
type Input = Shape | Tensor;

const isTensor = (input: Input): input is Tensor => 'dtype' in input;

/** The shape of one node's outputs. */
function infer<O extends Operator>(
  op: O,
  inputs: readonly Input[],
  attributes: AttributesOf<O> = {},
  opset = OPSET,
  outputs = 1,
) {
  const graph = new GraphBuilder('g', opset);
  const values = inputs.map((input, i) =>
    isTensor(input) ? graph.constant(input) : input && graph.input(`x${i}`, 'float32', input),
  );
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  return graph.ops(op, values, attributes, { name: 'the node', outputs: names });
}

const errorOf = (make: () => unknown): DenaryError => {
  try {
    make();
  } catch (error) {
    if (error instanceof DenaryError) return error;
    throw error;
  }
  return expect.fail('no error was thrown');
};

const b = 'batch';
const pool = { kernel_shape: [2, 2], strides: [2, 2] };

describe('shape inference, with a symbolic batch', () => {
  const cases: readonly (readonly [Operator, readonly Input[], Record<string, unknown>, Shape, number?])[] = [
    ['Add', [[b, 4], [4]], {}, [b, 4]],
    [
      'Add',
      [
        [b, 1, 5],
        [3, 1],
      ],
      {},
      [b, 3, 5],
    ],
    ['Add', [[1], [b]], {}, [b]],
    ['ArgMax', [[b, 10]], { axis: 1, keepdims: 0 }, [b]],
    ['ArgMax', [[b, 10]], { axis: -1 }, [b, 1]],
    ['AveragePool', [[b, 3, 7, 8]], pool, [b, 3, 3, 4]],
    ['AveragePool', [[b, 3, 7, 8]], { ...pool, ceil_mode: 1 }, [b, 3, 4, 4]],
    ['BatchNormalization', [[b, 3, 7, 8], [3], [3], [3], [3]], {}, [b, 3, 7, 8]],
    [
      'Concat',
      [
        [b, 2, 4],
        [b, 3, 4],
      ],
      { axis: 1 },
      [b, 5, 4],
    ],
    [
      'Concat',
      [
        [b, 2],
        [b, 2],
      ],
      { axis: 0 },
      ['batch+batch', 2],
    ],
    ['Conv', [[b, 1, 28, 28], [32, 1, 3, 3], [32]], {}, [b, 32, 26, 26]],
    [
      'Conv',
      [
        [b, 1, 28, 27],
        [8, 1, 5, 3],
      ],
      { strides: [2, 2], pads: [2, 1, 2, 0] },
      [b, 8, 14, 13],
    ],
    [
      'Conv',
      [
        [b, 4, 9, 9],
        [8, 2, 3, 3],
      ],
      { group: 2, dilations: [2, 3] },
      [b, 8, 5, 3],
    ],
    [
      'Conv',
      [
        [b, 1, 28, 27],
        [8, 1, 5, 4],
      ],
      { auto_pad: 'SAME_UPPER', strides: [2, 2] },
      [b, 8, 14, 14],
    ],
    [
      'Conv',
      [
        [b, 1, 7, 7],
        [8, 1, 3, 3],
      ],
      { auto_pad: 'VALID' },
      [b, 8, 5, 5],
    ],
    [
      'ConvTranspose',
      [
        [b, 8, 13, 13],
        [8, 4, 3, 3],
      ],
      { strides: [2, 2] },
      [b, 4, 27, 27],
    ],
    [
      'ConvTranspose',
      [
        [b, 8, 5, 5],
        [8, 4, 3, 3],
      ],
      { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] },
      [b, 4, 10, 9],
    ],
    ['Expand', [[b, 1], int64s([1, 5])], {}, [b, 5]],
    ['Flatten', [[b, 3, 4, 5]], {}, [b, 60]],
    ['Flatten', [[b, 3, 4, 5]], { axis: 2 }, ['3*batch', 20]],
    ['Flatten', [[b, 3, 4]], { axis: 0 }, [1, '12*batch']],
    ['Gather', [[b, 4], int64s([2, 0])], { axis: 1 }, [b, 2]],
    ['Gather', [[b, 4], fromNumbers('int64', [2], [])], { axis: -1 }, [b]],
    ['Gemm', [[b, 4], [4, 5], [5]], {}, [b, 5]],
    [
      'Gemm',
      [
        [b, 4],
        [5, 4],
      ],
      { transB: 1 },
      [b, 5],
    ],
    [
      'Gemm',
      [
        [4, b],
        [4, 5],
      ],
      { transA: 1 },
      [b, 5],
    ],
    ['GlobalAveragePool', [[b, 3, 7, 8]], {}, [b, 3, 1, 1]],
    [
      'MatMul',
      [
        [b, 3, 4],
        [4, 5],
      ],
      {},
      [b, 3, 5],
    ],
    [
      'MatMul',
      [
        [b, 1, 3, 4],
        [7, 4, 5],
      ],
      {},
      [b, 7, 3, 5],
    ],
    ['MaxPool', [[b, 3, 7, 8]], { ...pool, pads: [1, 0, 0, 0] }, [b, 3, 4, 4]],
    ['MaxPool', [[b, 3, 7, 8]], { kernel_shape: [3, 3] }, [b, 3, 5, 6]],
    ['MaxUnpool', [[2, 3, 2, 2], filled('int64', [2, 3, 2, 2]), int64s([2, 3, 5, 4])], pool, [2, 3, 5, 4]],
    ['Pad', [[b, 3, 4], int64s([0, 1, 2, 0, 0, -1])], {}, [b, 4, 5]],
    ['ReduceSum', [[b, 3, 4], int64s([-1])], { keepdims: 0 }, [b, 3]],
    ['ReduceSum', [[b, 3, 4], int64s([0, 2])], {}, [1, 3, 1]],
    ['ReduceSum', [[b, 3, 4]], { keepdims: 0 }, []],
    ['ReduceSum', [[b, 3, 4], int64s([])], { noop_with_empty_axes: 1 }, [b, 3, 4]],
    ['ReduceMax', [[b, 3, 4]], { axes: [1], keepdims: 0 }, [b, 4]],
    ['Reshape', [[b, 28, 28], int64s([-1, 784])], {}, [b, 784]],
    ['Reshape', [[b, 784], int64s([0, 1, 28, 28])], {}, [b, 1, 28, 28]],
    ['Reshape', [[b, 784], int64s([-1, 1, 28, 28])], {}, [b, 1, 28, 28]],
    ['Reshape', [[b, 28, 28], int64s([-1, 28])], {}, ['28*batch', 28]],
    ['Reshape', [['28*batch', 28], int64s([-1, 28, 28])], {}, [b, 28, 28]],
    ['Reshape', [['28*batch', 5], int64s([-1, 28, 5])], {}, [b, 28, 5]],
    ['Reshape', [[2, 3, 4], int64s([4, -1])], {}, [4, 6]],
    ['Slice', [[b, 10], int64s([1]), int64s([7]), int64s([1]), int64s([2])], {}, [b, 3]],
    ['Slice', [[b, 10], int64s([-3]), int64s([2 ** 40]), int64s([-1])], {}, [b, 3]],
    ['Slice', [[b, 10], int64s([-1]), int64s([-11]), int64s([1]), int64s([-1])], {}, [b, 10]],
    ['Slice', [[b, 10], int64s([8]), int64s([2]), int64s([1]), int64s([-4])], {}, [b, 2]],
    ['Slice', [[b, 10], int64s([7]), int64s([3]), int64s([1])], {}, [b, 0]],
    ['Softmax', [[b, 10]], { axis: -1 }, [b, 10]],
    ['Squeeze', [[b, 1, 4, 1], int64s([1, -1])], {}, [b, 4]],
    ['Squeeze', [[b, 1, 4, 1]], {}, [b, 4]],
    ['Transpose', [[b, 3, 4, 5]], { perm: [0, 2, 3, 1] }, [b, 4, 5, 3]],
    ['Transpose', [[b, 3]], {}, [3, b]],
    ['Unsqueeze', [[b, 4], int64s([1, -1])], {}, [b, 1, 4, 1]],
    // Operator sets in which axes are attributes.
    ['Squeeze', [[b, 1, 4]], { axes: [1] }, [b, 4], 11],
    ['Unsqueeze', [[b, 4]], { axes: [0] }, [1, b, 4], 11],
    ['ReduceSum', [[b, 4]], { axes: [1], keepdims: 0 }, [b], 11],
    ['ReduceMean', [[b, 4], int64s([1])], { keepdims: 0 }, [b], 18],
  ];

  it.each(
    cases.map(
      (item) =>
        [
          `${item[0]} of ${item[1].map((input) => (isTensor(input) ? `(${input.data})` : `[${input}]`)).join(' ')} ${JSON.stringify(item[2])}`,
          ...item,
        ] as const,
    ),
  )('%s', (_, op, inputs, attributes, shape, opset) => {
    const [value] = infer(op, inputs, attributes as AttributesOf<typeof op>, opset);
    expect(value).toMatchObject({ name: 'y0', shape });
  });

  it('tells the types of other outputs, and of comparisons and casts', () => {
    const typesOf = (values: readonly { dtype: DType; shape: Shape }[]) =>
      values.map(({ dtype, shape }) => [dtype, shape]);
    expect(typesOf(infer('MaxPool', [[b, 3, 8, 8]], pool, OPSET, 2))).toEqual([
      ['float32', [b, 3, 4, 4]],
      ['int64', [b, 3, 4, 4]],
    ]);
    expect(typesOf(infer('Dropout', [[b, 3]], {}, OPSET, 2))).toEqual([
      ['float32', [b, 3]],
      ['bool', [b, 3]],
    ]);
    expect(typesOf(infer('ArgMax', [[b, 3]], { axis: 1, keepdims: 0 }))).toEqual([['int64', [b]]]);
    expect(typesOf(infer('Equal', [[b, 3], [3]]))).toEqual([['bool', [b, 3]]]);
    expect(typesOf(infer('Cast', [[b, 3]], { to: elementTypeOf('int32') }))).toEqual([['int32', [b, 3]]]);
    expect(
      typesOf(infer('Split', [[b, 6], int64s([1, 2, 3])], { axis: 1 }, OPSET, 3)).map(([, shape]) => shape),
    ).toEqual([
      [b, 1],
      [b, 2],
      [b, 3],
    ]);
    expect(typesOf(infer('Split', [[6, b]], {}, OPSET, 3)).map(([, shape]) => shape)).toEqual([
      [2, b],
      [2, b],
      [2, b],
    ]);
    const test = fromNumbers('bool', [1, 0, 1]);
    expect(typesOf(infer('Where', [test, [b, 3], []]))).toEqual([['float32', [b, 3]]]);
  });
});

describe('a mistake is told at its node', () => {
  it.each([
    ['shapes that do not broadcast', 'Add', [[b, 4], [5]], {}, /\[batch, 4\] and \[5\]/],
    ['two symbols that may differ', 'Add', [['n'], ['m']], {}, /\[n\] and \[m\]/],
    [
      'matrices that do not match',
      'Gemm',
      [
        [b, 4],
        [5, 6],
      ],
      {},
      /\[batch, 4\] and \[5, 6\]/,
    ],
    [
      'a Gemm of other than matrices',
      'Gemm',
      [
        [b, 4, 4],
        [4, 6],
      ],
      {},
      /input 0 of rank 2, received \[batch, 4, 4\]/,
    ],
    ['a Gemm whose C does not fit', 'Gemm', [[b, 4], [4, 6], [7]], {}, /broadcast/],
    [
      'a MatMul that does not match',
      'MatMul',
      [
        [b, 3, 4],
        [5, 6],
      ],
      {},
      /matching inner sizes/,
    ],
    ['a MatMul of vectors', 'MatMul', [[4], [4, 5]], {}, /matrices, received \[4\]/],
    [
      'a kernel for other channels',
      'Conv',
      [
        [b, 3, 8, 8],
        [4, 2, 3, 3],
      ],
      {},
      /matching inner sizes/,
    ],
    [
      'a kernel of another rank',
      'Conv',
      [
        [b, 3, 8, 8],
        [4, 3, 3],
      ],
      {},
      /a kernel of rank 4/,
    ],
    [
      'a window larger than its image',
      'MaxPool',
      [[b, 3, 2, 2]],
      { kernel_shape: [3, 3] },
      /no smaller than the window \[3,3\]/,
    ],
    ['an image of unknown size', 'MaxPool', [[b, 3, 'h', 'w']], pool, /fixed image sizes, received \[h, w\]/],
    ['a pool without a window', 'MaxPool', [[b, 3, 4, 4]], {}, /a kernel_shape/],
    ['a shape of other elements', 'Reshape', [[2, 3], int64s([4, 2])], {}, /6 elements, received \[4, 2\]/],
    ['a shape that does not divide', 'Reshape', [[b, 5], int64s([-1, 3])], {}, /divides \[batch, 5\]/],
    ['a shape that is computed', 'Reshape', [[b, 4], [2]], {}, /a constant shape/],
    [
      'an axis out of range',
      'Concat',
      [
        [b, 4],
        [b, 4],
      ],
      { axis: 2 },
      /an axis within rank 2, received 2/,
    ],
    ['a permutation out of range', 'Transpose', [[b, 4]], { perm: [0, 2] }, /permutation of rank 2/],
  ] as [string, Operator, Input[], Record<string, unknown>, RegExp | undefined][])(
    '%s',
    (_, op, inputs, attributes, message) => {
      if (!message) return;
      const error = errorOf(() => infer(op, inputs, attributes as AttributesOf<Operator>));
      expect(error).toMatchObject({ code: 'bad-model', who: `node "the node" (${op})` });
      expect(error.message).toMatch(message);
    },
  );

  const node = (change: Partial<Node>): Node => ({
    name: 'n',
    op: 'Relu',
    domain: '',
    inputs: ['x'],
    outputs: ['y'],
    attributes: {},
    ...change,
  });

  it.each([
    [node({ op: 'LSTMCell' }), 'node "n" (LSTMCell)', 'LSTMCell'],
    [node({ op: 'toString' }), 'node "n" (toString)', 'toString'],
    [node({ op: 'FusedConv', domain: 'com.microsoft' }), 'node "n" (FusedConv)', 'com.microsoft.FusedConv'],
    [node({ op: 'Relu', domain: 'ai.onnx.ml', name: '' }), 'a node Relu', 'ai.onnx.ml.Relu'],
  ])('an operator that is not known: $op', (unknown, who, received) => {
    const graph = new GraphBuilder('g');
    graph.input('x', 'float32', [1]);
    expect(errorOf(() => graph.append(unknown))).toMatchObject({ code: 'unsupported-operator', who, received });
  });

  it('a value that nobody makes, and one that is made twice', () => {
    const graph = new GraphBuilder('g');
    graph.input('x', 'float32', [1]);
    expect(errorOf(() => graph.append(node({ inputs: ['nobody'] })))).toMatchObject({
      code: 'bad-model',
      who: 'node "n" (Relu)',
      received: '"nobody"',
    });
    graph.append(node({}));
    expect(errorOf(() => graph.append(node({})))).toMatchObject({ code: 'bad-model', received: '"y" twice' });
    expect(errorOf(() => graph.initializer('x', filled('float32', [1])))).toMatchObject({
      code: 'bad-model',
      received: '"x" twice',
    });
    expect(errorOf(() => graph.value('nobody'))).toMatchObject({ code: 'bad-model', who: 'g' });
  });
});

describe('GraphBuilder', () => {
  it('shares equal constants, and no others', () => {
    const graph = new GraphBuilder('g');
    expect(graph.scalar(2)).toBe(graph.scalar(2));
    expect(graph.int64s([1, 2])).toBe(graph.int64s([1, 2]));
    const distinct = [
      graph.scalar(2),
      graph.scalar(2, 'int32'),
      graph.constant(fromNumbers('float32', [2])),
      graph.scalar(0),
      graph.scalar(3),
    ];
    expect(new Set(distinct.map(({ name }) => name)).size).toBe(5);
  });

  it('takes a number for a constant of the other operand’s type', () => {
    const graph = new GraphBuilder('g');
    const sum = graph.op('Add', [1, graph.input('x', 'uint32', [2])]);
    expect(sum).toMatchObject({ dtype: 'uint32', shape: [2] });
    expect([...graph.build().initializers.values()]).toEqual([fromNumbers('uint32', [1], [])]);
  });

  it('renames the node that makes an output, so that nothing is copied', () => {
    const graph = new GraphBuilder('g');
    const y = graph.op('Relu', [graph.input('x', 'float32', [2])]);
    graph.op('Exp', [y], {}, { name: 'reader' });
    graph.output(y, 'result');
    const { nodes, outputs } = graph.build();
    expect(nodes.map(({ op, inputs, outputs }) => [op, ...inputs, ...outputs])).toEqual([
      ['Relu', 'x', 'result'],
      ['Exp', 'result', 'reader'],
    ]);
    expect(outputs).toEqual([{ name: 'result', dtype: 'float32', shape: [2] }]);
  });

  it('copies what cannot be renamed: an input, a constant, a value that is an output already', () => {
    const graph = new GraphBuilder('g');
    const x = graph.input('x', 'float32', [2]);
    graph.output(x, 'a');
    graph.output(graph.scalar(1), 'b');
    const y = graph.op('Relu', [x]);
    graph.output(y);
    graph.output(y, 'c');
    const { nodes, outputs } = graph.build();
    expect(nodes.map(({ op }) => op)).toEqual(['Identity', 'Identity', 'Relu', 'Identity']);
    expect(outputs.map(({ name }) => name)).toEqual(['a', 'b', y.name, 'c']);
  });

  /** Every input of every node, and every output of the graph, is made by something before. */
  const expectConnected = (graph: GraphBuilder) => {
    const { inputs, initializers, nodes, outputs } = graph.build();
    const made = new Set([...inputs.map(({ name }) => name), ...initializers.keys()]);
    for (const node of nodes) {
      for (const name of node.inputs) expect(made, `${name}, which ${node.name} reads`).toContain(name);
      for (const name of node.outputs) made.add(name);
    }
    for (const { name } of outputs) expect(made).toContain(name);
  };

  it('lets a value be used under its old handle after it was renamed', () => {
    const graph = new GraphBuilder('g');
    const y = graph.op('Relu', [graph.input('x', 'float32', [2])]);
    graph.output(y, 'first');
    graph.output(y, 'second');
    graph.output(graph.op('Exp', [y]), 'third');
    expectConnected(graph);
    expect(graph.build().outputs.map(({ name }) => name)).toEqual(['first', 'second', 'third']);
  });

  it('makes names that are free', () => {
    const graph = new GraphBuilder('g');
    graph.input('Relu_0', 'float32', [1]);
    const names = [0, 1, 2].map(() => graph.op('Relu', [graph.value('Relu_0')]).name);
    expect(new Set([...names, 'Relu_0']).size).toBe(4);
  });

  it('takes up an existing graph, with or without its outputs', () => {
    const graph = new GraphBuilder('g');
    const x = graph.input('x', 'float32', [b, 2]);
    graph.output(graph.op('Gemm', [x, graph.initializer('w', filled('float32', [2, 3]))], { alpha: 0.5 }), 'y');
    const built = graph.build();
    expect(GraphBuilder.from(built, OPSET, true).build()).toEqual(built);
    expect(GraphBuilder.from(built, OPSET).build()).toEqual({ ...built, outputs: [] });
  });

  it('makes a model of its operator set, with the metadata it is given', () => {
    const graph = new GraphBuilder('g', 13);
    graph.output(graph.op('Relu', [graph.input('x', 'float32', [1])]));
    expect(graph.model({ a: 'b' })).toMatchObject({
      opset: 13,
      producer: 'denary',
      metadata: { a: 'b' },
      graph: { name: 'g' },
    });
  });

  it('knows every operator by ONNX’s own name', () => {
    for (const name of Object.keys(operators)) expect(name).toMatch(/^[A-Z][A-Za-z]+$/);
  });
});
