import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fromNumbers, type TypedArray } from '../tensor.js';
import { GraphBuilder } from './builder.js';
import { decodeModel } from './decode.js';
import { encodeModel } from './encode.js';
import { decodeLightGraph } from './light-graph.js';

const models = new URL('../../../../models/', import.meta.url);
const names = readdirSync(models, { withFileTypes: true }).filter((entry) => entry.isDirectory());

it.each(names.map(({ name }) => name))('the graph of %s is the one that the codec reads', (name) => {
  const bytes = new Uint8Array(readFileSync(new URL(`${name}/model.onnx`, models)));
  const [light, whole] = [decodeLightGraph(bytes), decodeModel(bytes).graph].map(({ initializers, ...rest }) => ({
    ...rest,
    initializers: [...initializers].map(([name, { dtype, shape, data }]) => [name, dtype, shape, digestOf(data)]),
  }));
  expect(light).toEqual(whole);
});

/** Millions of numbers are compared at once. */
const digestOf = (data: TypedArray) => createHash('sha256').update(data).digest('hex');

it('negative numbers, strings and floats come through', () => {
  const graph = new GraphBuilder('g');
  const x = graph.input('x', 'float32', ['batch', 3, 8, 8]);
  const kernel = graph.initializer('kernel', fromNumbers('float32', [1, -2.5, 3], [1, 3, 1, 1]));
  const convolved = graph.op('Conv', [x, kernel], { auto_pad: 'SAME_UPPER', strides: [2, 1] });
  const shape = graph.initializer('shape', fromNumbers('int64', [0, -1]));
  graph.output(graph.op('Softmax', [graph.op('Reshape', [convolved, shape])], { axis: -1 }), 'y');
  const bytes = encodeModel(graph.model());
  expect(decodeLightGraph(bytes)).toEqual(decodeModel(bytes).graph);
});

it('weights of other types are left out', () => {
  const graph = new GraphBuilder('g');
  const x = graph.input('x', 'float64', [2]);
  graph.output(graph.op('Add', [x, graph.initializer('w', fromNumbers('float64', [1, 2]))]), 'y');
  const { initializers, nodes } = decodeLightGraph(encodeModel(graph.model()));
  expect(initializers.size).toBe(0);
  expect(nodes[0]!.inputs).toEqual(['x', 'w']);
});

it('bytes that are no graph are refused', () => {
  expect(() => decodeLightGraph(Uint8Array.of(1, 2, 3), 'here')).toThrow(/here.*ONNX model/s);
  expect(() => decodeLightGraph(new Uint8Array())).toThrow(/0 bytes without/);
});
