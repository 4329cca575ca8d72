import type { Image, ReadDigit } from '@denary/core';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { drawReading } from './reading-picture.js';

const [WIDTH, HEIGHT] = [60, 40];
const digit = (digit: number, x: number, confidence: number, touching = false): ReadDigit => ({
  digit,
  confidence,
  probabilities: [],
  box: { x, y: 10, width: 12, height: 24 },
  touching,
});
const reading = (...digits: ReadDigit[]) => ({
  text: '',
  lines: [{ text: '', confidence: 1, box: { x: 0, y: 0, width: WIDTH, height: HEIGHT }, digits }],
});
const image = (channels: 1 | 2 | 3 | 4, level: number): Image => ({
  data: new Uint8Array(WIDTH * HEIGHT * channels).fill(level),
  width: WIDTH,
  height: HEIGHT,
  channels,
});

test('sure and doubtful digits have colours of their own, and digits that touch dashed boxes', async () => {
  const svg = await drawReading(
    image(1, 200),
    reading(digit(7, 5, 0.999), digit(1, 20, 0.5), digit(4, 40, 0.99, true)),
  );
  const groups = svg.match(/<g><title>.*<\/g>/g)!;
  expect(groups).toHaveLength(3);
  expect(groups.map((group) => /<title>(.*)<\/title>/.exec(group)![1])).toEqual(['7: 99.9%', '1: 50.0%', '4: 99.0%']);
  const colours = groups.map((group) => /stroke="(#\w+)"/.exec(group)![1]);
  expect(colours[0]).toBe(colours[2]);
  expect(colours[0]).not.toBe(colours[1]);
  expect(groups.map((group) => group.includes('dasharray'))).toEqual([false, false, true]);
});

test.each([1, 2, 3, 4] as const)(
  'an image of %i channels lies beneath the boxes, alpha over white',
  async (channels) => {
    const svg = await drawReading(image(channels, 128), reading(digit(7, 5, 0.999)));
    const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([WIDTH, HEIGHT]);
    const pixel = (x: number, y: number) => [...data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
    // Half of the light, over white, is 192.
    const paper = channels % 2 === 0 ? 192 : 128;
    for (const level of pixel(50, 20)) expect(Math.abs(level - paper)).toBeLessThan(4);
    expect(pixel(5, 20)[1]! - pixel(5, 20)[0]!).toBeGreaterThan(40);
  },
);
