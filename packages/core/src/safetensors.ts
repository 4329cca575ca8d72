/** Tensors by name <-> bytes, in the safetensors format (huggingface.co/docs/safetensors): a JSON header, then the data. */

import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { DenaryError } from './errors.js';
import { arrayOf, type DType, sizeOf, type Tensor, type Tensors } from './tensor.js';

const codes = {
  float32: 'F32',
  float64: 'F64',
  int8: 'I8',
  int16: 'I16',
  int32: 'I32',
  int64: 'I64',
  uint8: 'U8',
  uint16: 'U16',
  uint32: 'U32',
  uint64: 'U64',
  bool: 'BOOL',
} as const satisfies Record<DType, string>;

const dtypes = new Map<string, DType>(Object.entries(codes).map(([dtype, code]) => [code, dtype as DType]));
const { encodeUtf8, decodeUtf8 } = getTextEncoding();

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Writes tensors and string metadata. The header is padded, so that the data starts at a multiple of 8. */
export function encodeSafetensors(tensors: Tensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let end = 0;
  const entries = Object.entries(tensors).map(([name, { dtype, shape, data }]) => {
    const entry: Entry = { dtype: codes[dtype], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
    return [name, entry] as const;
  });
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  const header = encodeUtf8(json + ' '.repeat((8 - (encodeUtf8(json).length % 8)) % 8));
  const bytes = new Uint8Array(8 + header.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  entries.forEach(([name, { data_offsets }]) => {
    const { data } = tensors[name]!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + header.length + data_offsets[0]);
  });
  return bytes;
}

/** Reads them back. Throws `bad-data` for bytes that are damaged or something else. */
export function decodeSafetensors(bytes: Uint8Array, who = 'decodeSafetensors') {
  const damaged = (received: string) =>
    new DenaryError({
      code: 'bad-data',
      who,
      expected: 'a safetensors file',
      received,
      remedy: 'The file is damaged or something else: delete it, or take an older one.',
    });
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.length - 8) throw damaged(`a header of ${length} bytes in a file of ${bytes.length}`);
  let header: Record<string, Entry> & { __metadata__?: Record<string, string> };
  try {
    header = JSON.parse(decodeUtf8(bytes.subarray(8, 8 + length)));
  } catch {
    throw damaged('a header that is not JSON');
  }
  const { __metadata__: metadata, ...entries } = Object(header) as typeof header;
  const tensors: Record<string, Tensor> = {};
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype: code, shape, data_offsets } = Object(entry) as Partial<Entry>;
    const dtype = code && dtypes.get(code);
    const [start, end] = Array.isArray(data_offsets) ? data_offsets : [];
    const width = dtype && (arrayOf[dtype].prototype.BYTES_PER_ELEMENT as number);
    const inside = start !== undefined && start >= 0 && 8 + length + end! <= bytes.length;
    const whole = dtype && width && inside && Array.isArray(shape) && end! - start === sizeOf(shape) * width;
    if (!whole) throw damaged(`"${name}", which is cut off or of an unknown type`);
    tensors[name] = {
      dtype,
      shape,
      data: new arrayOf[dtype](new Uint8Array(bytes.subarray(8 + length + start!, 8 + length + end!)).buffer),
    };
  }
  return { tensors: tensors as Tensors, metadata: Object(metadata) as Record<string, string> };
}
