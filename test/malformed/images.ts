/** Bytes that say they are an image and are none, or one that nobody should decode. */

import { crc32, deflateSync } from 'node:zlib';
import type { Draw } from './draw.js';

/** Whole images to cut. */
export interface Materials {
  readonly png: Buffer;
  readonly jpeg: Buffer;
}

/** A chunk of a PNG (ISO/IEC 15948, 5.3). */
function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

/** A PNG whose head promises so many pixels, with a few of them, well packed. */
function bomb(width: number, height: number): Buffer {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 6], 8);
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}
const pixels = deflateSync(Buffer.alloc(2 ** 22));

const strangers = [
  '%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n',
  '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="28"><rect width="9" height="9"/></svg>',
  '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>',
  'PK\x03\x04\x14\x00\x00\x00\x08\x00',
  '\x7fELF\x02\x01\x01\x00',
  'RIFF\x10\x00\x00\x00WAVEfmt ',
  'P5\n99999 99999\n255\n',
  '#!/bin/sh\nexit 0\n',
  '{"image":7}',
];

/** Each gives bytes that no decoder may take. */
export const badImages: Readonly<Record<string, (draw: Draw, materials: Materials) => Buffer>> = {
  'cut PNG': (draw, { png }) => draw.cut(png),
  'cut JPEG': (draw, { jpeg }) => draw.cut(jpeg, 0.6),
  noise: (draw) => draw.bytes(draw.whole(1, 2000)),
  'PNG bomb': (draw) => bomb(draw.whole(12_000, 60_000), draw.whole(12_000, 60_000)),
  'PNG of giant size': (draw) => bomb(2 ** 31 - draw.whole(1, 1000), draw.whole(1, 2 ** 31 - 1)),
  'PNG of no size': (draw) => bomb(0, draw.whole(0, 28)),
  'something else': (draw) => Buffer.from(draw.of(strangers), 'latin1'),
};
