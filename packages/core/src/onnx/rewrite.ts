/** Other weights and metadata in an ONNX file's own bytes: everything else in it stays, known to denary or not. */

import { toBinary } from '@bufbuild/protobuf';
import { problem } from '../errors.js';
import { sizeOf, type Tensors } from '../tensor.js';
import { decodeProto } from './decode.js';
import { dataTypes } from './element-types.js';
import { ModelProtoSchema, type TensorProto } from './generated/onnx_pb.js';

export interface Rewriting {
  /** By the names of initializers, each in the initializer's own type and shape. */
  readonly weights: Tensors;
  /** Entries of `metadata_props` that are added, or take the place of those of their names. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Throws `bad-model` for bytes that are no ONNX file, and where a weight has no initializer of its type and shape. */
export function rewriteModel(
  bytes: Uint8Array,
  { weights, metadata = {} }: Rewriting,
  who = 'rewriteModel',
): Uint8Array {
  const proto = decodeProto(bytes, who);
  const initializers = new Map((proto.graph?.initializer ?? []).map((tensor) => [tensor.name ?? '', tensor]));
  for (const [name, { dtype, shape, data }] of Object.entries(weights)) {
    const initializer = initializers.get(name);
    const fits = initializer?.dataType === dataTypes[dtype] && initializer.dims.map(Number).join() === shape.join();
    if (!initializer || !fits || data.length !== sizeOf(shape)) {
      const received = initializer ? `[${initializer.dims}] of another type or shape` : 'none of that name';
      const remedy = 'Give the weights of this very model.';
      throw problem('bad-model', who, `an initializer "${name}" of ${dtype} [${shape}]`, received, remedy);
    }
    clear(initializer);
    initializer.rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  for (const [key, value] of Object.entries(metadata)) {
    const entry = proto.metadataProps.find((item) => item.key === key);
    if (entry) entry.value = value;
    else proto.metadataProps.push({ $typeName: 'onnx.StringStringEntryProto', key, value });
  }
  return toBinary(ModelProtoSchema, proto);
}

/** ONNX has several places for a tensor's values; a reader takes the first that is filled. */
function clear(tensor: TensorProto): void {
  tensor.floatData = [];
  tensor.doubleData = [];
  tensor.int32Data = [];
  tensor.int64Data = [];
  tensor.uint64Data = [];
}
