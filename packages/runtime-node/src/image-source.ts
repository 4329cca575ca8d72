/** What an image may come from, and its bytes: never more of them than the limit, even of a stream that has no end. */

import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type CallSignal, DenaryError, type Image, MAX_IMAGE_PIXELS, messageOf, problem } from '@denary/core';

/** 64 MiB: more than any sensible file of one digit. */
export const MAX_IMAGE_BYTES = 64 * 2 ** 20;

/** Raw pixels; where `channels` is left out, as many as the data have for each pixel. */
export type RawPixels = Omit<Image, 'channels'> & Partial<Pick<Image, 'channels'>>;

/** Bytes as they come: a Node Readable, a web ReadableStream, a file that is open. */
export type ByteStream = AsyncIterable<unknown>;

/**
 * A file's path, a file: or data: URL (the latter as a string, too), the bytes of an encoded image (PNG, JPEG, WebP, TIFF,
 * GIF) in memory, as a Blob or File, or as a stream, or raw pixels.
 */
export type ImageSource = string | URL | Uint8Array | ArrayBuffer | Blob | ByteStream | RawPixels;

/** Checked before anything is decoded. */
export interface ImageLimits {
  /** Of an encoded image; default 64 MiB. */
  readonly bytes?: number | undefined;
  /** Width times height, as the header has it; default, and at most, 100 megapixels, which are 400 MB as RGBA. */
  readonly pixels?: number | undefined;
}

export interface DecodeOptions {
  readonly limits?: ImageLimits | undefined;
  /** Ends the reading of a stream, and rejects with `aborted`. */
  readonly signal?: CallSignal | undefined;
}

export const KNOWN = 'a whole PNG, JPEG, WebP, TIFF or GIF image';

export const isRaw = (source: unknown): source is RawPixels =>
  typeof source === 'object' && source !== null && 'data' in source && 'width' in source && 'height' in source;

/** Raw pixels with their channels; those of a wrong length are left for checkImage to complain of. */
export function toImage(pixels: RawPixels): Image {
  if (pixels.channels !== undefined) return pixels as Image;
  const { data, width, height } = pixels;
  return { data, width, height, channels: (data.length / (width * height)) as Image['channels'] };
}

/** Throws `bad-argument` for limits that are none. */
export function limitsOf({ bytes = MAX_IMAGE_BYTES, pixels = MAX_IMAGE_PIXELS }: ImageLimits = {}) {
  for (const [name, value, most] of [
    ['bytes', bytes, Number.MAX_SAFE_INTEGER],
    ['pixels', pixels, MAX_IMAGE_PIXELS],
  ] as const) {
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    const expected = `a limit of 1 to ${most} ${name}`;
    throw problem('bad-argument', 'limits', expected, `${value}`, 'Leave it out for the default.');
  }
  return { bytes, pixels };
}

/** The bytes of an encoded image. Throws `not-found`, `bad-image` beyond `most` bytes, `bad-argument`, `aborted`. */
export async function readImage(
  source: Exclude<ImageSource, RawPixels>,
  who: string,
  most: number,
  signal?: CallSignal,
): Promise<Uint8Array> {
  if (typeof source === 'string' && /^data:/i.test(source)) return checked(dataUrlBytes(source, who, most), who, most);
  if (source instanceof URL && source.protocol === 'data:') return readImage(source.href, who, most, signal);
  if (typeof source === 'string' || source instanceof URL) return readImageFile(pathOf(source), who, most);
  if (source instanceof Uint8Array) return checked(source, who, most);
  if (source instanceof ArrayBuffer) return checked(new Uint8Array(source), who, most);
  if (source instanceof Blob) {
    checkSize(source.size, who, most);
    return new Uint8Array(await source.arrayBuffer());
  }
  if (typeof source === 'object' && source !== null && Symbol.asyncIterator in source) {
    return checked(await readStream(source, who, most, signal), who, most);
  }
  const expected = 'a path, URL, bytes, Blob, stream or raw pixels';
  throw problem('bad-argument', who, expected, typeof source, 'Give the image in one of these ways.');
}

