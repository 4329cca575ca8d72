/** PNG files, and what they are as the address of an image in a page. */

import { encode } from 'fast-png';

/** uint8 [height, width, channels]: grey has one channel, RGBA four. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export function encodePng({ data, width, height }: Pixels): Uint8Array {
  return encode({ data, width, height, depth: 8, channels: data.length / (width * height) });
}

export function pngAddress(pixels: Pixels): string {
  const bytes = encodePng(pixels);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return `data:image/png;base64,${btoa(binary)}`;
}
