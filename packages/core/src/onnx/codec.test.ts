/** ONNX bytes and back: nothing is lost, every encoding of weights is read, and bad bytes give a DenaryError, nothing else. */

import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DenaryError } from '../errors.js';
import { arrayOf, type DType, filled, fromNumbers, type Tensor, tensor, toNumbers } from '../tensor.js';
import { GraphBuilder } from './builder.js';
import { decodeModel } from './decode.js';
import { elementTypeOf } from './element-types.js';
import { encodeModel } from './encode.js';
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
} from './generated/onnx_pb.js';
import type { Attribute, Model } from './model.js';

const dtypes = Object.keys(arrayOf) as DType[];

/** A model with something of everything that a Model can hold. */
function everything(): Model {
  const graph = new GraphBuilder('everything');
  const image = graph.input('image', 'uint8', ['batch', 2, 3]);
  graph.input('scalar', 'float32', []);
  for (const dtype of dtypes) graph.initializer(`${dtype} weights`, fromNumbers(dtype, [0, 1, 1, 0], [2, 2]));
  graph.initializer('a scalar', fromNumbers('float32', [1.5], []));
  graph.initializer('nothing', filled('float32', [0, 3]));
  graph.initializer('large', tensor('int64', [2], BigInt64Array.from([-(2n ** 63n), 2n ** 53n + 1n])));
  graph.initializer('larger', tensor('uint64', [1], BigUint64Array.from([2n ** 64n - 1n])));
  graph.initializer('ends', fromNumbers('float32', [Number.NaN, -0, Number.POSITIVE_INFINITY, 1e-45]));
  const x = graph.op('Cast', [image], { to: elementTypeOf('float32') });
  const y = graph.op('Clip', [x, undefined, graph.scalar(0.5)], {}, { name: 'an optional input left out' });
  const pooled = graph.op('Reshape', [y, graph.int64s([-1, 1, 2, 3])]);
  const pools = { kernel_shape: [2, 2], strides: [1, 1], auto_pad: 'SAME_UPPER' };
  graph.ops('MaxPool', [pooled], pools, { outputs: ['maximum', 'indices'] });
  graph.output(graph.op('Elu', [graph.value('maximum')], { alpha: 0.25 }), 'probabilities');
  const model = graph.model({ 'denary.slots': '2', empty: '', ключ: '値 🖋' });
  const attributes: Record<string, Attribute> = {
    floats: { type: 'floats', value: [0.5, -1, 0] },
    strings: { type: 'strings', value: ['', 'a', 'é🖋'] },
    string: { type: 'string', value: 'ß' },
    int: { type: 'int', value: -(2 ** 53) + 1 },
    ints: { type: 'ints', value: [] },
    tensor: { type: 'tensor', value: fromNumbers('int32', [-1, 2], [1, 2]) },
  };
  const odd = { name: '', op: 'Odd', domain: '', inputs: ['', 'image'], outputs: ['odd'], attributes };
  return { ...model, producer: 'a test', graph: { ...model.graph, nodes: [...model.graph.nodes, odd] } };
}

const small = (): Model => {
  const graph = new GraphBuilder('small');
  const x = graph.input('x', 'float32', ['batch', 2]);
  graph.output(
    graph.op('Gemm', [x, graph.initializer('w', fromNumbers('float32', [1, 2, 3, 4], [2, 2]))], { alpha: 0.5 }),
    'y',
  );
  return graph.model({ key: 'value' });
};

type ModelInit = MessageInitShape<typeof ModelProtoSchema>;
type GraphInit = Extract<NonNullable<ModelInit['graph']>, { $typeName?: never }>;

/** The bytes of a model of one Identity node, with this in its graph. */
const bytesOf = (graph: Partial<GraphInit>): Uint8Array =>
  toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 8n,
      opsetImport: [{ version: 17n }],
      graph: { name: 'g', node: [{ opType: 'Identity', input: ['a'], output: ['b'] }], ...graph } as GraphInit,
    }),
  );

const errorOf = (bytes: Uint8Array): DenaryError => {
  try {
    decodeModel(bytes, 'the test');
  } catch (error) {
    if (error instanceof DenaryError) return error;
    throw error;
  }
  return expect.fail('the bytes were taken for a model');
};

