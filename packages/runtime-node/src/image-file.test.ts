import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DenaryError, type Image } from '@denary/core';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeImage, writeImage } from './image-file.js';
import { MAX_IMAGE_BYTES } from './image-source.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-image-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Red, with a white square of 16 pixels at the top left: flat areas survive the lossy formats. */
const WIDTH = 48;
const HEIGHT = 32;
function scene(): Sharp {
  const pixels = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % WIDTH;
    const y = Math.floor(i / 3 / WIDTH);
    return (x < 16 && y < 16) || i % 3 === 0 ? 250 : 10;
  });
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

/** The RGB value at a place, whatever the channels. */
function at({ data, width, channels }: Image, x: number, y: number): number[] {
  const p = (y * width + x) * channels;
  return channels < 3 ? [data[p]!, data[p]!, data[p]!] : [...data.subarray(p, p + 3)];
}

function near(actual: number[], expected: number[]): boolean {
  return actual.every((value, i) => Math.abs(value - expected[i]!) < 12);
}

async function failure(promise: Promise<unknown>): Promise<DenaryError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DenaryError)) throw new Error(`expected a DenaryError, received ${error}`);
  return error;
}

test.each(['png', 'jpeg', 'webp', 'tiff', 'gif'] as const)('%s is decoded, as bytes, path and URL', async (format) => {
  const bytes = await scene().toFormat(format).toBuffer();
  const path = join(folder, `scene.${format}`);
  await writeFile(path, bytes);
  for (const source of [bytes, new Uint8Array(bytes), path, pathToFileURL(path)]) {
    const image = await decodeImage(source);
    expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
    expect(image.data.length).toBe(WIDTH * HEIGHT * image.channels);
    expect(at(image, 4, 4)).toSatisfy((rgb: number[]) => near(rgb, [250, 250, 250]));
    expect(at(image, 40, 26)).toSatisfy((rgb: number[]) => near(rgb, [250, 10, 10]));
  }
});

test('only the first frame of an animation is decoded', async () => {
  const frames = ['#ff0000', '#0000ff'].map((background) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .png()
      .toBuffer(),
  );
  const animation = await sharp(await Promise.all(frames), { join: { animated: true } })
    .gif()
    .toBuffer();
  expect((await sharp(animation).metadata()).pages).toBe(2);
  const image = await decodeImage(animation);
  expect([image.width, image.height, ...at(image, 0, 0)]).toEqual([8, 8, 255, 0, 0]);
});

test('16 bits become 8 by their high byte, in grey and in colour', async () => {
  for (const channels of [1, 3] as const) {
    const deep = sharp(new Uint16Array(12 * channels).fill(0x8040), { raw: { width: 4, height: 3, channels } });
    const png = await deep
      .toColourspace(channels === 1 ? 'grey16' : 'rgb16')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    const image = await decodeImage(png);
    expect(image.data.length).toBe(12 * image.channels);
    expect(at(image, 3, 2)).toEqual([128, 128, 128]);
  }
});

test('EXIF orientation is applied', async () => {
  // 6: the camera lay on its right side; upright, the white corner is at the top right.
  const image = await decodeImage(await scene().withMetadata({ orientation: 6 }).jpeg().toBuffer());
  expect([image.width, image.height]).toEqual([HEIGHT, WIDTH]);
  expect(at(image, 28, 4)).toSatisfy((rgb: number[]) => near(rgb, [250, 250, 250]));
  expect(at(image, 4, 4)).toSatisfy((rgb: number[]) => near(rgb, [250, 10, 10]));
});

test('alpha is kept', async () => {
  const clear = await sharp({ create: { width: 3, height: 2, channels: 4, background: '#11223344' } })
    .png()
    .toBuffer();
  const image = await decodeImage(clear);
  expect(image.channels).toBe(4);
  expect([...image.data.subarray(0, 4)]).toEqual([0x11, 0x22, 0x33, 0x44]);
});

test('raw pixels are checked and passed through', async () => {
  const image: Image = { data: new Uint8Array(6), width: 3, height: 2, channels: 1 };
  expect(await decodeImage(image)).toBe(image);
  const error = await failure(decodeImage({ ...image, width: 4 }, 'pixels'));
  expect(error).toMatchObject({ code: 'bad-image', who: 'pixels', received: '6' });
});

