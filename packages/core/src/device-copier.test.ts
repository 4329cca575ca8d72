import { expect, it } from 'vitest';
import { identity } from './device-copier.js';
import { decodeModel } from './onnx/decode.js';

it('the copying model is what the codec reads as an Identity', () => {
  const { opset, graph } = decodeModel(identity('int64', 3));
  const value = { dtype: 'int64', shape: ['size0', 'size1', 'size2'] };
  expect(opset).toBe(13);
  expect(graph.inputs).toEqual([{ name: 'x', ...value }]);
  expect(graph.outputs).toEqual([{ name: 'y', ...value }]);
  expect(graph.nodes).toMatchObject([{ op: 'Identity', inputs: ['x'], outputs: ['y'] }]);
  expect(decodeModel(identity('float32', 0)).graph.inputs[0]).toEqual({ name: 'x', dtype: 'float32', shape: [] });
});
