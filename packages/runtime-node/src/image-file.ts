/**
 * Image files and their bytes -> Image, by sharp: PNG, JPEG, WebP, TIFF, GIF (first frame), upright, in 8-bit sRGB; and
 * Image -> PNG file.
 */

import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type CallSignal,
  checkImage,
  DenaryError,
  type Image,
  MAX_IMAGE_PIXELS,
  messageOf,
  problem,
} from '@denary/core';
import sharp from 'sharp';
import {
  type DecodeOptions,
  type ImageSource,
  isRaw,
  KNOWN,
  limitsOf,
  pathOf,
  readImage,
  requireGoing,
  toImage,
} from './image-source.js';

const FORMATS: readonly string[] = ['png', 'jpeg', 'webp', 'tiff', 'gif'];

/**
 * Decodes an image from wherever it is: upright by its EXIF orientation, in 8-bit sRGB (CMYK, palettes and 16 bits are
 * converted), with its alpha; of an animation the first frame, of several pages the first. Raw pixels are checked and passed
 * through. Throws `not-found` where there is no such file, `bad-image` for what can't be decoded, is cut short or is beyond a
 * limit, `bad-argument` for another kind of source, `aborted`. `who` is named in errors; default is the file's path. `room`, where
 * given, settles when there is room for so many pixels, as the header has it: nothing is decoded before.
 */
export async function decodeImage(
  source: ImageSource,
  who?: string,
  { limits, signal }: DecodeOptions = {},
  room?: Room,
): Promise<Image> {
  const most = limitsOf(limits);
  const isFile = source instanceof URL ? source.protocol !== 'data:' : typeof source === 'string';
  const named = isFile && !/^data:/i.test(String(source)) ? pathOf(source as string | URL) : 'decodeImage';
  const name = who ?? named;
  requireGoing(signal, name);
  if (isRaw(source)) return checkedPixels(toImage(source), name, most.pixels);
  return decodeBytes(await readImage(source, name, most.bytes, signal), name, most.pixels, signal, room);
}

function checkedPixels(image: Image, who: string, most: number): Image {
  checkImage(image, who);
  return withinLimit(image, who, most);
}

/** The image, if it has no more pixels than that; else throws `bad-image`. */
export function withinLimit(image: Image, who: string, most: number): Image {
  const { width, height } = image;
  if (!(width * height > most)) return image;
  throw problem('bad-image', who, `at most ${most} pixels`, `${width} x ${height}`, 'Scale the image down first.');
}

/**
 * Writes a PNG, whole or not at all: into a temporary file beside it that is then renamed. Missing folders are made; a file
 * that is there is replaced. Throws `bad-argument` where the name does not end in .png or can't be written, `bad-image` for
 * an image that is none.
 */
export async function writeImage(path: string, image: Image): Promise<void> {
  if (!/\.png$/i.test(path)) {
    throw problem('bad-argument', 'writeImage', 'a name that ends in .png', path, 'Only PNG files are written.');
  }
  checkImage(image, path);
  const { data, width, height, channels } = image;
  const png = await sharp(data, { raw: { width, height, channels }, limitInputPixels: MAX_IMAGE_PIXELS })
    .png()
    .toBuffer();
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, png, { flag: 'wx', flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    const remedy = 'Name a file in a folder that can be written to.';
    throw problem('bad-argument', path, 'a file that can be written', messageOf(error), remedy, error);
  }
}

type Room = (pixels: number) => Promise<void>;

async function decodeBytes(
  bytes: Uint8Array,
  who: string,
  most: number,
  signal: CallSignal | undefined,
  room: Room | undefined,
): Promise<Image> {
  try {
    // failOn 'error': a cut-off TIFF decodes quietly with 'truncated', and 'warning' refuses images that are whole. Sharp
    // refuses more pixels than the limit by the header, before it decodes.
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: most });
    const { format, width, height } = await image.metadata();
    requireGoing(signal, who);
    if (!FORMATS.includes(format)) {
      throw problem('bad-image', who, KNOWN, `an image in the format ${format}`, 'Convert it to PNG.');
    }
    await room?.(width * height);
    requireGoing(signal, who);
    const { data, info } = await image.autoOrient().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    requireGoing(signal, who);
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    if (error instanceof DenaryError) throw error;
    const remedy = `Check that it opens in a viewer, is not cut short, and has at most ${most} pixels.`;
    throw problem('bad-image', who, KNOWN, `${bytes.length} bytes (${oneLine(messageOf(error))})`, remedy, error);
  }
}

/** libvips puts each of its complaints on a line of its own. */
function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, '; ');
}
