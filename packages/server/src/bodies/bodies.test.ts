import { DenaryError, type Image } from '@denary/core';
import { describe, expect, it } from 'vitest';
import { fromJson } from './json.js';
import { fromMultipart } from './multipart.js';
import { fromPixels } from './pixels.js';

const context = { maxImages: 3, width: 2, height: 2 };
const source = (image: unknown) => fromJson({ image }, context)[0]!.source;
const grey = (width: number, height: number, ...data: number[]) => ({
  data: expect.objectContaining(Object.fromEntries(data.map((value, i) => [i, value]))),
  width,
  height,
  channels: 1,
});

describe('fromJson', () => {
  it('takes rows, pixels of the model, and pixels with their size', () => {
    expect(source([[1, 2, 3]])).toEqual(grey(3, 1, 1, 2, 3));
    expect(source([1, 2, 3, 4])).toEqual(grey(2, 2, 1, 2, 3, 4));
    expect(source({ data: [9], width: 1, height: 1 })).toEqual(grey(1, 1, 9));
    expect(source({ data: 'AQIDBA==' })).toEqual(grey(2, 2, 1, 2, 3, 4));
    expect(source({ data: [1, 2, 3], width: 1, height: 1, channels: 3 })).toMatchObject({ channels: 3 });
  });

  it('takes base64 of either alphabet, and data URLs', () => {
    const bytes = Buffer.from([251, 255, 191]);
    for (const text of ['+/+/', '-_-_', 'data:image/png;base64,+/+/', 'data:;base64,+/+/']) {
      expect(source(text), text).toEqual(bytes);
    }
  });

  const bad: [item: unknown, who: string][] = [
    ['', 'image'],
    ['a b', 'image'],
    ['a===', 'image'],
    ['data:image/png,abc', 'image'],
    [null, 'image'],
    [true, 'image'],
    [[256], 'image[0]'],
    [[0, 1.5], 'image[1]'],
    [[[0], ['0']], 'image[1][0]'],
    [[[0, 1], [2]], 'image[1]'],
    [[[0], 7], 'image[1]'],
    [{}, 'image.data'],
    [{ data: { 0: 1 } }, 'image.data'],
  ];
  it.each(bad)('puts what is wrong with %j in its place', (item, who) => {
    const error = source(item);
    expect(error).toBeInstanceOf(DenaryError);
    expect(error).toMatchObject({ code: 'bad-image', who });
  });

  it('keeps the order of several', () => {
    const images = fromJson({ images: [[[1]], 'no!', [[2]]] }, context).map(({ source }) => source);
    expect(images).toEqual([grey(1, 1, 1), expect.objectContaining({ who: 'images[1]' }), grey(1, 1, 2)]);
  });

  it.each([null, 1, 'a', [], {}, { image: [[0]], images: [] }, { images: {} }, { images: [] }])(
    'refuses %j',
    (body) => {
      expect(() => fromJson(body, context)).toThrow(expect.objectContaining({ code: 'bad-argument', who: 'the body' }));
    },
  );

  it('refuses too many', () => {
    expect(() => fromJson({ images: Array(4).fill([[0]]) }, context)).toThrow(expect.objectContaining({ status: 413 }));
  });
});

describe('fromMultipart', () => {
  const type = 'multipart/form-data; boundary=b';
  const part = (head: string, body: string) => `--b\r\ncontent-disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
  const form = (...parts: string[]) => fromMultipart(Buffer.from(`${parts.join('')}--b--\r\n`), type, context);

  it('takes every file, in order, and nothing else', async () => {
    const images = await form(
      part('name="image"; filename="a.png"', 'first'),
      part('name="note"', 'text'),
      part('name="other"; filename="b.png"', 'second'),
    );
    expect(images).toEqual([
      { name: 'a.png', source: Buffer.from('first') },
      { name: 'b.png', source: Buffer.from('second') },
    ]);
  });

  it('takes an image without the name of a file', async () => {
    const images = await form(part('name="blob"\r\ncontent-type: image/png', 'bytes'));
    expect(images).toEqual([{ name: 'blob', source: Buffer.from('bytes') }]);
  });

  it('puts an empty file in its place, as an error', async () => {
    const images = await form(part('name="i"; filename="a"', ''), part('name="i"; filename="b"', 'x'));
    expect(images).toMatchObject([{ source: { code: 'bad-image', who: 'a' } }, { name: 'b' }]);
  });

  it('refuses too many, and none', async () => {
    const one = part('name="i"; filename="a"', 'x');
    await expect(form(one, one, one, one)).rejects.toMatchObject({ status: 413 });
    await expect(form(part('name="note"', 'text'))).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('refuses what is cut off at any place', async () => {
    const whole = part('name="i"; filename="a.png"', 'some bytes');
    for (let end = 0; end < whole.length; end++) {
      const cut = fromMultipart(Buffer.from(whole.slice(0, end)), type, context);
      await expect(cut, `${end}`).rejects.toMatchObject({ code: 'bad-argument', who: 'the body' });
    }
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=other'])(
    'refuses a form of %s',
    async (type) => {
      const body = Buffer.from(`${part('name="i"; filename="a"', 'x')}--b--\r\n`);
      await expect(fromMultipart(body, type, context)).rejects.toMatchObject({ code: 'bad-argument' });
    },
  );
});

describe('fromPixels', () => {
  it("has the model's size where none is given", () => {
    const data = Buffer.from([1, 2, 3, 4]);
    expect(fromPixels(data, {}, context)).toEqual({ data, width: 2, height: 2, channels: 1 } satisfies Image);
    expect(fromPixels(data, { width: 1, height: 1, channels: 4 }, context)).toMatchObject({ width: 1, channels: 4 });
  });
});
