/** Weights that are no finite numbers, found in a file's bytes. */

import { problem } from '../errors.js';
import { type Field, fieldsOf, readOnnx, textIn } from './wire.js';

/** Numbers of fields in onnx.proto: of a ModelProto, a GraphProto and a TensorProto. */
const GRAPH = 7;
const INITIALIZER = 5;
const [DATA_TYPE, FLOAT_DATA, NAME, RAW_DATA, DOUBLE_DATA] = [2, 4, 8, 9, 10];

/** Element types: float32 and float64. */
const [FLOAT, DOUBLE] = [1, 11];

/** Throws `not-finite` for weights of which a training that diverged is the usual reason, `bad-model` for no ONNX file. */
export function requireFiniteWeights(bytes: Uint8Array, who: string): void {
  readOnnx(bytes, who, (fields) => {
    for (const graph of messagesIn(fields, GRAPH)) {
      for (const tensor of messagesIn(fieldsOf(graph), INITIALIZER)) requireFinite(tensor, who);
    }
  });
}

function* messagesIn(fields: Generator<Field>, wanted: number): Generator<Uint8Array> {
  for (const [field, value] of fields) if (field === wanted) yield value as Uint8Array;
}

function requireFinite(tensor: Uint8Array, who: string): void {
  const fields = new Map(fieldsOf(tensor));
  const type = fields.get(DATA_TYPE);
  if (type !== FLOAT && type !== DOUBLE) return;
  const data = fields.get(RAW_DATA) ?? fields.get(type === FLOAT ? FLOAT_DATA : DOUBLE_DATA);
  if (!(data instanceof Uint8Array)) return;
  // Typed arrays start at multiples of their elements' size.
  const { buffer } = new Uint8Array(data);
  const values = type === FLOAT ? new Float32Array(buffer) : new Float64Array(buffer);
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const received = `${values[at]} in "${textIn(fields.get(NAME) as Uint8Array)}" at ${at}`;
  const remedy = 'The training that made this model diverged: train again with a lower learning rate.';
  throw problem('not-finite', who, 'weights that are finite numbers', received, remedy);
}
