/** Bytes that say they are an image and are none, or one that nobody should decode. */

import { gifBomb, pngBomb, tiffBomb, webpBomb } from './bombs.js';
import type { Draw } from './draw.js';

const FORMATS = ['png', 'jpeg', 'webp', 'tiff', 'gif'] as const;
export type Format = (typeof FORMATS)[number];

/** Whole images to cut. */
export interface Materials {
  /** Of one digit. */
  readonly small: Readonly<Record<Format, Buffer>>;
  /** Of just as many pixels as the server takes. */
  readonly large: Readonly<Record<Format, Buffer>>;
}

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
  'cut image': (draw, { small }) => draw.cut(small[draw.of(FORMATS)], 0.6),
  // All but the last of it is decoded.
  'image of the most pixels, damaged late': (draw, { large }) => {
    const whole = large[draw.of(FORMATS)];
    return whole.subarray(0, draw.whole(Math.floor(whole.length * 0.8), Math.floor(whole.length * 0.95)));
  },
  'image of a few pixels too many': (draw) => {
    const bomb = draw.of([pngBomb, webpBomb, tiffBomb, gifBomb]);
    return bomb(2001 + draw.whole(0, 50), 2000);
  },
  noise: (draw) => draw.bytes(draw.whole(1, 2000)),
  'PNG bomb': (draw) => pngBomb(draw.whole(12_000, 60_000), draw.whole(12_000, 60_000)),
  'PNG of giant size': (draw) => pngBomb(2 ** 31 - draw.whole(1, 1000), draw.whole(1, 2 ** 31 - 1)),
  'PNG of no size': (draw) => pngBomb(0, draw.whole(0, 28)),
  'WebP bomb': (draw) => webpBomb(draw.whole(4000, 16_384), draw.whole(4000, 16_384)),
  'TIFF bomb': (draw) => tiffBomb(draw.whole(12_000, 2 ** 31 - 1), draw.whole(12_000, 2 ** 31 - 1)),
  'GIF bomb': (draw) => gifBomb(draw.whole(12_000, 65_535), draw.whole(12_000, 65_535)),
  'something else': (draw) => Buffer.from(draw.of(strangers), 'latin1'),
};
