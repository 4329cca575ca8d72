import { describe, expect, it } from 'vitest';
import { encodeModel } from './onnx/encode.js';
import type { Model } from './onnx/model.js';
import { tritonRepository } from './triton.js';

/** A model of 10 classes, or of several slots with 11. */
function modelOf(outputs: readonly (number | string)[]): Uint8Array {
  const model: Model = {
    irVersion: 8,
    opset: 17,
    producer: 'test',
    metadata: {},
    graph: {
      name: 'test',
      inputs: [{ name: 'image', dtype: 'uint8', shape: ['batch', 28, 140] }],
      outputs: [{ name: 'probabilities', dtype: 'float32', shape: ['batch', ...outputs] }],
      nodes: [{ name: '', op: 'Identity', domain: '', inputs: ['image'], outputs: ['probabilities'], attributes: {} }],
      initializers: new Map(),
    },
  };
  return encodeModel(model);
}

describe('tritonRepository', () => {
  it('describes the model by its own inputs and outputs', () => {
    const bytes = modelOf([10]);
    const files = tritonRepository(bytes, { name: 'digits', maxBatch: 64, maxDelay: 0 });
    expect(Object.keys(files)).toEqual(['digits/config.pbtxt', 'digits/labels.txt', 'digits/1/model.onnx']);
    expect(files['digits/1/model.onnx']).toBe(bytes);
    expect(files['digits/labels.txt']).toBe('0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n');
    expect(files['digits/config.pbtxt']).toBe(`name: "digits"
platform: "onnxruntime_onnx"
max_batch_size: 64
input [ { name: "image", data_type: TYPE_UINT8, dims: [ 28, 140 ] } ]
output [ { name: "probabilities", data_type: TYPE_FP32, dims: [ 10 ], label_filename: "labels.txt" } ]
dynamic_batching {
  preferred_batch_size: [ 16, 64 ]
  max_queue_delay_microseconds: 0
}
instance_group [ { count: 1, kind: KIND_AUTO } ]
version_policy: { latest { num_versions: 1 } }
`);
  });

  it('labels every element of an output with several slots', () => {
    const files = tritonRepository(modelOf([5, 11]), { name: 'string' });
    expect(files['string/config.pbtxt']).toContain('dims: [ 5, 11 ]');
    const labels = String(files['string/labels.txt']).trimEnd().split('\n');
    expect(labels).toHaveLength(55);
    expect([labels[0], labels[10], labels[11], labels[54]]).toEqual(['0:0', '0:10', '1:0', '4:10']);
  });

  it('prefers no batch above the largest, and none twice', () => {
    const sizes = (maxBatch: number) =>
      /size: \[ (.*) \]/.exec(String(tritonRepository(modelOf([10]), { name: 'm', maxBatch })['m/config.pbtxt']))![1];
    expect([1, 2, 3, 128].map(sizes)).toEqual(['1', '1, 2', '1, 3', '32, 128']);
  });

  it.each([{ name: '../up' }, { name: '..' }, { name: '' }, { name: 'm', maxBatch: 0 }, { name: 'm', maxDelay: 0.5 }])(
    'refuses %j',
    (options) => {
      expect(() => tritonRepository(modelOf([10]), options)).toThrow(
        expect.objectContaining({ code: 'bad-argument', who: 'tritonRepository' }),
      );
    },
  );

  it('refuses a model of something else', () => {
    expect(() => tritonRepository(modelOf([2, 3, 4]), { name: 'm' })).toThrow(
      expect.objectContaining({ code: 'bad-model' }),
    );
  });
});
