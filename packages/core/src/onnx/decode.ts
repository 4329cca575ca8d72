/** ONNX bytes -> Model. External initializers, subgraphs and other domains are refused by name. */

import { fromBinary } from '@bufbuild/protobuf';
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { DenaryError, messageOf } from '../errors.js';
import { arrayOf, fromNumbers, isBigInt, sizeOf, type Tensor } from '../tensor.js';
import { dtypeOf } from './element-types.js';
import {
  type AttributeProto,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './generated/onnx_pb.js';
import type { Attribute, Graph, Model, Node, Value } from './model.js';

/** Reads an ONNX file. Throws `bad-model` for bytes that are no ONNX model, `unsupported-operator` for foreign domains. */
export function decodeModel(bytes: Uint8Array, who = 'decodeModel'): Model {
  const proto = decodeProto(bytes, who);
  const opset = proto.opsetImport.find(({ domain }) => !domain || domain === 'ai.onnx')?.version;
  if (!proto.graph?.node.length || opset === undefined) {
    throw badModel(who, 'an ONNX model with a graph and an operator set', `${bytes.length} bytes without`, exportAgain);
  }
  return {
    // Before version 4 every initializer was an input as well; here none is.
    irVersion: Math.max(Number(proto.irVersion ?? 0n), 4),
    opset: Number(opset),
    producer: proto.producerName ?? '',
    metadata: metadataIn(proto),
    graph: decodeGraph(proto.graph, who),
  };
}

const metadataIn = ({ metadataProps }: ModelProto) =>
  Object.fromEntries(metadataProps.map(({ key, value }) => [key ?? '', value ?? '']));

export function decodeProto(bytes: Uint8Array, who: string): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw badModel(
      who,
      'the bytes of an ONNX model',
      `${bytes.length} bytes that are not (${messageOf(cause)})`,
      exportAgain,
    );
  }
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

const { decodeUtf8 } = getTextEncoding();

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

function badModel(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-model', who, expected, received, remedy });
}
