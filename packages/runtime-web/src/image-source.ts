/** What an image may come from in a page, and its pixels. */

import { type Image, MAX_IMAGE_PIXELS, messageOf, problem } from '@denary/core';

/** Raw pixels; where `channels` is left out, as many as the data have for each pixel. An ImageData is one. */
export type RawPixels = Omit<Image, 'channels'> & Partial<Pick<Image, 'channels'>>;

/**
 * A canvas, an image or video element (the frame that it shows), a bitmap, a video frame, an encoded image as a Blob or File
 * or by its address, an ImageData, or raw pixels.
 */
export type ImageSource =
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLImageElement
  | HTMLVideoElement
  | ImageBitmap
  | VideoFrame
  | ImageData
  | RawPixels
  | Blob
  | URL
  | string;

/** The pixels of a source; at once where nothing is to be decoded. Throws `bad-image`, `bad-argument`, `not-found`. */
export function decodeImage(source: ImageSource): Image | Promise<Image> {
  if (typeof source === 'string' || source instanceof URL) return decodeUrl(source);
  if (source instanceof Blob) return decodeBlob(source);
  if (isA('HTMLImageElement', source)) return decodeElement(source as HTMLImageElement);
  if (isA('HTMLVideoElement', source)) return decodeVideo(source as HTMLVideoElement);
  if (isA('VideoFrame', source)) {
    const frame = source as VideoFrame;
    return pixelsOf(frame, frame.displayWidth, frame.displayHeight);
  }
  if (isA('HTMLCanvasElement', source) || isA('OffscreenCanvas', source) || isA('ImageBitmap', source)) {
    const { width, height } = source as ImageBitmap;
    return pixelsOf(source as ImageBitmap, width, height);
  }
  if (typeof source === 'object' && source !== null && 'data' in source) return fromRaw(source as RawPixels);
  const expected = 'a canvas, an image, a video, a bitmap, an ImageData, a Blob, an address or raw pixels';
  throw problem('bad-argument', 'decodeImage', expected, kindOf(source), 'Give one of these.');
}

/** Also of another window's: elements of an iframe are no instances of this one's classes. */
const isA = (name: string, value: unknown): boolean => kindOf(value) === name;
const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

function fromRaw(pixels: RawPixels): Image {
  if (pixels.channels !== undefined) return pixels as Image;
  const { data, width, height } = pixels;
  return { data, width, height, channels: (data.length / (width * height)) as Image['channels'] };
}

async function decodeUrl(url: string | URL): Promise<Image> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    const remedy = 'Check the address; another origin must send Access-Control-Allow-Origin.';
    throw problem('not-found', `${url}`.slice(0, 100), 'an image', `no answer (${messageOf(cause)})`, remedy, cause);
  }
  if (response.ok) return decodeBlob(await response.blob());
  throw problem('not-found', `${url}`, 'an image', `status ${response.status}`, 'Check the address.');
}

/** As they are in the file: upright, without conversion to the screen's colours. */
const asWritten: ImageBitmapOptions = {
  imageOrientation: 'from-image',
  colorSpaceConversion: 'none',
  premultiplyAlpha: 'none',
};

async function decodeBlob(blob: Blob): Promise<Image> {
  const bitmap = await createImageBitmap(blob, asWritten).catch((cause) => {
    const received = `${blob.size} bytes of type ${blob.type || 'unknown'} (${messageOf(cause)})`;
    const remedy = 'Check that it is whole, and of a kind that browsers show.';
    throw problem('bad-image', 'decodeImage', 'an image that the browser can decode', received, remedy, cause);
  });
  try {
    return pixelsOf(bitmap, bitmap.width, bitmap.height);
  } finally {
    bitmap.close();
  }
}

async function decodeElement(image: HTMLImageElement): Promise<Image> {
  try {
    await image.decode();
  } catch (cause) {
    const received = `one of "${image.currentSrc || image.src}" that did not load`;
    throw problem('bad-image', 'decodeImage', 'an image element with an image', received, 'Check its src.', cause);
  }
  return pixelsOf(image, image.naturalWidth, image.naturalHeight);
}

function decodeVideo(video: HTMLVideoElement): Image {
  if (video.readyState < video.HAVE_CURRENT_DATA) {
    const remedy = "Wait for its 'loadeddata' event.";
    throw problem('bad-image', 'decodeImage', 'a video that shows a frame', 'one without', remedy);
  }
  return pixelsOf(video, video.videoWidth, video.videoHeight);
}

/** One is kept between calls, for images that are small enough. */
let kept: OffscreenCanvas | undefined;
const KEPT_PIXELS = 1_000_000;

function scratch(width: number, height: number): OffscreenCanvas {
  if (width * height > KEPT_PIXELS) return new OffscreenCanvas(width, height);
  kept ??= new OffscreenCanvas(width, height);
  // Setting a size clears it.
  return Object.assign(kept, { width, height });
}

/**
 * Draws a source and reads it back: RGBA, not premultiplied. Canvases, too, as asking one of the page's for its context
 * would decide what kind it has.
 */
function pixelsOf(source: CanvasImageSource, width: number, height: number): Image {
  if (!(width * height > 0 && width * height <= MAX_IMAGE_PIXELS)) {
    const expected = `1 to ${MAX_IMAGE_PIXELS} pixels`;
    throw problem('bad-image', 'decodeImage', expected, `${width} x ${height}`, 'Give an image with pixels in it.');
  }
  try {
    const context = scratch(width, height).getContext('2d', { willReadFrequently: true })!;
    context.drawImage(source, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height, channels: 4 };
  } catch (cause) {
    const tainted = cause instanceof DOMException && cause.name === 'SecurityError';
    const remedy = tainted
      ? 'Give the element crossorigin="anonymous"; another origin must send Access-Control-Allow-Origin.'
      : 'Check that it has not been closed.';
    throw problem('bad-image', 'decodeImage', 'pixels that can be read', messageOf(cause), remedy, cause);
  }
}
