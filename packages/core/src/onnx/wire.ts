/**
 * Protocol Buffers' wire format, as far as it takes to find one's way in an ONNX file (protobuf.dev/programming-guides/encoding).
 * The codec knows all of it, and is too large for a page that only recognises digits.
 */

import { messageOf, problem } from '../errors.js';

/** A message's field: its number, and its bytes, or the value where it is a number. */
export type Field = readonly [number: number, value: Uint8Array | number];

/** The fields of a message in their order. Throws a RangeError where the bytes are none. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  let at = 0;
  // Beyond 2^53 digits are lost, of numbers that nobody reads here.
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = view.getUint8(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      if (scale > 2 ** 63) throw new RangeError('a number without an end');
    }
  };
  const bytes = (length: number) => {
    if (length > message.length - at) throw new RangeError(`${length} bytes where ${message.length - at} are left`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) yield [number, varint()];
    else if (type === 1) yield [number, bytes(8)];
    else if (type === 2) yield [number, bytes(varint())];
    else if (type === 5) yield [number, bytes(4)];
    else throw new RangeError(`a field of type ${type}`);
  }
}

/** What is read from an ONNX file by its fields. Throws `bad-model` where the bytes are none. */
export function readOnnx<T>(bytes: Uint8Array, who: string, read: (fields: Generator<Field>) => T): T {
  try {
    return read(fieldsOf(bytes));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const received = `${bytes.length} bytes that are not (${messageOf(cause)})`;
    const remedy = 'Check that the file is whole and was written by an ONNX exporter.';
    throw problem('bad-model', who, 'the bytes of an ONNX model', received, remedy, cause);
  }
}
