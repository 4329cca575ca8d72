/**
 * The file of a core set, `replay.bin`: a few digits of each class that are rehearsed beside a user's corrections, so that
 * nothing is forgotten. It is a gzip stream, which has a checksum, of one line of JSON, the labels, and the pixels in 16
 * shades of grey, two pixels a byte: some 90 bytes an image.
 */

import { getTextEncoding } from '@bufbuild/protobuf/wire';
import * as v from 'valibot';
import { joinBytes } from '../bytes.js';
import { problem } from '../errors.js';
import type { Samples } from './samples.js';

const size = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1 << 16));
const sizes = { count: size, height: size, width: size, classes: size };
/** `slots`: labels of one image, which lie side by side; left out where there is one. */
const header = v.object({ denary: v.literal('replay'), ...sizes, slots: v.optional(size, 1) });

const { encodeUtf8, decodeUtf8 } = getTextEncoding();
const NEWLINE = 10;
/** The largest of 16 shades; 255 is this many times it. */
const SHADES = 15;
const STEP = 255 / SHADES;

/** The file's bytes; shades are rounded to the nearest of 16. */
export async function encodeReplay({ images, labels, slots = 1, ...sizes }: Samples): Promise<Uint8Array> {
  const { count, height, width, classes } = sizes;
  const facts = { denary: 'replay', count, height, width, classes, ...(slots > 1 && { slots }) };
  const line = encodeUtf8(JSON.stringify(facts));
  const pairs = pairsOf(height, width);
  const bytes = new Uint8Array(line.length + 1 + count * (slots + pairs.length));
  bytes.set(line);
  bytes[line.length] = NEWLINE;
  let at = line.length + 1;
  bytes.set(labels.subarray(0, count * slots), at);
  at += count * slots;
  const shade = (pixel: number | undefined) => Math.round((pixel ?? 0) / STEP);
  for (let start = 0; start < count * height * width; start += height * width) {
    for (const [high, low] of pairs) {
      bytes[at++] = shade(images[start + high]) * 16 + (low === undefined ? 0 : shade(images[start + low]));
    }
  }
  return through(bytes, new CompressionStream('gzip'));
}

/** Throws `bad-data` where the bytes are no core set, or damaged. */
export async function decodeReplay(file: Uint8Array, who = 'decodeReplay'): Promise<Samples> {
  const bytes = await through(file, new DecompressionStream('gzip')).catch((cause: unknown) => {
    throw damaged(who, 'bytes that are damaged, or of something else', cause);
  });
  const end = bytes.indexOf(NEWLINE);
  const { count, height, width, classes, slots } = headerOf(bytes.subarray(0, Math.max(0, end)), who);
  const pairs = pairsOf(height, width);
  const expected = end + 1 + count * (slots + pairs.length);
  if (bytes.length !== expected) throw damaged(who, `${bytes.length} bytes in place of ${expected}`);
  const labels = bytes.slice(end + 1, end + 1 + count * slots);
  const wrong = labels.find((label) => label >= classes);
  if (wrong !== undefined) throw damaged(who, `a label ${wrong} among ${classes} classes`);
  const images = new Uint8Array(count * height * width);
  let at = end + 1 + count * slots;
  for (let start = 0; start < images.length; start += height * width) {
    for (const [high, low] of pairs) {
      const byte = bytes[at++]!;
      images[start + high] = (byte >> 4) * STEP;
      if (low !== undefined) images[start + low] = (byte & 15) * STEP;
    }
  }
  return { images, labels, count, height, width, classes, slots };
}

/** Which pixels share a byte: one above the other, which are more alike than neighbours in a row. */
function pairsOf(height: number, width: number): readonly (readonly [number, number | undefined])[] {
  return Array.from({ length: Math.ceil(height / 2) * width }, (_, i) => {
    const [row, column] = [2 * Math.floor(i / width), i % width];
    return [row * width + column, row + 1 < height ? (row + 1) * width + column : undefined] as const;
  });
}

function headerOf(line: Uint8Array, who: string): v.InferOutput<typeof header> {
  try {
    return v.parse(header, JSON.parse(decodeUtf8(line)));
  } catch (cause) {
    throw damaged(who, 'another kind of file', cause);
  }
}

const damaged = (who: string, received: string, cause?: unknown) =>
  problem(
    'bad-data',
    who,
    'a core set (replay.bin)',
    received,
    'Take the replay.bin that was made for the model.',
    cause,
  );

async function through(bytes: Uint8Array, stream: ByteTransform): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  const read = async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value!);
  };
  await Promise.all([written, read()]);
  return joinBytes(parts);
}

/** Compression Streams (WHATWG), which Node and browsers have alike; declared here, as core has neither's types. */
interface ByteTransform {
  readonly writable: { getWriter(): { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> } };
  readonly readable: { getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array }> } };
}
declare const CompressionStream: new (format: 'gzip') => ByteTransform;
declare const DecompressionStream: new (format: 'gzip') => ByteTransform;
