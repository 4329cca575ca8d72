/** What an image may come from in a page: all kinds give the same pixels, and those of Node. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Image, type Recognizer, toGrey } from '@denary/core';
import { decodeImage as decodeInNode, writeImage } from '@denary/runtime-node';
import type { ImageSource } from '@denary/runtime-web';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OpenPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { type Globals, openStaticPage, type Told } from './page.js';

interface Page extends Globals {
  readonly recognizer: Recognizer<ImageSource>;
}

const sevenPath = fileURLToPath(new URL('../../examples/images/digit-7.png', import.meta.url));

/** Makes a source of a canvas with a drawing. It runs in the page. */
type Make = (canvas: HTMLCanvasElement) => unknown;

const exact: Record<string, Make> = {
  'a canvas': (canvas) => canvas,
  'an ImageData': (canvas) => canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height),
  'an ImageBitmap': (canvas) => createImageBitmap(canvas),
  'an OffscreenCanvas': (canvas) => {
    const other = new OffscreenCanvas(canvas.width, canvas.height);
    other.getContext('2d')!.drawImage(canvas, 0, 0);
    return other;
  },
  'a canvas that is not drawn on': async (canvas) => {
    const other = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
    other.getContext('bitmaprenderer')!.transferFromImageBitmap(await createImageBitmap(canvas));
    return other;
  },
  'a Blob': (canvas) => new Promise((resolve) => canvas.toBlob(resolve)),
  'a File': async (canvas) => {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    return new File([blob!], 'seven.png');
  },
  'a data: address': (canvas) => canvas.toDataURL(),
  'a blob: URL': async (canvas) => {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    return new URL(URL.createObjectURL(blob!));
  },
  'an image element that still loads': (canvas) => Object.assign(new Image(), { src: canvas.toDataURL() }),
  'a VideoFrame': (canvas) => new VideoFrame(canvas, { timestamp: 0 }),
  'a canvas of another window': (canvas) => {
    const frame = document.body.appendChild(document.createElement('iframe'));
    const other = Object.assign(frame.contentDocument!.createElement('canvas'), {
      width: canvas.width,
      height: canvas.height,
    });
    other.getContext('2d')!.drawImage(canvas, 0, 0);
    return other;
  },
  'raw pixels, RGB': (canvas) => {
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return { data: data.filter((_, i) => i % 4 !== 3), width, height, channels: 3 };
  },
  'raw pixels, grey': (canvas) => {
    const { data, width, height } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return { data: data.filter((_, i) => i % 4 === 0), width, height };
  },
};

const near: Record<string, Make> = {
  'a video': async (canvas) => {
    const video = Object.assign(document.createElement('video'), { srcObject: canvas.captureStream(30), muted: true });
    const context = canvas.getContext('2d')!;
    const drawing = setInterval(() => context.drawImage(canvas, 0, 0), 20);
    await video.play();
    clearInterval(drawing);
    return video;
  },
};

const wrong: Record<string, [make: Make, code: string, words: RegExp]> = {
  'an empty canvas': [() => Object.assign(document.createElement('canvas'), { width: 0 }), 'bad-image', /0 x/],
  'a closed bitmap': [
    async (canvas) => {
      const bitmap = await createImageBitmap(canvas);
      bitmap.close();
      return bitmap;
    },
    'bad-image',
    /0 x 0/,
  ],
  'a video without a frame': [() => document.createElement('video'), 'bad-image', /loadeddata/],
  'an image that did not load': [() => Object.assign(new Image(), { src: 'nothing.png' }), 'bad-image', /nothing\.png/],
  'a Blob that is no image': [() => new Blob(['hello'], { type: 'image/png' }), 'bad-image', /5 bytes/],
  'an address without an image': [() => 'nothing.png', 'not-found', /status 404/],
  'pixels that are missing': [
    () => ({ data: new Uint8Array(10), width: 28, height: 28, channels: 1 }),
    'bad-image',
    /784/,
  ],
  'a number': [() => 7, 'bad-argument', /Number/],
  nothing: [() => null, 'bad-argument', /Null/],
};

