import {
  type Dimension,
  elementTypeOf,
  encodeModel,
  fromNumbers,
  GraphBuilder,
  type Model,
  type Node,
  normal,
  type Tensor,
  toNumbers,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { foldConstants } from './fold-constants.js';

const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({
  name: output,
  op,
  domain: '',
  inputs,
  outputs: [output],
  attributes,
});

const whole = (...values: number[]) => fromNumbers('int64', values);
const scalar = (value: number) => fromNumbers('int64', [value], []);
const axis = (value: number) => ({ axis: { type: 'int', value } }) as const;
const to = (dtype: 'float32' | 'int64' | 'int32') => ({ to: { type: 'int', value: elementTypeOf(dtype) } }) as const;

/** A graph of x [batch, 2, 3, 4] that exporters might have written: denary's builder has no operator for half of it. */
function model(nodes: Node[], constants: Record<string, Tensor>, outputShape: Dimension[], opset = 17): Model {
  return {
    irVersion: 8,
    opset,
    producer: '',
    metadata: {},
    graph: {
      name: 'foreign',
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2, 3, 4] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: outputShape }],
      nodes,
      initializers: new Map(Object.entries(constants)),
    },
  };
}

async function run(model: Model, x: Tensor) {
  const session = await createSession(encodeModel(model), { threads: 1 });
  const { y } = await session.run({ x });
  await session.close();
  return { shape: y!.shape, values: toNumbers(y!) };
}

const count = 5;
const x = fromNumbers(
  'float32',
  Array.from({ length: count * 24 }, (_, i) => normal(1, 2, i)),
  [count, 2, 3, 4],
);

/** The graph is what it was, for ONNX Runtime too, and every shape in it is now known but for the batch. */
async function expectFolded(given: Model, ops: string[]) {
  const graph = foldConstants(given.graph, given.opset);
  expect(graph.nodes.map(({ op }) => op)).toEqual(ops);
  expect(graph.outputs[0]!.shape[0]).toBe('batch');
  expect(await run({ ...given, graph }, x)).toEqual(await run(given, x));
  return graph;
}

const flatShape = [
  node('Shape', ['x'], 'shape'),
  node('Gather', ['shape', 'zero'], 'batch', axis(0)),
  node('Unsqueeze', ['batch', 'axes'], 'first'),
];
const flatConstants = { zero: scalar(0), axes: whole(0), rest: whole(-1) };

describe('constant folding', () => {
  it("folds view(x.size(0), -1), as PyTorch's exporter writes it", async () => {
    const nodes = [
      ...flatShape,
      node('Concat', ['first', 'rest'], 'target', axis(0)),
      node('Reshape', ['x', 'target'], 'y'),
    ];
    const graph = await expectFolded(model(nodes, flatConstants, ['batch', 24]), ['Reshape']);
    expect(graph.outputs[0]!.shape).toEqual(['batch', 24]);
  });

  it('folds arithmetic on sizes', async () => {
    const nodes = [
      node('Shape', ['x'], 'shape'),
      node('Cast', ['shape'], 'narrow', to('int32')),
      node('Cast', ['narrow'], 'wide', to('int64')),
      node('Slice', ['wide', 'one', 'four'], 'tail'),
      node('ReduceProd', ['tail'], 'product'),
      node('Div', ['product', 'two'], 'half'),
      node('Sub', ['half', 'two'], 'ten'),
      node('Add', ['ten', 'two'], 'twelve'),
      node('Squeeze', ['two'], 'two_scalar'),
      node('Mul', ['two_scalar', 'one'], 'columns'),
      node('Concat', ['rest', 'twelve', 'columns'], 'target', axis(0)),
      node('Reshape', ['x', 'target'], 'y'),
    ];
    const constants = { one: whole(1), two: whole(2), four: whole(4), rest: whole(-1) };
    await expectFolded(model(nodes, constants, ['batch', 12, 2]), ['Reshape']);
  });

  it('spreads a value over the batch that is there', async () => {
    const nodes = [
      ...flatShape,
      node('Concat', ['first', 'sizes'], 'target', axis(0)),
      node('Expand', ['ones', 'target'], 'spread'),
      node('Mul', ['x', 'spread'], 'y'),
    ];
    const constants = { ...flatConstants, sizes: whole(2, 3, 4), ones: fromNumbers('float32', [2], [1]) };
    await expectFolded(model(nodes, constants, ['batch', 2, 3, 4]), ['Expand', 'Mul']);
  });

  it('makes lists of a constant and of a range', async () => {
    const value = { value: { type: 'tensor', value: whole(3) } } as const;
    const nodes = [
      node('ConstantOfShape', ['one'], 'three', value),
      node('Range', ['zero', 'two_scalar', 'one_scalar'], 'numbers'),
      node('Gather', ['numbers', 'one_scalar'], 'picked', axis(0)),
      node('Unsqueeze', ['picked', 'axes'], 'listed'),
      node('Concat', ['rest', 'three', 'listed', 'eight'], 'target', axis(0)),
      node('Reshape', ['x', 'target'], 'y'),
    ];
    const scalars = { zero: scalar(0), one_scalar: scalar(1), two_scalar: scalar(2) };
    const constants = { ...scalars, one: whole(1), axes: whole(0), rest: whole(-1), eight: whole(8) };
    await expectFolded(model(nodes, constants, ['batch', 3, 1, 8]), ['Reshape']);
  });

  it('leaves out what does nothing, and gives readers of one weight their own again', async () => {
    const weight = fromNumbers('float32', [1, 2, 3, 4]);
    const nodes = [
      node('Identity', ['weight'], 'other'),
      node('Cast', ['x'], 'same', to('float32')),
      node('Identity', ['same'], 'again'),
      node('Add', ['again', 'weight'], 'sum'),
      node('Mul', ['sum', 'other'], 'product'),
      node('Cast', ['product'], 'y', to('float32')),
    ];
    const graph = await expectFolded(model(nodes, { weight }, ['batch', 2, 3, 4]), ['Add', 'Mul']);
    expect([...graph.initializers.keys()].sort()).toEqual(['other', 'weight']);
  });

  it('leaves floats alone', async () => {
    const nodes = [node('Transpose', ['weight'], 'turned'), node('MatMul', ['x', 'turned'], 'y')];
    const weight = fromNumbers('float32', [1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
    await expectFolded(model(nodes, { weight }, ['batch', 2, 3, 2]), ['Transpose', 'MatMul']);
  });

  it('names the node that wants a size of the batch elsewhere than in a shape', () => {
    const nodes = [...flatShape, node('Cast', ['batch'], 'number', to('float32')), node('Div', ['x', 'number'], 'y')];
    const { graph, opset } = model(nodes, flatConstants, ['batch', 2, 3, 4]);
    expect(() => foldConstants(graph, opset)).toThrow(
      expect.objectContaining({ code: 'bad-model', who: 'node "number" (Cast)' }),
    );
  });

  it('changes nothing where nothing is to be folded', () => {
    const builder = new GraphBuilder('plain');
    const given = builder.input('x', 'float32', ['batch', 3]);
    builder.output(builder.op('Relu', [given]), 'y');
    const graph = builder.build();
    expect(foldConstants(graph, 17)).toEqual(graph);
  });
});