describe('encodeModel and decodeModel', () => {
  it('lose nothing', () => {
    const model = everything();
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it('give the same bytes for the same model, also when it was read', () => {
    const bytes = encodeModel(everything());
    expect(encodeModel(everything())).toEqual(bytes);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it('keep the order of initializers and metadata', () => {
    const model = everything();
    const read = decodeModel(encodeModel(model));
    expect([...read.graph.initializers.keys()]).toEqual([...model.graph.initializers.keys()]);
    expect(Object.entries(read.metadata)).toEqual(Object.entries(model.metadata));
  });

  it('round attributes to float32, as ONNX holds them', () => {
    const graph = new GraphBuilder('floats');
    graph.output(graph.op('Elu', [graph.input('x', 'float32', [1])], { alpha: 0.1 }), 'y');
    const [node] = decodeModel(encodeModel(graph.model())).graph.nodes;
    expect(node!.attributes.alpha).toEqual({ type: 'float', value: Math.fround(0.1) });
  });

  it('read a view into a larger buffer, and keep nothing of it', () => {
    const bytes = encodeModel(small());
    const buffer = new Uint8Array(bytes.length + 7);
    buffer.set(bytes, 3);
    const model = decodeModel(buffer.subarray(3, 3 + bytes.length));
    buffer.fill(0);
    expect(model).toEqual(small());
  });

  it('write a view into a larger buffer', () => {
    const data = Float32Array.from([9, 1, 2, 9]).subarray(1, 3);
    const model = small();
    const initializers = new Map<string, Tensor>([['w', { dtype: 'float32', shape: [1, 2], data }]]);
    const read = decodeModel(encodeModel({ ...model, graph: { ...model.graph, initializers } }));
    expect(toNumbers(read.graph.initializers.get('w')!)).toEqual([1, 2]);
  });

  it('round-trip any tensor', () => {
    const tensors = fc.constantFrom(...dtypes).chain((dtype) => {
      const bytes = arrayOf[dtype].prototype.BYTES_PER_ELEMENT as number;
      return fc
        .array(fc.integer({ min: 0, max: dtype === 'bool' ? 1 : 255 }), { maxLength: 12 })
        .map((values): Tensor => {
          const whole = Uint8Array.from(values.slice(0, values.length - (values.length % bytes)));
          return { dtype, shape: [whole.length / bytes], data: new arrayOf[dtype](whole.buffer) } as Tensor;
        });
    });
    const property = fc.property(fc.array(tensors, { maxLength: 4 }), (list) => {
      const model = small();
      const initializers = new Map(list.map((item, i) => [`w${i}`, item] as const));
      const read = decodeModel(encodeModel({ ...model, graph: { ...model.graph, initializers } }));
      expect(read.graph.initializers).toEqual(initializers);
    });
    fc.assert(property, { numRuns: 200, seed: 1 });
  });
});

describe('decodeModel reads', () => {
  const initializer = (proto: NonNullable<GraphInit['initializer']>[number]) =>
    decodeModel(bytesOf({ initializer: [{ name: 'w', dims: [2n], ...proto } as typeof proto] })).graph.initializers.get(
      'w',
    );

  it.each([
    ['float32', { dataType: DataType.FLOAT, floatData: [0.5, -1] }, [0.5, -1]],
    ['float64', { dataType: DataType.DOUBLE, doubleData: [0.1, -1] }, [0.1, -1]],
    ['int64', { dataType: DataType.INT64, int64Data: [-5n, 7n] }, [-5, 7]],
    ['uint64', { dataType: DataType.UINT64, uint64Data: [5n, 7n] }, [5, 7]],
    ['uint32', { dataType: DataType.UINT32, uint64Data: [5n, 4294967295n] }, [5, 4294967295]],
    ['int32', { dataType: DataType.INT32, int32Data: [-5, 7] }, [-5, 7]],
    ['int16', { dataType: DataType.INT16, int32Data: [-5, 7] }, [-5, 7]],
    ['uint16', { dataType: DataType.UINT16, int32Data: [5, 65535] }, [5, 65535]],
    ['int8', { dataType: DataType.INT8, int32Data: [-5, 7] }, [-5, 7]],
    ['uint8', { dataType: DataType.UINT8, int32Data: [5, 255] }, [5, 255]],
    ['bool', { dataType: DataType.BOOL, int32Data: [0, 1] }, [0, 1]],
  ] as const)('%s weights that are not raw bytes', (dtype, proto, values) => {
    expect(initializer(proto as never)).toEqual(fromNumbers(dtype, values));
  });

  it('inputs without a size, each dimension under a name of its own', () => {
    const dim = [
      { value: { case: 'dimParam' as const, value: '' } },
      {},
      { value: { case: 'dimValue' as const, value: 3n } },
    ];
    const type = { value: { case: 'tensorType' as const, value: { elemType: DataType.FLOAT, shape: { dim } } } };
    const { graph } = decodeModel(bytesOf({ input: [{ name: 'x', type }] }));
    expect(graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['x_0', 'x_1', 3] }]);
  });

  it('the largest integers, such as the end of a Slice, and writes them as they came', () => {
    const ends = { name: 'ends', type: AttributeType.INTS, ints: [2n ** 63n - 1n, -(2n ** 63n)] };
    const bytes = bytesOf({ node: [{ name: 'n', opType: 'Slice', attribute: [ends], output: ['y'] }] });
    const once = encodeModel(decodeModel(bytes));
    expect(encodeModel(decodeModel(once))).toEqual(once);
    const { attributes } = decodeModel(once).graph.nodes[0]!;
    expect(attributes.ends).toEqual({ type: 'ints', value: [2 ** 63, -(2 ** 63)] });
  });

  it('Constant nodes, as initializers', () => {
    const constant = (output: string, attribute: object) => ({
      opType: 'Constant',
      output: [output],
      attribute: [attribute],
    });
    const held = { name: 'w', dataType: DataType.FLOAT, dims: [1n], floatData: [3] };
    const { graph } = decodeModel(
      bytesOf({
        node: [
          constant('a', { name: 'value', type: AttributeType.TENSOR, t: held }),
          constant('b', { name: 'value_float', type: AttributeType.FLOAT, f: 0.5 }),
          constant('c', { name: 'value_ints', type: AttributeType.INTS, ints: [1n, -1n] }),
          { opType: 'Identity', input: ['a'], output: ['y'] },
        ] as GraphInit['node'],
      }),
    );
    expect(graph.nodes.map(({ op }) => op)).toEqual(['Identity']);
    expect(Object.fromEntries(graph.initializers)).toEqual({
      a: fromNumbers('float32', [3]),
      b: fromNumbers('float32', [0.5], []),
      c: fromNumbers('int64', [1, -1]),
    });
  });

  it('old files, whose weights are listed as inputs too, and a default domain by its long name', () => {
    const type = { value: { case: 'tensorType' as const, value: { elemType: DataType.FLOAT, shape: {} } } };
    const proto = create(ModelProtoSchema, {
      opsetImport: [
        { domain: 'ai.onnx.ml', version: 2n },
        { domain: 'ai.onnx', version: 9n },
      ],
      graph: {
        input: [
          { name: 'x', type },
          { name: 'w', type },
        ],
        initializer: [{ name: 'w', dataType: DataType.FLOAT, floatData: [1] }],
        node: [{ opType: 'Add', domain: 'ai.onnx', input: ['x', 'w'], output: ['y'] }],
      },
    });
    const model = decodeModel(toBinary(ModelProtoSchema, proto));
    expect(model.opset).toBe(9);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(model.graph.nodes[0]!.domain).toBe('');
  });
});

describe('decodeModel refuses', () => {
  const weights = { name: 'w', dataType: DataType.FLOAT, dims: [2n] };
  const float16 = { value: { case: 'tensorType' as const, value: { elemType: DataType.FLOAT16, shape: {} } } };
  const sequence = { value: { case: 'sequenceType' as const, value: {} } };

  it.each([
    [
      'external data',
      { initializer: [{ ...weights, dataLocation: DataLocation.EXTERNAL }] },
      /initializer "w".*external data.*save_as_external_data=False/,
    ],
    [
      'weights of another length than their shape',
      { initializer: [{ ...weights, rawData: new Uint8Array(12) }] },
      /"w": expected 8 bytes for \[2\], received 12/,
    ],
    ['too few values', { initializer: [{ ...weights, floatData: [1] }] }, /2 values for \[2\], received 1/],
    ['weights that are missing', { initializer: [weights] }, /2 values for \[2\], received 0/],
    ['a negative size', { initializer: [{ ...weights, dims: [-2n], floatData: [1, 2] }] }, /values for \[-2\]/],
    ['half-precision weights', { initializer: [{ ...weights, dataType: DataType.FLOAT16 }] }, /"w".*FLOAT16/],
    ['weights of an unknown type', { initializer: [{ ...weights, dataType: 99 }] }, /received 99/],
    ['half-precision inputs', { input: [{ name: 'x', type: float16 }] }, /"x".*FLOAT16/],
    ['sparse weights', { sparseInitializer: [{}] }, /sparse/],
    ['an output that is no tensor', { output: [{ name: 'labels', type: sequence }] }, /"labels", which is not/],
    ['an input without a type', { input: [{ name: 'x' }] }, /"x", which is not/],
    ['a graph without nodes', { node: [] }, /bytes without/],
  ])('%s, by name', (_, graph, message) => {
    const error = errorOf(bytesOf(graph as Partial<GraphInit>));
    expect(error.code).toBe('bad-model');
    expect(error.message).toMatch(message);
    expect(error.who).toContain('the test');
  });

  it('an operator of a foreign domain, by name', () => {
    const error = errorOf(bytesOf({ node: [{ name: 'fast', opType: 'FusedConv', domain: 'com.microsoft' }] }));
    expect(error).toMatchObject({ code: 'unsupported-operator', who: 'the test: node "fast" (FusedConv)' });
    expect(error.message).toContain('"com.microsoft"');
  });

  it('control flow, naming the node and the attribute', () => {
    const branch = { name: 'then_branch', type: AttributeType.GRAPH, g: {} };
    const error = errorOf(bytesOf({ node: [{ name: 'choice', opType: 'If', attribute: [branch] }] }));
    expect(error).toMatchObject({ code: 'unsupported-operator', who: 'the test: node "choice" (If)' });
    expect(error.message).toContain('"then_branch" of type GRAPH');
  });

  it('a file without an operator set of the default domain', () => {
    const graph = { node: [{ opType: 'Identity' }] };
    const proto = create(ModelProtoSchema, { opsetImport: [{ domain: 'com.microsoft', version: 1n }], graph });
    expect(errorOf(toBinary(ModelProtoSchema, proto)).code).toBe('bad-model');
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('<!doctype html><title>404 Not Found</title>')],
    ['a PNG', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])],
    ['zeros', new Uint8Array(100)],
  ])('%s, as a bad model', (_, bytes) => {
    expect(errorOf(bytes)).toMatchObject({ code: 'bad-model', who: 'the test' });
  });

  /** Decodes what may be anything: it must be a model, or a DenaryError. */
  const attempt = (bytes: Uint8Array): 'model' | 'refused' => {
    try {
      decodeModel(bytes);
      return 'model';
    } catch (error) {
      if (error instanceof DenaryError) return 'refused';
      throw error;
    }
  };

  it('text that is not UTF-8, or reads it as well as it can', () => {
    const mode = { name: 'mode', type: AttributeType.STRING, s: Uint8Array.from([0xff, 0xfe]) };
    attempt(bytesOf({ node: [{ opType: 'Pad', attribute: [mode] }] }));
  });

  it('a file cut short, at whatever byte: with a DenaryError, or it was whole but for what may be left out', () => {
    const bytes = encodeModel(small());
    const outcomes = Array.from({ length: bytes.length }, (_, length) => attempt(bytes.subarray(0, length)));
    expect(outcomes.filter((outcome) => outcome === 'refused').length).toBeGreaterThan(bytes.length / 2);
    const long = encodeModel(everything());
    for (let length = 0; length < long.length; length += 7) attempt(long.subarray(0, length));
  });

  it('random bytes, with nothing but a DenaryError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void attempt(bytes)),
      { numRuns: 2000, seed: 2 },
    );
  });

  it('a file with any few bytes changed, with nothing but a DenaryError', () => {
    const whole = encodeModel(everything());
    const change = fc.tuple(fc.integer({ min: 0, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 }));
    const property = fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      const bytes = whole.slice();
      for (const [at, value] of changes) bytes[at] = value;
      attempt(bytes);
    });
    fc.assert(property, { numRuns: 3000, seed: 3 });
  });
});
