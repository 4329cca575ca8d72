import { fromNumbers, GraphBuilder, type Model, type Value } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../architectures/catalogue.js';
import { buildModel } from '../forward/build-model.js';
import { firstLayer, type Tile } from './first-layer.js';
import { parametersOf } from './parameters.js';

const IMAGE = { height: 2, width: 3 };

function modelOf(layer: (graph: GraphBuilder, pixels: Value) => Value): Model {
  const graph = new GraphBuilder('test');
  graph.output(layer(graph, graph.input('image', 'float32', ['batch', 6])));
  return graph.model();
}

const counting = (shape: readonly number[]) => {
  const size = shape.reduce((product, length) => product * length, 1);
  return fromNumbers(
    'float32',
    Array.from({ length: size }, (_, i) => i),
    shape,
  );
};
const rowsOf = ({ height, width, at }: Tile) =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => at(y, x)));

describe('firstLayer', () => {
  it('shows each unit of a dense layer as an image, whichever way its weights lie', () => {
    const dense = (transB: 0 | 1) =>
      modelOf((graph, pixels) => {
        const kernel = graph.initializer('kernel', counting(transB ? [2, 6] : [6, 2]));
        return graph.op('Gemm', [pixels, kernel], { transB }, { name: 'dense' });
      });
    const plain = firstLayer(dense(0), IMAGE)!;
    expect(plain).toMatchObject({ name: 'dense', tiles: [{}, {}] });
    expect(rowsOf(plain.tiles[1]!)).toEqual([
      [1, 3, 5],
      [7, 9, 11],
    ]);
    expect(rowsOf(firstLayer(dense(1), IMAGE)!.tiles[1]!)).toEqual([
      [6, 7, 8],
      [9, 10, 11],
    ]);
  });

  it('shows the weights of other inputs as one matrix', () => {
    const model = modelOf((graph, x) => graph.op('MatMul', [x, graph.initializer('kernel', counting([6, 2]))]));
    const { tiles } = firstLayer(model, { height: 4, width: 4 })!;
    expect(tiles.map(rowsOf)[0]!.slice(0, 2)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it('shows filters of convolutions and gates of an LSTM', () => {
    const conv = modelOf((graph, pixels) => {
      const image = graph.op('Reshape', [pixels, graph.int64s([-1, 1, 2, 3])]);
      return graph.op('Conv', [image, graph.initializer('kernel', counting([3, 1, 2, 2]))]);
    });
    expect(rowsOf(firstLayer(conv, IMAGE)!.tiles[2]!)).toEqual([
      [8, 9],
      [10, 11],
    ]);
    const lstm = modelOf((graph, pixels) => {
      const steps = graph.op('Reshape', [pixels, graph.int64s([2, -1, 3])]);
      const weights = [graph.initializer('W', counting([1, 8, 3])), graph.initializer('R', counting([1, 8, 2]))];
      return graph.op('LSTM', [steps, ...weights], { hidden_size: 2 });
    });
    const { tiles } = firstLayer(lstm, IMAGE)!;
    expect(tiles.map(({ label }) => label)).toEqual(['input', 'output', 'forget', 'cell']);
    expect(rowsOf(tiles[1]!)).toEqual([
      [6, 9],
      [7, 10],
      [8, 11],
    ]);
  });

  it('finds none in a model without weights', () => {
    const model = modelOf((graph, pixels) => graph.op('Softmax', [pixels]));
    expect(firstLayer(model, IMAGE)).toBeUndefined();
  });
});

it.each(['mlp', 'hrnn', 'cnn-bn'])('parametersOf counts those of %s as Keras does', (name) => {
  const { model, parameters } = buildModel(catalogue.find((architecture) => architecture.name === name)!);
  expect(parametersOf(model)).toBe(parameters);
});
