/** ONNX bytes <-> Model. External initializers, subgraphs and other domains are refused by name. */

import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { DenaryError, messageOf } from '../errors.js';
import { arrayOf, type DType, fromNumbers, isBigInt, sizeOf, type Tensor } from '../tensor.js';
import {
  type AttributeProto,
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type TensorProtoSchema,
  type ValueInfoProto,
  type ValueInfoProtoSchema,
} from './generated/onnx_pb.js';
import type { Attribute, Graph, Model, Node, Value } from './model.js';

const dataTypes = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int8: DataType.INT8,
  int16: DataType.INT16,
  int32: DataType.INT32,
  int64: DataType.INT64,
  uint8: DataType.UINT8,
  uint16: DataType.UINT16,
  uint32: DataType.UINT32,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
} as const satisfies Record<DType, DataType>;

const dtypes = new Map(Object.entries(dataTypes).map(([dtype, code]) => [code as number, dtype as DType]));

/** The code that ONNX gives an element type, as the `to` of a Cast has it. */
export const elementTypeOf = (dtype: DType): number => dataTypes[dtype];

/** The element type behind ONNX's code. Throws `bad-model` for types denary does not use (float16, strings, ...). */
export function dtypeOf(code: number | undefined, who: string): DType {
  const dtype = dtypes.get(code ?? 0);
  if (dtype) return dtype;
  throw badModel(
    who,
    `an element type among ${[...dtypes.values()].join(', ')}`,
    DataType[code ?? 0] ?? `${code}`,
    'Convert the model to float32 first.',
  );
}

/** Reads an ONNX file. Throws `bad-model` for bytes that are no ONNX model, `unsupported-operator` for foreign domains. */
export function decodeModel(bytes: Uint8Array, who = 'decodeModel'): Model {
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw badModel(
      who,
      'the bytes of an ONNX model',
      `${bytes.length} bytes that are not (${messageOf(cause)})`,
      exportAgain,
    );
  }
  const opset = proto.opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')?.version;
  if (!proto.graph?.node.length || opset === undefined) {
    throw badModel(who, 'an ONNX model with a graph and an operator set', `${bytes.length} bytes without`, exportAgain);
  }
  return {
    // Before version 4 every initializer was an input as well; here none is.
    irVersion: Math.max(Number(proto.irVersion ?? 0n), 4),
    opset: Number(opset),
    producer: proto.producerName ?? '',
    metadata: Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
    graph: decodeGraph(proto.graph, who),
  };
}

const exportAgain = 'Check that the file is whole and was written by an ONNX exporter.';

function decodeGraph(proto: GraphProto, who: string): Graph {
  if (proto.sparseInitializer.length > 0) {
    throw badModel(who, 'dense initializers', 'a sparse one', 'Export the model with dense weights.');
  }
  const initializers = new Map(proto.initializer.map((tensor) => [tensor.name ?? '', decodeTensor(tensor, who)]));
  const outputs = new Set(proto.output.map(({ name }) => name ?? ''));
  const nodes = proto.node
    .map((node) => decodeNode(node, who))
    .filter((node) => {
      const value = node.op === 'Constant' && !outputs.has(node.outputs[0] ?? '') ? constantOf(node) : undefined;
      if (value) initializers.set(node.outputs[0]!, value);
      return !value;
    });
  return {
    name: proto.name ?? '',
    inputs: proto.input.filter(({ name }) => !initializers.has(name ?? '')).map((value) => decodeValue(value, who)),
    outputs: proto.output.map((value) => decodeValue(value, who)),
    nodes,
    initializers,
  };
}

/** What a Constant node holds: it is kept as an initializer. */
function constantOf({
  attributes: { value, value_float, value_floats, value_int, value_ints },
}: Node): Tensor | undefined {
  if (value?.type === 'tensor') return value.value;
  if (value_float?.type === 'float') return fromNumbers('float32', [value_float.value], []);
  if (value_floats?.type === 'floats') return fromNumbers('float32', value_floats.value);
  if (value_int?.type === 'int') return fromNumbers('int64', [value_int.value], []);
  if (value_ints?.type === 'ints') return fromNumbers('int64', value_ints.value);
  return undefined;
}

function decodeNode({ name, opType, domain, input, output, attribute }: NodeProto, who: string): Node {
  if (domain && domain !== 'ai.onnx') {
    throw new DenaryError({
      code: 'unsupported-operator',
      who: `${who}: node "${name}" (${opType})`,
      expected: "an operator of ONNX's default domain",
      received: `one of "${domain}"`,
      remedy: 'Export the model without custom operators and functions.',
    });
  }
  return {
    name: name ?? '',
    op: opType ?? '',
    domain: '',
    inputs: input,
    outputs: output,
    attributes: Object.fromEntries(
      attribute.map((item) => [item.name ?? '', decodeAttribute(item, `${who}: node "${name}" (${opType})`)]),
    ),
  };
}

const { encodeUtf8, decodeUtf8 } = getTextEncoding();

