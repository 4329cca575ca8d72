/** Small files whose heads promise many pixels, in the formats that the server takes. */

import { crc32, deflateSync } from 'node:zlib';

const numbers = (size: 1 | 2 | 4, ...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * size);
  values.forEach((value, i) => bytes.writeUIntLE(value, i * size, size));
  return bytes;
};
const text = (value: string) => Buffer.from(value, 'latin1');

/** Of many zeros, well packed. */
const pixels = deflateSync(Buffer.alloc(2 ** 22));

/** A chunk of a PNG (ISO/IEC 15948, 5.3). */
function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([text(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

export function pngBomb(width: number, height: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6], 8);
  const signature = text('\x89PNG\r\n\x1a\n');
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

/** Lossless (RFC 9649, 3.4): up to 16,384 pixels a side. */
export function webpBomb(width: number, height: number): Buffer {
  const sizes = (width - 1) | ((height - 1) << 14);
  const image = Buffer.concat([numbers(1, 0x2f), numbers(4, sizes >>> 0), Buffer.alloc(1000)]);
  const body = Buffer.concat([text('WEBPVP8L'), numbers(4, image.length), image, Buffer.alloc(image.length % 2)]);
  return Buffer.concat([text('RIFF'), numbers(4, body.length), body]);
}

/** Grey, in one strip (TIFF 6.0, sections 2 and 4), packed. */
export function tiffBomb(width: number, height: number): Buffer {
  const [SHORT, LONG, DEFLATE] = [3, 4, 8];
  const fields: [tag: number, type: number, value: number][] = [
    [256, LONG, width],
    [257, LONG, height],
    [258, SHORT, 8],
    [259, SHORT, DEFLATE],
    [262, SHORT, 1],
    [273, LONG, 8],
    [277, SHORT, 1],
    [278, LONG, height],
    [279, LONG, pixels.length],
  ];
  const entries = fields.map(([tag, type, value]) => Buffer.concat([numbers(2, tag, type), numbers(4, 1, value)]));
  const directory = Buffer.concat([numbers(2, fields.length), ...entries, numbers(4, 0)]);
  return Buffer.concat([text('II*\0'), numbers(4, 8 + pixels.length), pixels, directory]);
}

/** Black and white, of one frame (GIF89a, 18 to 22). */
export function gifBomb(width: number, height: number): Buffer {
  const screen = Buffer.concat([numbers(2, width, height), numbers(1, 0x80, 0, 0), numbers(1, 0, 0, 0, 255, 255, 255)]);
  const frame = Buffer.concat([text(','), numbers(2, 0, 0, width, height), numbers(1, 0, 2)]);
  const codes = Buffer.concat([numbers(1, 255), Buffer.alloc(255, 0x84), numbers(1, 0)]);
  return Buffer.concat([text('GIF89a'), screen, frame, codes, text(';')]);
}
