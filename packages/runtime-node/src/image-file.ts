/**
 * Image files and their bytes -> Image, by sharp: PNG, JPEG, WebP, TIFF, GIF (first frame), upright, in 8-bit sRGB; and
 * Image -> PNG file.
 */

import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkImage, DenaryError, type ErrorCode, type Image, MAX_IMAGE_PIXELS, messageOf } from '@denary/core';
import sharp from 'sharp';

/** 64 MiB: more than any sensible file of one digit, checked before it is read. */
export const MAX_IMAGE_BYTES = 64 * 2 ** 20;

const FORMATS: readonly string[] = ['png', 'jpeg', 'webp', 'tiff', 'gif'];
const KNOWN = 'a whole PNG, JPEG, WebP, TIFF or GIF image';

/**
 * Decodes a file (a path or a file: URL) or the bytes of one; raw pixels are checked and passed through.
 * Throws `not-found` where there is no such file, `bad-image` for what can't be decoded, is cut short or is too large,
 * `bad-argument` for another kind of URL. `who` is named in errors; default is the file's path.
 */
export async function decodeImage(source: string | URL | Uint8Array | Image, who?: string): Promise<Image> {
  if (source instanceof Uint8Array) return decodeBytes(source, who ?? 'decodeImage');
  if (typeof source === 'string' || source instanceof URL) {
    const path = toPath(source);
    return decodeBytes(await readImageFile(path, who ?? path), who ?? path);
  }
  checkImage(source, who ?? 'decodeImage');
  return source;
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

function toPath(source: string | URL): string {
  if (typeof source === 'string') return source;
  if (source.protocol === 'file:') return fileURLToPath(source);
  throw problem('bad-argument', 'decodeImage', 'a file: URL', source.href, 'Fetch it first, and give its bytes.');
}

async function readImageFile(path: string, who: string): Promise<Uint8Array> {
  const remedy = 'Give the path of an image file that can be read.';
  try {
    const status = await stat(path);
    if (!status.isFile()) throw problem('bad-image', who, KNOWN, 'something that is not a file', remedy);
    checkBytes(status.size, who);
    return await readFile(path);
  } catch (error) {
    if (error instanceof DenaryError) throw error;
    if (isMissing(error)) throw problem('not-found', who, 'an image file', 'nothing at that path', remedy, error);
    throw problem('bad-image', who, KNOWN, messageOf(error), remedy, error);
  }
}

function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function decodeBytes(bytes: Uint8Array, who: string): Promise<Image> {
  checkBytes(bytes.length, who);
  try {
    // failOn 'error': a cut-off TIFF decodes quietly with 'truncated', and 'warning' refuses images that are whole.
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: MAX_IMAGE_PIXELS });
    const { format } = await image.metadata();
    if (!FORMATS.includes(format)) {
      throw problem('bad-image', who, KNOWN, `an image in the format ${format}`, 'Convert it to PNG.');
    }
    const { data, info } = await image.autoOrient().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height, channels: info.channels };
  } catch (error) {
    if (error instanceof DenaryError) throw error;
    const remedy = `Check that it opens in a viewer, is not cut short, and has at most ${MAX_IMAGE_PIXELS} pixels.`;
    throw problem('bad-image', who, KNOWN, `${bytes.length} bytes (${oneLine(messageOf(error))})`, remedy, error);
  }
}

function checkBytes(size: number, who: string): void {
  if (size > 0 && size <= MAX_IMAGE_BYTES) return;
  const expected = `1 to ${MAX_IMAGE_BYTES} bytes`;
  throw problem('bad-image', who, expected, String(size), 'Give an image file, scaled down if it is a large one.');
}

/** libvips puts each of its complaints on a line of its own. */
function oneLine(message: string): string {
  return message.trim().replace(/\s*\n\s*/g, '; ');
}

function problem(
  code: ErrorCode,
  who: string,
  expected: string,
  received: string,
  remedy: string,
  cause?: unknown,
): DenaryError {
  return new DenaryError({ code, who, expected, received, remedy, cause });
}
