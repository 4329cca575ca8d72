/** Weights that an ONNX file keeps in a file beside it, as PyTorch's exporter writes them by itself: taken into the file. */

import { toBinary } from '@bufbuild/protobuf';
import { problem } from '../errors.js';
import { decodeProto } from './decode.js';
import {
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
} from './generated/onnx_pb.js';

/** The names of the files that an ONNX file's weights lie in, relative to its own folder; none as a rule. */
export function externalFilesIn(bytes: Uint8Array, who = 'externalFilesIn'): string[] {
  return [...new Set(outsideIn(decodeProto(bytes, who)).map((tensor) => placeOf(tensor).location))];
}

/**
 * The same model with all weights inside, from the files of those names. Throws `bad-model` where a file is missing, or too
 * short for what is to be in it.
 */
export function withExternalData(
  bytes: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  who = 'withExternalData',
): Uint8Array {
  const proto = decodeProto(bytes, who);
  for (const tensor of outsideIn(proto)) {
    const { location, offset, length } = placeOf(tensor);
    const file = files.get(location);
    const end = offset + (length ?? (file?.length ?? 0) - offset);
    if (!file || end > file.length) {
      const expected = `"${location}" with the weights "${tensor.name}", ${end} bytes or more`;
      const remedy = 'Put the file that was exported with the model beside it.';
      throw problem('bad-model', who, expected, file ? `${file.length} bytes` : 'no such file', remedy);
    }
    tensor.rawData = file.subarray(offset, end);
    tensor.externalData = [];
    tensor.dataLocation = DataLocation.DEFAULT;
  }
  return toBinary(ModelProtoSchema, proto);
}

const outsideIn = ({ graph }: ModelProto): TensorProto[] =>
  (graph?.initializer ?? []).filter(({ dataLocation }) => dataLocation === DataLocation.EXTERNAL);

function placeOf({ externalData }: TensorProto) {
  const entries = new Map(externalData.map(({ key, value }) => [key, value]));
  const number = (key: string) => (entries.has(key) ? Number(entries.get(key)) : undefined);
  return { location: entries.get('location') ?? '', offset: number('offset') ?? 0, length: number('length') };
}
