/** Classifiers for tests, as exporters write them: names of their own, computed shapes, weights laid out in other ways. */

import { fromNumbers, type Model, type Node, normal, sizeOf, type Tensor } from '@denary/core';

export const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  name: `/${output}/${op}`,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
});

export const drawn = (key: number, shape: readonly number[], scale = 0.3): Tensor<'float32'> =>
  fromNumbers(
    'float32',
    Array.from({ length: sizeOf(shape) }, (_, i) => scale * normal(7, key, i)),
    shape,
  );

const ints = (name: string, values: number[]) => ({ [name]: { type: 'ints', value: values } }) as const;
const int = (name: string, value: number) => ({ [name]: { type: 'int', value } }) as const;

interface Parts {
  readonly nodes: readonly Node[];
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly input?: Model['graph']['inputs'][number];
  readonly outputs?: readonly string[];
}

export const exported = ({ nodes, weights, input, outputs = ['output'] }: Parts): Model => ({
  irVersion: 8,
  opset: 17,
  producer: 'a test',
  metadata: {},
  graph: {
    name: 'main_graph',
    inputs: [input ?? { name: 'input', dtype: 'float32', shape: ['n', 1, 8, 8] }],
    outputs: outputs.map((name) => ({ name, dtype: 'float32', shape: ['n', 10] })),
    nodes: [...nodes],
    initializers: new Map(Object.entries(weights)),
  },
});

/** A Conv whose maps go through two Gathers, which have no gradient, to the last layer; of images of so many pixels a side. */
export const beyondGather = (side: number): Model =>
  exported({
    input: { name: 'input', dtype: 'float32', shape: ['n', 1, side, side] },
    nodes: [
      node('Conv', ['input', 'w1'], 'a', ints('kernel_shape', [3, 3])),
      node('Gather', ['a', 'some'], 'b', int('axis', 2)),
      node('Gather', ['b', 'some'], 'c', int('axis', 3)),
      node('Flatten', ['c'], 'd'),
      node('MatMul', ['d', 'w2'], 'output'),
    ],
    weights: {
      w1: drawn(1, [2, 1, 3, 3]),
      w2: drawn(2, [8, 10]),
      some: { dtype: 'int64', shape: [2], data: BigInt64Array.of(0n, 3n) },
    },
  });

/** Conv, folded normalization, Relu, a view by computed sizes, two dense layers; the last operator is up to the caller. */
export function cnn(last: 'logits' | 'LogSoftmax' | 'Softmax' = 'logits', batch: number | string = 'n'): Model {
  const ends = last === 'logits' ? [] : [node(last, ['scores'], 'output', int('axis', 1))];
  const flat = typeof batch === 'number' ? [batch, 4 * 6 * 6] : [];
  const shape =
    typeof batch === 'number'
      ? []
      : [
          node('Shape', ['active'], 'shape'),
          node('Gather', ['shape', 'zero'], 'count', int('axis', 0)),
          node('Unsqueeze', ['count', 'axes'], 'first'),
          node('Concat', ['first', 'rest'], 'target', int('axis', 0)),
        ];
  const constants: Record<string, Tensor> =
    flat.length > 0
      ? { target: fromNumbers('int64', flat) }
      : { zero: fromNumbers('int64', [0], []), axes: fromNumbers('int64', [0]), rest: fromNumbers('int64', [-1]) };
  return exported({
    input: { name: 'input', dtype: 'float32', shape: [batch, 1, 8, 8] },
    nodes: [
      node('Conv', ['input', 'conv.weight'], 'maps', ints('kernel_shape', [3, 3])),
      node('Mul', ['maps', 'bn.scale'], 'scaled'),
      node('Add', ['scaled', 'bn.shift'], 'shifted'),
      node('Relu', ['shifted'], 'active'),
      ...shape,
      node('Reshape', ['active', 'target'], 'flat'),
      node('Gemm', ['flat', 'fc1.weight', 'fc1.bias'], 'hidden', int('transB', 1)),
      node('Tanh', ['hidden'], 'features'),
      node('MatMul', ['features', 'fc2.kernel'], 'products'),
      node('Add', ['products', 'fc2.bias'], last === 'logits' ? 'output' : 'scores'),
      ...ends,
    ],
    weights: {
      'conv.weight': drawn(1, [4, 1, 3, 3]),
      'bn.scale': drawn(2, [1, 4, 1, 1]),
      'bn.shift': drawn(3, [1, 4, 1, 1]),
      'fc1.weight': drawn(4, [6, 144], 0.1),
      'fc1.bias': drawn(5, [6]),
      'fc2.kernel': drawn(6, [6, 10]),
      'fc2.bias': drawn(7, [10]),
      ...constants,
    },
  });
}
