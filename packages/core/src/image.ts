/** Images as plain bytes, and how they become grey: alpha over white, ITU-R BT.601 luma, the same bytes everywhere. */

import { DenaryError } from './errors.js';

/** 1 is grey, 2 grey and alpha, 3 RGB, 4 RGBA (alpha not premultiplied). */
export type Channels = 1 | 2 | 3 | 4;

/** uint8 [height, width, channels], row-major and interleaved, sRGB, 0 black to 255 white. */
export interface Image {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels: Channels;
}

/** uint8 [height, width], row-major, 0 black to 255 white. */
export interface GreyImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** 100 megapixels: beyond any camera's digit, and 400 MB as RGBA. */
export const MAX_IMAGE_PIXELS = 100_000_000;

/** Throws `bad-image` unless sizes are positive integers up to 100 megapixels that belong to as many bytes. */
export function checkImage(image: Image, who = 'checkImage'): void {
  const { data, width, height, channels } = image;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw badImage(who, 'a Uint8Array or Uint8ClampedArray', kindOf(data), 'Scale other pixels to bytes first.');
  }
  if (!isSize(width) || !isSize(height)) {
    throw badImage(who, 'positive integer sizes', `${width} x ${height}`, 'Give an image with pixels in it.');
  }
  if (channels !== 1 && channels !== 2 && channels !== 3 && channels !== 4) {
    throw badImage(who, '1, 2, 3 or 4 channels', String(channels), 'Use grey, grey and alpha, RGB or RGBA.');
  }
  if (width * height > MAX_IMAGE_PIXELS) {
    throw badImage(who, `at most ${MAX_IMAGE_PIXELS} pixels`, `${width} x ${height}`, 'Scale the image down first.');
  }
  if (data.length !== width * height * channels) {
    const expected = `${width * height * channels} bytes for ${width} x ${height} pixels of ${channels} channels`;
    throw badImage(who, expected, String(data.length), 'Give data and sizes that belong together.');
  }
}

/**
 * An image in grey: luma, with alpha composited over white.
 * One channel is passed on without a copy. Throws `bad-image` in the name of `who`.
 */
export function toGrey(image: Image, who = 'toGrey'): GreyImage {
  checkImage(image, who);
  const { data, width, height, channels } = image;
  if (channels === 1) return { data: asBytes(data), width, height };
  const grey = new Uint8Array(width * height);
  if (channels === 2) fromGreyAlpha(data, grey);
  else if (channels === 3) fromRgb(data, grey);
  else fromRgba(data, grey);
  return { data: grey, width, height };
}

function fromGreyAlpha(data: Image['data'], grey: Uint8Array): void {
  for (let i = 0, p = 0; i < grey.length; i++, p += 2) grey[i] = overWhite(1000 * data[p]!, data[p + 1]!);
}

function fromRgb(data: Image['data'], grey: Uint8Array): void {
  for (let i = 0, p = 0; i < grey.length; i++, p += 3) {
    grey[i] = (luma1000(data[p]!, data[p + 1]!, data[p + 2]!) + 500) / 1000;
  }
}

function fromRgba(data: Image['data'], grey: Uint8Array): void {
  for (let i = 0, p = 0; i < grey.length; i++, p += 4) {
    grey[i] = overWhite(luma1000(data[p]!, data[p + 1]!, data[p + 2]!), data[p + 3]!);
  }
}

/** A thousand times the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, in integers so that no engine differs. */
function luma1000(red: number, green: number, blue: number): number {
  return 299 * red + 587 * green + 114 * blue;
}

/** Rounded once, after luma and alpha; storing into a Uint8Array drops the fraction. */
function overWhite(luma: number, alpha: number): number {
  return (luma * alpha + 255_000 * (255 - alpha) + 127_500) / 255_000;
}

function asBytes(data: Image['data']): Uint8Array {
  return data instanceof Uint8Array ? data : new Uint8Array(data.buffer, data.byteOffset, data.length);
}

function isSize(size: number): boolean {
  return Number.isInteger(size) && size > 0;
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function badImage(who: string, expected: string, received: string, remedy: string): DenaryError {
  return new DenaryError({ code: 'bad-image', who, expected, received, remedy });
}
