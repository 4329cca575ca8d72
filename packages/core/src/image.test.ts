import { expect, test } from 'vitest';
import { type Channels, checkImage, type Image, toGrey } from './image.js';

const pixel = (channels: Channels, ...data: number[]): Image => ({
  data: Uint8Array.from(data),
  width: data.length / channels,
  height: 1,
  channels,
});

test('luma weighs red, green and blue as BT.601 does', () => {
  const image = pixel(3, 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30);
  // 76.245, 149.685, 29.07, 18.15
  expect([...toGrey(image).data]).toEqual([76, 150, 29, 18]);
});

test('a grey RGB or RGBA pixel keeps its level, whatever it is', () => {
  for (let level = 0; level < 256; level++) {
    expect(toGrey(pixel(3, level, level, level)).data[0]).toBe(level);
    expect(toGrey(pixel(4, level, level, level, 255)).data[0]).toBe(level);
    expect(toGrey(pixel(2, level, 255)).data[0]).toBe(level);
  }
});

test('alpha is composited over white', () => {
  expect([...toGrey(pixel(2, 0, 0, 0, 51, 0, 255)).data]).toEqual([255, 204, 0]);
  expect([...toGrey(pixel(4, 0, 0, 0, 0, 0, 0, 0, 51, 255, 0, 0, 128)).data]).toEqual([255, 204, 165]);
});

test('one channel is passed on without a copy, clamped arrays too', () => {
  const bytes = Uint8ClampedArray.from([9, 1, 2, 3]);
  const { data, width, height } = toGrey({ data: bytes.subarray(1), width: 3, height: 1, channels: 1 });
  expect([...data, width, height]).toEqual([1, 2, 3, 3, 1]);
  expect(data).toBeInstanceOf(Uint8Array);
  expect(data.buffer).toBe(bytes.buffer);
});

test('rows stay rows', () => {
  const image: Image = {
    data: Uint8Array.from({ length: 18 }, (_, i) => 10 * (i - (i % 3))),
    width: 2,
    height: 3,
    channels: 3,
  };
  expect(toGrey(image)).toEqual({ data: Uint8Array.from([0, 30, 60, 90, 120, 150]), width: 2, height: 3 });
});

const data = new Uint8Array(12);
test.each([
  ['a fraction of a pixel', { data, width: 1.5, height: 8, channels: 1 }, '1.5 x 8'],
  ['no pixels', { data: new Uint8Array(0), width: 0, height: 0, channels: 1 }, '0 x 0'],
  ['a negative size', { data, width: -3, height: -4, channels: 1 }, '-3 x -4'],
  ['a missing size', { data, width: 3, height: undefined, channels: 1 }, '3 x undefined'],
  ['too few bytes', { data, width: 3, height: 4, channels: 3 }, '12'],
  ['too many bytes', { data, width: 2, height: 2, channels: 1 }, '12'],
  ['five channels', { data, width: 3, height: 4, channels: 5 }, '5'],
  ['other arrays', { data: new Float32Array(12), width: 3, height: 4, channels: 1 }, 'Float32Array'],
  ['over 100 megapixels', { data, width: 10_001, height: 10_000, channels: 1 }, '10001 x 10000'],
])('%s is a bad image', (_, image, received) => {
  const error = expect.objectContaining({ code: 'bad-image', who: 'the test', received });
  expect(() => checkImage(image as Image, 'the test')).toThrow(error);
  expect(() => toGrey(image as Image, 'the test')).toThrow(error);
});
