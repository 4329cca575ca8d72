import { expect, it } from 'vitest';
import { GraphBuilder } from '../onnx/builder.js';
import { tensor } from '../tensor.js';
import { splitAt } from './split.js';

const weights = (rows: number, columns: number) =>
  tensor('float32', [rows, columns], new Float32Array(rows * columns).fill(0.5));

/** image -> first -> second -> probabilities */
function twoLayers() {
  const graph = new GraphBuilder('two layers');
  const image = graph.input('image', 'float32', ['batch', 4]);
  const hidden = graph.op('MatMul', [image, graph.initializer('first', weights(4, 3))], {}, { outputs: ['hidden'] });
  const logits = graph.op('MatMul', [hidden, graph.initializer('second', weights(3, 2))]);
  graph.output(graph.op('Softmax', [logits], { axis: -1 }), 'probabilities');
  return graph.model();
}

it('parts a model before the first weight that changes', () => {
  const { trunk, rest } = splitAt(twoLayers(), ['second'])!;
  expect(trunk.graph.nodes.map(({ op }) => op)).toEqual(['MatMul']);
  expect([...trunk.graph.initializers.keys()]).toEqual(['first']);
  expect(trunk.graph.outputs).toEqual([{ name: 'hidden', dtype: 'float32', shape: ['batch', 3] }]);
  expect(rest.graph.inputs).toEqual(trunk.graph.outputs);
  expect(rest.graph.nodes.map(({ op }) => op)).toEqual(['MatMul', 'Softmax']);
  expect([...rest.graph.initializers.keys()]).toEqual(['second']);
  expect(rest.graph.outputs.map(({ name }) => name)).toEqual(['probabilities']);
});

it('leaves a model whole where nothing comes before, or nothing changes', () => {
  expect(splitAt(twoLayers(), ['first', 'second'])).toBeUndefined();
  expect(splitAt(twoLayers(), [])).toBeUndefined();
});

it('leaves a model whole where other than features of one image each would cross', () => {
  const graph = new GraphBuilder('mean');
  const image = graph.input('image', 'float32', ['batch', 4]);
  const hidden = graph.op('MatMul', [image, graph.initializer('first', weights(4, 4))]);
  const mean = graph.op('ReduceMean', [hidden], { axes: [0] });
  graph.output(graph.op('Add', [mean, graph.initializer('second', weights(1, 4))]), 'probabilities');
  expect(splitAt(graph.model(), ['second'])).toBeUndefined();
});
