/**
 * Protocol Buffers' wire format, as far as it takes to find one's way in an ONNX file (protobuf.dev/programming-guides/encoding).
 * The codec knows all of it, and is too large for a page that only recognises digits.
 */

import { messageOf, problem } from '../errors.js';

/** A message's field: its number, and its bytes, or the value where it is a number. */
export type Field = readonly [number: number, value: Uint8Array | number];

/** The fields of a message in their order. Throws a RangeError where the bytes are none. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = new Reader(message);
  while (!reader.ended) {
    const tag = reader.varint();
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    if (type === 0) yield [number, reader.varint()];
    else if (type === 1) yield [number, reader.bytes(8)];
    else if (type === 2) yield [number, reader.bytes(reader.varint())];
    else if (type === 5) yield [number, reader.bytes(4)];
    else throw new RangeError(`a field of type ${type}`);
  }
}

/** A field's text. */
export const textIn = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Numbers that are packed in a field. Throws a RangeError where they are none. */
export function* integersIn(packed: Uint8Array): Generator<number> {
  const reader = new Reader(packed);
  while (!reader.ended) yield reader.varint();
}

class Reader {
  private readonly view: DataView;
  private at = 0;

  constructor(private readonly message: Uint8Array) {
    this.view = new DataView(message.buffer, message.byteOffset, message.length);
  }

  get ended(): boolean {
    return this.at === this.message.length;
  }

  /** Beyond 2^53 digits are lost, of numbers that nobody reads here; negative ones have a tenth byte, and small complements. */
  varint(): number {
    let [value, complement] = [0, 0];
    for (let scale = 1; scale < 2 ** 63; scale *= 128) {
      const byte = this.view.getUint8(this.at++);
      value += (byte & 127) * scale;
      complement += (~byte & 127) * scale;
      if (byte < 128) return value;
    }
    if (this.view.getUint8(this.at++) !== 1) throw new RangeError('a number without an end');
    return -complement - 1;
  }

  bytes(length: number): Uint8Array {
    const left = this.message.length - this.at;
    if (length < 0 || length > left) throw new RangeError(`${length} bytes where ${left} are left`);
    this.at += length;
    return this.message.subarray(this.at - length, this.at);
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

/** Of WHATWG's encodings, and in Node as in browsers; declared here, as core has neither's types. */
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
