/**
 * IDX, the file format of MNIST: two zero bytes, the element type, the rank, each dimension as a big-endian uint32, and the
 * elements in row-major order (Y. LeCun, "The MNIST database of handwritten digits"). Here for uint8, plain or gzipped.
 * Files come from outside, so nothing is allocated or believed because a header says so.
 */

import { DenaryError, messageOf } from '@denary/core';
import { createDataset, type Dataset } from './dataset.js';

/** IDX's element type for unsigned bytes; the others are int8 0x09, int16 0x0b, int32 0x0c, float32 0x0d, float64 0x0e. */
const UINT8 = 0x08;

export interface Idx {
  readonly shape: readonly number[];
  /** uint8, row-major; a view on the file's bytes. */
  readonly data: Uint8Array;
}

const bad = (who: string, expected: string, received: string, cause?: unknown) =>
  new DenaryError({
    code: 'bad-data',
    who,
    expected,
    received,
    remedy: 'The file is damaged or of another kind: get it again.',
    cause,
  });

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/**
 * Reads an IDX file of unsigned bytes. `who` is named in errors. Throws `bad-data` where it is not IDX, has another element
 * type or no dimension, or is shorter or longer than its header says.
 */
export function decodeIdx(bytes: Uint8Array, who: string): Idx {
  const [zero, alsoZero, type, rank] = bytes;
  if (zero !== 0 || alsoZero !== 0 || type !== UINT8 || rank === undefined || rank === 0) {
    throw bad(who, 'an IDX file of unsigned bytes, starting 00 00 08 and a rank', `"${hex(bytes.subarray(0, 4))}"`);
  }
  const start = 4 + 4 * rank;
  if (bytes.length < start) throw bad(who, `an IDX header of ${start} bytes`, `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // A double's product is exact up to 2^53; a larger one is inexact or not finite, and so equals no real file's length.
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length - start !== size) {
    throw bad(who, `${size} bytes for the shape [${shape}] after the header`, `${bytes.length - start}`);
  }
  // Not subarray: of a Node Buffer that is a Buffer again, whose slice() shares memory where a Uint8Array's copies.
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, size) };
}

/** An IDX file of unsigned bytes. Throws `bad-argument` where `data` does not fit `shape`, or the shape IDX. */
export function encodeIdx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const storable = shape.every((dimension) => Number.isInteger(dimension) && dimension >= 0 && dimension < 2 ** 32);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (!storable || shape.length < 1 || shape.length > 255 || data.length !== size) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'encodeIdx',
      expected: '1 to 255 dimensions in 0..2^32-1 and as many bytes as they hold',
      received: `the shape [${shape}] and ${data.length} bytes`,
      remedy: 'Give data and shape that belong together.',
    });
  }
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + data.length);
  bytes.set([0, 0, UINT8, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, dimension] of shape.entries()) view.setUint32(4 + 4 * axis, dimension);
  bytes.set(data, start);
  return bytes;
}

/**
 * The bytes themselves, or what they unpack to where they start as gzip does. Unpacking stops at `limit` bytes, so that a
 * small file cannot fill the memory. Throws `bad-data` beyond the limit and for a damaged or truncated gzip.
 */
export async function gunzipIfNeeded(bytes: Uint8Array, limit: number, who: string): Promise<Uint8Array> {
  const tooLong = () => bad(who, `at most ${limit} bytes`, 'more');
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
    if (bytes.length > limit) throw tooLong();
    return bytes;
  }
  // The cast: TypeScript wants to be sure of no SharedArrayBuffer, which Blob would refuse at once.
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream('gzip'));
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      chunks.push(next.value);
      length += next.value.length;
      if (length > limit) throw tooLong();
    }
  } catch (error) {
    // Not awaited: what unpacks is thrown away, and only this error is of interest.
    reader.cancel().catch(() => {});
    throw error instanceof DenaryError ? error : bad(who, 'a whole gzip file', messageOf(error), error);
  }
  const unpacked = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    unpacked.set(chunk, offset);
    offset += chunk.length;
  }
  return unpacked;
}

/**
 * A data set of two unpacked IDX files: images [count, height, width], and labels [count] or, for several digits an image,
 * [count, slots]. Throws `bad-data` where a file is not that, the counts differ, or a label is not below `classes`.
 */
export function datasetFromIdx(files: {
  readonly name: string;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
  readonly classes: number;
}): Dataset {
  const { name, classes } = files;
  const images = decodeIdx(files.images, `${name} images`);
  const labels = decodeIdx(files.labels, `${name} labels`);
  const [count, height, width, ...more] = images.shape;
  if (count === undefined || height === undefined || width === undefined || more.length > 0) {
    throw bad(`${name} images`, 'a shape [count, height, width]', `[${images.shape}]`);
  }
  const [labelled, slots = 1] = labels.shape;
  if (labels.shape.length > 2) throw bad(`${name} labels`, 'a shape [count] or [count, slots]', `[${labels.shape}]`);
  if (labelled !== count) throw bad(name, `labels for ${count} images`, `labels for ${labelled}`);
  return createDataset({ name, images: images.data, labels: labels.data, height, width, classes, slots });
}
