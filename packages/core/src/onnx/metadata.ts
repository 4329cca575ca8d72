/** A file's `metadata_props` without the rest: neither the codec nor the weights are needed for them. */

import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { messageOf, problem } from '../errors.js';
import type { Model } from './model.js';
import { fieldsOf } from './wire.js';

/** Numbers of fields in onnx.proto: of a ModelProto, and of a StringStringEntryProto. */
const METADATA_PROPS = 14;
const [KEY, VALUE] = [1, 2];

/** Reads nothing but a file's metadata, whatever its graph is made of. Throws `bad-model` for bytes that are no message. */
export function decodeMetadata(bytes: Uint8Array, who = 'decodeMetadata'): Model['metadata'] {
  const entries: [key: string, value: string][] = [];
  try {
    for (const [field, value] of fieldsOf(bytes)) {
      if (field === METADATA_PROPS) entries.push(entryIn(value as Uint8Array));
    }
  } catch (cause) {
    const received = `${bytes.length} bytes that are not (${messageOf(cause)})`;
    const remedy = 'Check that the file is whole and was written by an ONNX exporter.';
    throw problem('bad-model', who, 'the bytes of an ONNX model', received, remedy, cause);
  }
  return Object.fromEntries(entries);
}

function entryIn(message: Uint8Array): [key: string, value: string] {
  const fields = new Map(fieldsOf(message));
  const text = (field: number) => decodeUtf8((fields.get(field) ?? new Uint8Array()) as Uint8Array);
  return [text(KEY), text(VALUE)];
}

const { decodeUtf8 } = getTextEncoding();
