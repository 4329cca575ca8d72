/**
 * Images in JSON: `{ image }` or `{ images: [...] }`, each one as a string (base64 or a data URL of an encoded image), rows of
 * grey pixels, the pixels of an image of the model's size, or `{ data, width, height, channels }` with base64 or numbers.
 */

import { DenaryError, type Image } from '@denary/core';
import { type BodyContext, badBody, badImage, checkCount, type Submitted } from './submission.js';

/** Throws `bad-argument` where the body is none of these; a single image that is none fails alone. */
export function fromJson(body: unknown, context: BodyContext): Submitted[] {
  const { image, images } = isObject(body) ? body : {};
  if ((image === undefined) === (images === undefined)) {
    const received = image === undefined ? 'neither' : 'both';
    throw badBody('an object with either "image" or "images"', received, 'See /docs for what an image may be.');
  }
  if (images === undefined) return [{ source: attempt(image, 'image', context) }];
  if (!Array.isArray(images)) throw badBody('an array of "images"', kindOf(images), 'Send a single one as "image".');
  checkCount(images.length, context);
  return images.map((item, i) => ({ source: attempt(item, `images[${i}]`, context) }));
}

function attempt(item: unknown, who: string, context: BodyContext): Submitted['source'] {
  try {
    return imageOf(item, who, context);
  } catch (error) {
    if (error instanceof DenaryError) return error;
    throw error;
  }
}

function imageOf(item: unknown, who: string, { width, height }: BodyContext): Image | Uint8Array {
  if (typeof item === 'string') return bytesOf(item, who);
  if (Array.isArray(item)) {
    return Array.isArray(item[0]) ? fromRows(item, who) : { data: pixelsOf(item, who), width, height, channels: 1 };
  }
  if (!isObject(item)) {
    throw badImage(who, 'a string, an array or an object', kindOf(item), 'See /docs for what an image may be.');
  }
  const { data, width: ownWidth = width, height: ownHeight = height, channels = 1 } = item;
  const pixels = typeof data === 'string' ? bytesOf(data, `${who}.data`) : pixelsOf(data, `${who}.data`);
  // The recognizer checks that they belong together.
  return { data: pixels, width: ownWidth, height: ownHeight, channels } as Image;
}

function fromRows(rows: readonly unknown[], who: string): Image {
  const parts = rows.map((row, y) => pixelsOf(row, `${who}[${y}]`));
  const width = parts[0]!.length;
  const uneven = parts.findIndex(({ length }) => length !== width);
  if (uneven > 0) {
    throw badImage(`${who}[${uneven}]`, `${width} pixels, as in the first row`, `${parts[uneven]!.length}`, FILL);
  }
  return { data: Buffer.concat(parts), width, height: parts.length, channels: 1 };
}

const FILL = 'Fill the rows up with the colour of the paper.';

function pixelsOf(values: unknown, who: string): Uint8Array {
  if (!Array.isArray(values)) throw badImage(who, 'an array of pixels', kindOf(values), 'Send numbers or base64.');
  const wrong = values.findIndex((value) => !(Number.isInteger(value) && value >= 0 && value <= 255));
  if (wrong < 0) return Uint8Array.from(values);
  const received = typeof values[wrong] === 'number' ? `${values[wrong]}` : kindOf(values[wrong]);
  throw badImage(`${who}[${wrong}]`, 'a whole number of 0 to 255', received, 'Scale other pixels to that range.');
}

/** Of base64, the url-safe kind too, and of data URLs. */
function bytesOf(text: string, who: string): Uint8Array {
  const comma = text.startsWith('data:') ? text.indexOf(',') : -1;
  if (comma >= 0 && !text.slice(0, comma).endsWith(';base64')) {
    throw badImage(who, 'a data URL in base64', text.slice(0, Math.min(comma, 60)), 'Encode the bytes in base64.');
  }
  const coded = text.slice(comma + 1);
  if (coded !== '' && /^[\w+/-]+={0,2}$/.test(coded)) return Buffer.from(coded, 'base64');
  const received = coded === '' ? 'an empty string' : 'other characters';
  throw badImage(who, 'the bytes of an image in base64', received, 'Encode the file in base64, without line breaks.');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value);