function decodeAttribute(proto: AttributeProto, who: string): Attribute {
  switch (proto.type) {
    case AttributeType.INT:
      return { type: 'int', value: Number(proto.i ?? 0n) };
    case AttributeType.FLOAT:
      return { type: 'float', value: proto.f ?? 0 };
    case AttributeType.STRING:
      return { type: 'string', value: decodeUtf8(proto.s ?? new Uint8Array()) };
    case AttributeType.INTS:
      return { type: 'ints', value: proto.ints.map(Number) };
    case AttributeType.FLOATS:
      return { type: 'floats', value: proto.floats };
    case AttributeType.STRINGS:
      return { type: 'strings', value: proto.strings.map((item) => decodeUtf8(item)) };
    case AttributeType.TENSOR:
      if (proto.t) return { type: 'tensor', value: decodeTensor(proto.t, who) };
  }
  throw new DenaryError({
    code: 'unsupported-operator',
    who,
    expected: 'attributes that are numbers, strings or tensors',
    received: `"${proto.name}" of type ${AttributeType[proto.type ?? 0]}`,
    remedy: 'Export the model without control flow.',
  });
}

function decodeValue({ name, type }: ValueInfoProto, who: string): Value {
  if (type?.value.case !== 'tensorType') {
    throw badModel(who, 'inputs and outputs that are tensors', `"${name}", which is not`, 'Export a plain classifier.');
  }
  const { elemType, shape } = type.value.value;
  if (!shape) {
    throw badModel(
      who,
      'a shape for every input and output',
      `"${name}" without`,
      'Run onnx.shape_inference on it first.',
    );
  }
  return {
    name: name ?? '',
    dtype: dtypeOf(elemType, `${who}: "${name}"`),
    shape: shape.dim.map(({ value }, axis) =>
      value.case === 'dimValue'
        ? Number(value.value)
        : value.case === 'dimParam' && value.value
          ? value.value
          : `${name}_${axis}`,
    ),
  };
}

/** Reads an initializer in any of ONNX's encodings. */
function decodeTensor(proto: TensorProto, who: string): Tensor {
  const label = `${who}: initializer "${proto.name}"`;
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    throw badModel(
      label,
      'weights inside the file',
      'external data',
      'Save the model as one file: onnx.save(model, path, save_as_external_data=False).',
    );
  }
  const dtype = dtypeOf(proto.dataType, label);
  const shape = proto.dims.map(Number);
  const size = sizeOf(shape);
  const width = arrayOf[dtype].prototype.BYTES_PER_ELEMENT as number;
  if (proto.rawData?.length) {
    if (proto.rawData.length !== size * width) {
      throw badModel(label, `${size * width} bytes for [${shape}]`, `${proto.rawData.length}`, exportAgain);
    }
    return { dtype, shape, data: new arrayOf[dtype](new Uint8Array(proto.rawData).buffer) };
  }
  const values: ArrayLike<number | bigint> =
    dtype === 'float32'
      ? proto.floatData
      : dtype === 'float64'
        ? proto.doubleData
        : dtype === 'int64'
          ? proto.int64Data
          : dtype === 'uint64' || dtype === 'uint32'
            ? proto.uint64Data
            : proto.int32Data;
  if (values.length !== size) throw badModel(label, `${size} values for [${shape}]`, `${values.length}`, exportAgain);
  const data = new arrayOf[dtype](size);
  for (let i = 0; i < size; i++) data[i] = (isBigInt(dtype) ? values[i] : Number(values[i])) as never;
  return { dtype, shape, data };
}

/** Writes an ONNX file; the same model gives the same bytes. */
export function encodeModel({ irVersion, opset, producer, metadata, graph }: Model): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      producerName: producer,
      opsetImport: [{ domain: '', version: BigInt(opset) }],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: {
        name: graph.name,
        input: graph.inputs.map(encodeValue),
        output: graph.outputs.map(encodeValue),
        initializer: [...graph.initializers].map(([name, tensor]) => encodeTensor(tensor, name)),
        node: graph.nodes.map(({ name, op, domain, inputs, outputs, attributes }) => ({
          name,
          opType: op,
          domain,
          input: [...inputs],
          output: [...outputs],
          attribute: Object.entries(attributes).map(encodeAttribute),
        })),
      },
    }),
  );
}

function encodeValue({ name, dtype, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  return { name, type: { value: { case: 'tensorType', value: { elemType: dataTypes[dtype], shape: { dim } } } } };
}

function encodeTensor({ dtype, shape, data }: Tensor, name = ''): MessageInitShape<typeof TensorProtoSchema> {
  return {
    name,
    dataType: dataTypes[dtype],
    dims: shape.map(BigInt),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** The largest int64 is no double: what was read as 2^63 (a Slice "to the end") is written as it came. */
const int64 = (value: number): bigint => (value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value));

function encodeAttribute([name, { type, value }]: [string, Attribute]): MessageInitShape<typeof AttributeProtoSchema> {
  switch (type) {
    case 'int':
      return { name, type: AttributeType.INT, i: int64(value) };
    case 'float':
      return { name, type: AttributeType.FLOAT, f: value };
    case 'string':
      return { name, type: AttributeType.STRING, s: encodeUtf8(value) };
    case 'ints':
      return { name, type: AttributeType.INTS, ints: value.map(int64) };
    case 'floats':
      return { name, type: AttributeType.FLOATS, floats: [...value] };
    case 'strings':
      return { name, type: AttributeType.STRINGS, strings: value.map(encodeUtf8) };
    case 'tensor':
      return { name, type: AttributeType.TENSOR, t: encodeTensor(value) };
  }
}

function badModel(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-model', who, expected, received, remedy });
}
