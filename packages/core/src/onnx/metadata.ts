/** A file's `metadata_props` without the rest: neither the codec nor the weights are needed for them. */

import type { Model } from './model.js';
import { fieldsOf, readOnnx, textIn } from './wire.js';

/** Numbers of fields in onnx.proto: of a ModelProto, and of a StringStringEntryProto. */
const METADATA_PROPS = 14;
const [KEY, VALUE] = [1, 2];

/** Reads nothing but a file's metadata, whatever its graph is made of. Throws `bad-model` for bytes that are no message. */
export const decodeMetadata = (bytes: Uint8Array, who = 'decodeMetadata'): Model['metadata'] =>
  readOnnx(bytes, who, (fields) => {
    const entries = [...fields].filter(([field]) => field === METADATA_PROPS);
    return Object.fromEntries(entries.map(([, entry]) => entryIn(entry as Uint8Array)));
  });

function entryIn(message: Uint8Array): [key: string, value: string] {
  const fields = new Map(fieldsOf(message));
  const text = (field: number) => textIn((fields.get(field) ?? new Uint8Array()) as Uint8Array);
  return [text(KEY), text(VALUE)];
}