/** Noise does not compress, so that every cut takes pixels away. */
function noise(): Sharp {
  const pixels = Uint8Array.from({ length: 80 * 80 * 3 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
  return sharp(pixels, { raw: { width: 80, height: 80, channels: 3 } });
}

test.each(['png', 'jpeg', 'webp', 'tiff', 'gif'] as const)('a truncated %s is a bad image', async (format) => {
  const bytes = await noise().toFormat(format).toBuffer();
  await decodeImage(bytes);
  const path = join(folder, `cut.${format}`);
  for (const share of [0.02, 0.3, 0.6, 0.95]) {
    await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
    const error = await failure(decodeImage(path));
    expect(error).toMatchObject({ code: 'bad-image', who: path });
    expect(error.received).toMatch(/^\d+ bytes \(.+\)$/);
    expect(error.remedy).toContain('cut short');
  }
});

test.each([
  ['text', Buffer.from('this is not an image')],
  [
    'SVG, which may refer to other files',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
  ],
  ['nothing', new Uint8Array(0)],
])('%s is a bad image', async (_, bytes) => {
  expect(await failure(decodeImage(bytes, 'upload'))).toMatchObject({ code: 'bad-image', who: 'upload' });
});

test('an image of more than 100 megapixels is refused', async () => {
  const background = '#ffffff';
  const huge = await sharp({ create: { width: 10_001, height: 10_000, channels: 3, background } })
    .png()
    .toBuffer();
  const error = await failure(decodeImage(huge));
  expect(error.code).toBe('bad-image');
  expect(error.received).toContain('pixel limit');
});

test('a file of more than 64 MiB is refused without being read', async () => {
  const path = join(folder, 'sparse.png');
  await writeFile(path, '');
  await truncate(path, MAX_IMAGE_BYTES + 1);
  const error = await failure(decodeImage(path));
  expect(error).toMatchObject({ code: 'bad-image', who: path, received: String(MAX_IMAGE_BYTES + 1) });
});

test('a missing file is not found, and a folder is no image', async () => {
  const missing = join(folder, 'missing.png');
  expect(await failure(decodeImage(missing))).toMatchObject({ code: 'not-found', who: missing });
  expect(await failure(decodeImage(pathToFileURL(missing)))).toMatchObject({ code: 'not-found', who: missing });
  expect(await failure(decodeImage(missing, 'predict'))).toMatchObject({ code: 'not-found', who: 'predict' });
  const inner = join(folder, 'folder.png');
  await mkdir(inner);
  expect(await failure(decodeImage(inner))).toMatchObject({ code: 'bad-image', who: inner });
});

test('a URL of the web is a bad argument', async () => {
  const error = await failure(decodeImage(new URL('https://example.org/digit.png')));
  expect(error).toMatchObject({ code: 'bad-argument', received: 'https://example.org/digit.png' });
});

test.each([1, 2, 3, 4] as const)('an image of %i channels is written as PNG and read again', async (channels) => {
  const data = Uint8Array.from({ length: 5 * 3 * channels }, (_, i) => (i * 37) % 256);
  // Alpha full, so that no colour is lost where nothing shows.
  if (channels % 2 === 0) for (let i = channels - 1; i < data.length; i += channels) data[i] = 255;
  const image: Image = { data, width: 5, height: 3, channels };
  const path = join(folder, 'made', `${channels}.PNG`);
  await writeImage(path, image);
  const { format } = await sharp(await readFile(path)).metadata();
  expect(format).toBe('png');
  const back = await decodeImage(path);
  for (let y = 0; y < 3; y++) for (let x = 0; x < 5; x++) expect(at(back, x, y)).toEqual(at(image, x, y));
});

test('writing replaces a file, and leaves nothing behind where it fails', async () => {
  const inner = join(folder, 'written');
  const grey = (value: number): Image => ({ data: new Uint8Array(4).fill(value), width: 2, height: 2, channels: 1 });
  await writeImage(join(inner, 'a.png'), grey(10));
  await writeImage(join(inner, 'a.png'), grey(20));
  expect(at(await decodeImage(join(inner, 'a.png')), 0, 0)).toEqual([20, 20, 20]);
  await mkdir(join(inner, 'b.png', 'inside'), { recursive: true });
  const error = await failure(writeImage(join(inner, 'b.png'), grey(30)));
  expect(error).toMatchObject({ code: 'bad-argument', who: join(inner, 'b.png') });
  expect((await readdir(inner)).sort()).toEqual(['a.png', 'b.png']);
});

test('only images are written, and only as PNG', async () => {
  const image: Image = { data: new Uint8Array(6), width: 3, height: 2, channels: 1 };
  const path = join(folder, 'bad.png');
  expect(await failure(writeImage(path, { ...image, width: 4 }))).toMatchObject({ code: 'bad-image', who: path });
  const error = await failure(writeImage(join(folder, 'bad.jpg'), image));
  expect(error).toMatchObject({ code: 'bad-argument', expected: 'a name that ends in .png' });
});
