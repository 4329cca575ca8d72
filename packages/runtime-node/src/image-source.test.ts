import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Image } from '@denary/core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from './image-file.js';
import type { ImageSource } from './image-source.js';

let folder: string;
let png: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-source-'));
  const pixels = Uint8Array.from({ length: 40 * 30 * 3 }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255);
  png = await sharp(pixels, { raw: { width: 40, height: 30, channels: 3 } })
    .png()
    .toBuffer();
  await writeFile(join(folder, 'a.png'), png);
});
afterAll(() => rm(folder, { recursive: true }));

/** In several pieces, as a network has them. */
const pieces = (bytes: Uint8Array) => [bytes.subarray(0, 100), bytes.subarray(100, 101), bytes.subarray(101)];

describe('an image comes from', () => {
  const sources: readonly [string, () => ImageSource][] = [
    ['an ArrayBuffer', () => new Uint8Array(png).buffer],
    ['a view into a larger buffer', () => new Uint8Array(Buffer.concat([Buffer.alloc(7), png])).subarray(7)],
    ['a Blob', () => new Blob([new Uint8Array(png)])],
    ['a Node stream', () => Readable.from(pieces(png))],
    ['a file stream', () => createReadStream(join(folder, 'a.png'), { highWaterMark: 64 })],
    ['a web stream', () => new Blob([new Uint8Array(png)]).stream()],
    ['a data URL', () => `data:image/png;base64,${png.toString('base64')}`],
    ['a data URL as an object', () => new URL(`data:image/png;base64,${png.toString('base64')}`)],
  ];
  it.each(sources)('%s', async (_, source) => {
    expect(await decodeImage(source())).toEqual(await decodeImage(png));
  });

  it('raw pixels without channels', async () => {
    const image = await decodeImage({ data: new Uint8ClampedArray(4 * 6), width: 3, height: 2 });
    expect(image.channels).toBe(4);
    const pixels = { data: new Uint8Array(7), width: 3, height: 2 };
    await expect(decodeImage(pixels)).rejects.toMatchObject({ code: 'bad-image' });
  });
});

describe('refuses', () => {
  const limits = { bytes: 500 };
  it.each<[string, () => ImageSource]>([
    ['a path', () => join(folder, 'a.png')],
    ['bytes', () => png],
    ['a Blob', () => new Blob([new Uint8Array(png)])],
    ['a data URL', () => `data:image/png;base64,${png.toString('base64')}`],
    ['a web stream', () => new Blob([new Uint8Array(png)]).stream()],
  ])('more bytes than the limit in %s', async (_, source) => {
    const error = { code: 'bad-image', expected: '1 to 500 bytes' };
    await expect(decodeImage(source(), undefined, { limits })).rejects.toMatchObject(error);
  });

  it('a stream that has no end, and ends it', async () => {
    let read = 0;
    const endless = new Readable({
      read() {
        read += 100;
        this.push(Buffer.alloc(100));
      },
      highWaterMark: 100,
    });
    await expect(decodeImage(endless, 'upload', { limits })).rejects.toMatchObject({
      code: 'bad-image',
      who: 'upload',
    });
    expect(endless.destroyed).toBe(true);
    expect(read).toBeLessThan(2000);
  });

  it('more pixels than the limit ', async () => {
    const few = decodeImage(png, undefined, { limits: { pixels: 1199 } });
    await expect(few).rejects.toMatchObject({ code: 'bad-image', received: expect.stringContaining('pixel limit') });
    await decodeImage(png, undefined, { limits: { pixels: 1200 } });
    const raw: Image = { data: new Uint8Array(12), width: 4, height: 3, channels: 1 };
    await expect(decodeImage(raw, undefined, { limits: { pixels: 11 } })).rejects.toMatchObject({ code: 'bad-image' });
  });

  it('a decompression bomb by what its header says', async () => {
    const bomb = Buffer.from(png);
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const received = expect.stringContaining('pixel limit');
    await expect(decodeImage(bomb)).rejects.toMatchObject({ code: 'bad-image', received });
  });

  it.each<[string, () => unknown, string]>([
    ['a number', () => 7, 'bad-argument'],
    ['null', () => null, 'bad-argument'],
    ['a data URL that is not base64', () => 'data:image/png,hello', 'bad-image'],
    ['a stream of text', () => Readable.from(['text'], { encoding: 'utf8' }), 'bad-image'],
    ['an empty stream', () => Readable.from([]), 'bad-image'],
  ])('%s', async (_, source, code) => {
    await expect(decodeImage(source() as ImageSource)).rejects.toMatchObject({ name: 'DenaryError', code });
  });

  it('a stream that fails', async () => {
    const failing = new Readable({
      read() {
        this.destroy(new Error('connection reset'));
      },
    });
    await expect(decodeImage(failing)).rejects.toMatchObject({
      code: 'bad-image',
      received: expect.stringContaining('reset'),
    });
  });

  it.each([{ bytes: 0 }, { pixels: 2.5 }, { pixels: 1e12 }])('limits that are none: %o', async (limits) => {
    await expect(decodeImage(png, undefined, { limits })).rejects.toMatchObject({ code: 'bad-argument' });
  });
});

describe('a signal to abort', () => {
  it('ends the wait for a stream that stands still', async () => {
    const controller = new AbortController();
    const still = new Readable({ read() {} });
    const decoding = decodeImage(still, undefined, { signal: controller.signal });
    setImmediate(() => controller.abort());
    await expect(decoding).rejects.toMatchObject({ code: 'aborted' });
    expect(still.destroyed).toBe(true);
  });

  it('is heeded before anything is read', async () => {
    await expect(decodeImage('/nowhere', undefined, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('all kinds of pixels', () => {
  it('converts CMYK', async () => {
    const red = { create: { width: 16, height: 16, channels: 3, background: '#e02020' } } as const;
    const bytes = await sharp(red).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');
    const { data, channels } = await decodeImage(bytes);
    expect(channels).toBe(3);
    expect(data[0]! - Math.max(data[1]!, data[2]!)).toBeGreaterThan(100);
  });

  it('resolves a palette, and keeps its transparency', async () => {
    const pixels = Uint8Array.from([255, 0, 0, 255, 0, 255, 0, 0]);
    const bytes = await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png({ palette: true })
      .toBuffer();
    expect((await sharp(bytes).metadata()).isPalette).toBe(true);
    const { data, channels } = await decodeImage(bytes);
    expect(channels).toBe(4);
    expect([...data.subarray(0, 4), data[7]]).toEqual([255, 0, 0, 255, 0]);
  });

  it('takes the first of several pages', async () => {
    const page = (background: string) =>
      sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toBuffer();
    const tiff = await sharp(await Promise.all(['#ff0000', '#00ff00', '#0000ff'].map(page)), {
      join: { animated: true },
    })
      .tiff({ compression: 'lzw' })
      .toBuffer();
    expect((await sharp(tiff).metadata()).pages).toBe(3);
    const { data, width, height } = await decodeImage(tiff);
    expect([width, height, ...data.subarray(0, 3)]).toEqual([8, 8, 255, 0, 0]);
  });
});
