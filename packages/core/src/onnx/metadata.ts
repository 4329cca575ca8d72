/**
 * A file's `metadata_props` without the rest: the outermost fields of its protobuf message are walked, so that neither the
 * codec nor the weights are needed where only these are wanted, as in a page.
 */

import { BinaryReader, getTextEncoding } from '@bufbuild/protobuf/wire';
import { messageOf, problem } from '../errors.js';
import type { Model } from './model.js';

/** Numbers of fields in onnx.proto. */
const METADATA_PROPS = 14;
const [KEY, VALUE] = [1, 2];

/** Reads nothing but a file's metadata, whatever its graph is made of. Throws `bad-model` for bytes that are no message. */
export function decodeMetadata(bytes: Uint8Array, who = 'decodeMetadata'): Model['metadata'] {
  try {
    return Object.fromEntries(
      [...fieldsOf(bytes)].filter(([field]) => field === METADATA_PROPS).map(([, e]) => entry(e)),
    );
  } catch (cause) {
    const received = `${bytes.length} bytes that are not (${messageOf(cause)})`;
    const remedy = 'Check that the file is whole and was written by an ONNX exporter.';
    throw problem('bad-model', who, 'the bytes of an ONNX model', received, remedy, cause);
  }
}

/** The fields of a message that have a length, with their bytes; others are passed over. */
function* fieldsOf(message: Uint8Array): Generator<[field: number, bytes: Uint8Array]> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === 2) yield [field, reader.bytes()];
    else reader.skip(type);
  }
}

const { decodeUtf8 } = getTextEncoding();

function entry(bytes: Uint8Array): [key: string, value: string] {
  const parts = new Map(fieldsOf(bytes));
  const text = (field: number) => decodeUtf8(parts.get(field) ?? new Uint8Array());
  return [text(KEY), text(VALUE)];
}
