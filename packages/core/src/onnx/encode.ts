/** Model -> ONNX bytes. */

import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import type { Tensor } from '../tensor.js';
import { dataTypes } from './element-types.js';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  type GraphProtoSchema,
  ModelProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './generated/onnx_pb.js';
import type { Attribute, Graph, Model, Value } from './model.js';

const { encodeUtf8 } = getTextEncoding();

/** Writes an ONNX file; the same model gives the same bytes. */
export function encodeModel({ irVersion, opset, producer, metadata, graph }: Model): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      producerName: producer,
      opsetImport: [{ domain: '', version: BigInt(opset) }, ...[...otherDomains(graph)].map(firstVersion)],
      metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
      graph: encodeGraph(graph),
    }),
  );
}

function encodeGraph({ name, inputs, outputs, initializers, nodes }: Graph): MessageInitShape<typeof GraphProtoSchema> {
  return {
    name,
    input: inputs.map(encodeValue),
    output: outputs.map(encodeValue),
    initializer: [...initializers].map(([name, tensor]) => encodeTensor(tensor, name)),
    node: nodes.map(({ name, op, domain, inputs, outputs, attributes }) => ({
      name,
      opType: op,
      domain,
      input: [...inputs],
      output: [...outputs],
      attribute: Object.entries(attributes).map(encodeAttribute),
    })),
  };
}

/** The domains of a graph's nodes, inner graphs included, beside the default one. */
function otherDomains({ nodes }: Graph): Set<string> {
  const inner = nodes.flatMap(({ attributes }) =>
    Object.values(attributes).flatMap(({ type, value }) => (type === 'graph' ? [...otherDomains(value)] : [])),
  );
  return new Set([...nodes.flatMap(({ domain }) => domain || []), ...inner]);
}

const firstVersion = (domain: string) => ({ domain, version: 1n });

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
    case 'graph':
      return { name, type: AttributeType.GRAPH, g: encodeGraph(value) };
  }
}