describeInBrowser('an image', () => {
  let open: OpenPage;
  let folder: string;
  let elsewhere: Server;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'denary-images-'));
    elsewhere = createServer(async (_, response) => response.end(await readFile(sevenPath))).listen(0, '127.0.0.1');
    open = await openStaticPage({}, folder);
    await open.page.evaluate(async () => {
      const { denary } = globalThis as unknown as Globals;
      Object.assign(globalThis, { recognizer: await denary.createRecognizer() });
    });
  });
  afterAll(async () => {
    await open?.close();
    elsewhere?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Predicts what `make` makes in the page. */
  const predict = (make: Make) =>
    open.page.evaluate(`(async () => {
      const source = await (${make})(draw());
      return tell(recognizer.predict(source));
    })()`) as Promise<Told<{ digit: number; probabilities: number[] }>>;

  it.each(Object.entries(exact))('is taken from %s', async (_, make) => {
    const expected = (await predict(exact['a canvas']!)).value!;
    expect(expected.digit).toBe(7);
    expect(await predict(make)).toEqual({ value: expected });
  });

  it.each(Object.entries(near))('is taken from %s', async (_, make) => {
    expect((await predict(make)).value?.digit).toBe(7);
  });

  it.each(Object.entries(wrong))('is not taken from %s', async (_, [make, code, words]) => {
    const { error } = await predict(make);
    expect(error).toMatchObject({ name: 'DenaryError', code, message: expect.stringMatching(words) });
  });

  it('of another origin is not taken without its consent', async () => {
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/digit.png`;
    const { error } = await open.page.evaluate(async (src) => {
      const { recognizer, tell } = globalThis as unknown as Page;
      return tell(recognizer.predict(Object.assign(new Image(), { src })));
    }, address);
    expect(error).toMatchObject({ code: 'bad-image', remedy: expect.stringContaining('crossorigin') });
  });

  it('in an array gives an array, and a bad one fails its call alone', async () => {
    const { digits, error } = await open.page.evaluate(async () => {
      const { recognizer, tell, draw } = globalThis as unknown as Page;
      const [good, bad] = await Promise.all([
        recognizer.predict([draw(), 'digit-3.png', draw()]),
        tell(recognizer.predict([draw(), new Blob(['hello'])])),
      ]);
      return { digits: good.map(({ digit }) => digit), error: bad.error };
    });
    expect(digits).toEqual([7, 3, 7]);
    expect(error).toMatchObject({ code: 'bad-image' });
  });

  describe('of a file has the pixels that it has in Node', () => {
    /** Every byte, in no order. */
    const noise = (channels: 1 | 2 | 3 | 4): Image => {
      const data = Uint8Array.from({ length: 64 * 48 * channels }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
      return { data, width: 64, height: 48, channels };
    };

    async function greysOf(name: string) {
      const inNode = toGrey(await decodeInNode(join(folder, name)));
      const { data, width, height } = await open.page.evaluate(async (name) => {
        const { denary } = globalThis as unknown as Globals;
        const { data, width, height } = await denary.decodeImage(name);
        return { data: [...data], width, height };
      }, name);
      const inPage = toGrey({ data: Uint8Array.from(data), width, height, channels: 4 });
      expect([inPage.width, inPage.height]).toEqual([inNode.width, inNode.height]);
      return [inPage.data, inNode.data] as const;
    }

    it.each([
      ['grey', 1, 0],
      ['RGB', 3, 0],
      // A canvas holds colours multiplied by their alpha, and rounded.
      ['RGBA', 4, 1],
    ] as const)('%s', async (kind, channels, most) => {
      await writeImage(join(folder, `${kind}.png`), noise(channels));
      const [inPage, inNode] = await greysOf(`${kind}.png`);
      inPage.forEach((value, i) => expect(Math.abs(value - inNode[i]!)).toBeLessThanOrEqual(most));
    });

    it('turned by its EXIF orientation', async () => {
      await writeFile(join(folder, 'turned.jpg'), await readFile(new URL('turned.jpg', import.meta.url)));
      const [inPage, inNode] = await greysOf('turned.jpg');
      inPage.forEach((value, i) => expect(Math.abs(value - inNode[i]!)).toBeLessThanOrEqual(2));
    });
  });
});
