import { create, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { toNumbers } from '../tensor.js';
import { decodeModel } from './decode.js';
import { externalFilesIn, withExternalData } from './external.js';
import {
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
} from './generated/onnx_pb.js';

/** Two weights in one file, one after the other, the second to its end, and one inside. */
const outside = (location: string, offset: string, length?: string) => ({
  dataType: DataType.FLOAT,
  dataLocation: DataLocation.EXTERNAL,
  externalData: [
    { key: 'location', value: location },
    { key: 'offset', value: offset },
    ...(length ? [{ key: 'length', value: length }] : []),
  ],
});
const bytes = toBinary(
  ModelProtoSchema,
  create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [{ version: 17n }],
    graph: {
      node: [{ opType: 'Relu', input: ['a'], output: ['y'] }],
      initializer: [
        { name: 'a', dims: [2n], ...outside('model.data', '4', '8') },
        { name: 'b', dims: [1n], ...outside('model.data', '12') },
        { name: 'c', dims: [1n], dataType: DataType.FLOAT, floatData: [9] },
      ],
    },
  }),
);
const data = new Uint8Array(Float32Array.of(7, 1, 2, 3).buffer);

describe('withExternalData', () => {
  it('takes weights into the file, from where it says that they are', () => {
    expect(externalFilesIn(bytes)).toEqual(['model.data']);
    const whole = withExternalData(bytes, new Map([['model.data', data]]));
    expect(externalFilesIn(whole)).toEqual([]);
    const { initializers } = decodeModel(whole).graph;
    expect([...initializers].map(([name, tensor]) => [name, toNumbers(tensor)])).toEqual([
      ['a', [1, 2]],
      ['b', [3]],
      ['c', [9]],
    ]);
  });

  it.each([
    ['is missing', new Map(), /"model.data" with the weights "a", .* received no such file/],
    ['is too short', new Map([['model.data', data.subarray(0, 8)]]), /12 bytes or more, received 8 bytes/],
  ])('says where a file %s', (_, files, message) => {
    expect(() => withExternalData(bytes, files)).toThrow(message);
  });
});