/** A path of the file behind a path or URL. Throws `bad-argument` for a URL of another kind. */
export function pathOf(source: string | URL): string {
  if (typeof source === 'string') return source;
  if (source.protocol === 'file:') return fileURLToPath(source);
  const expected = 'a file: or data: URL';
  throw problem('bad-argument', 'decodeImage', expected, source.href, 'Fetch it first, and give its bytes.');
}

function dataUrlBytes(url: string, who: string, most: number): Uint8Array {
  const comma = url.indexOf(',');
  const head = url.slice(0, comma);
  const body = url.slice(comma + 1);
  if (comma < 0 || !/;base64$/i.test(head) || !/^[\w+/%\s=-]*$/.test(body)) {
    const remedy = 'Encode it as base64: data:image/png;base64,...';
    throw problem('bad-image', who, 'a data: URL in base64', `"${url.slice(0, 40)}"`, remedy);
  }
  // Four characters are three bytes, less up to two that are padding.
  const size = Math.ceil((body.length * 3) / 4);
  if (size > most + 3) checkSize(size, who, most);
  return Buffer.from(body.includes('%') ? body.replace(/%(2B|2F|3D)/gi, decodeURIComponent) : body, 'base64');
}

async function readImageFile(path: string, who: string, most: number): Promise<Uint8Array> {
  const remedy = 'Give the path of an image file that can be read.';
  try {
    const status = await stat(path);
    if (!status.isFile()) throw problem('bad-image', who, KNOWN, 'something that is not a file', remedy);
    checkSize(status.size, who, most);
    return checked(await readFile(path), who, most);
  } catch (error) {
    if (error instanceof DenaryError) throw error;
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (missing) throw problem('not-found', who, 'an image file', 'nothing at that path', remedy, error);
    throw problem('bad-image', who, KNOWN, messageOf(error), remedy, error);
  }
}

/** Reads to the end, or ends the stream: past the limit, when told to stop, and where what comes is no bytes. */
async function readStream(stream: ByteStream, who: string, most: number, signal?: CallSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const parts = stream[Symbol.asyncIterator]();
  const stop = stopped(signal, who);
  try {
    for (;;) {
      const next = await Promise.race([parts.next(), stop.promise]);
      if (next.done) break;
      if (!(next.value instanceof Uint8Array)) {
        throw problem('bad-image', who, 'a stream of bytes', `one of ${typeof next.value}`, 'Set no encoding on it.');
      }
      size += next.value.length;
      if (size > most) checkSize(size, who, most);
      chunks.push(next.value);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    end(stream, parts);
    if (error instanceof DenaryError) throw error;
    const received = `a stream that failed (${messageOf(error)})`;
    throw problem('bad-image', who, KNOWN, received, 'Send the image again.', error);
  } finally {
    stop.forget();
  }
}

/** Frees what is behind a stream: one that waits for its source answers `return` only when that does. */
function end(stream: ByteStream, parts: AsyncIterator<unknown>): void {
  if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  else void parts.return?.()?.catch(() => {});
}

/** A promise that rejects when the signal aborts. */
function stopped(signal: CallSignal | undefined, who: string): { promise: Promise<never>; forget(): void } {
  let abort = () => {};
  const promise = new Promise<never>((_, reject) => {
    abort = () => reject(abortedError(who, signal));
    if (signal?.aborted) abort();
  });
  promise.catch(() => {});
  signal?.addEventListener('abort', abort);
  return { promise, forget: () => signal?.removeEventListener('abort', abort) };
}

export function requireGoing(signal: CallSignal | undefined, who: string): void {
  if (signal?.aborted) throw abortedError(who, signal);
}

const abortedError = (who: string, signal: CallSignal | undefined) =>
  problem('aborted', who, 'an image', 'the signal to abort', 'Call again if need be.', signal?.reason);

function checked(bytes: Uint8Array, who: string, most: number): Uint8Array {
  checkSize(bytes.length, who, most);
  return bytes;
}

function checkSize(size: number, who: string, most: number): void {
  if (size > 0 && size <= most) return;
  const remedy = 'Give an image file, scaled down if it is a large one, or raise limits.bytes.';
  throw problem('bad-image', who, `1 to ${most} bytes`, String(size), remedy);
}
