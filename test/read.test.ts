/** Pages with many digits, as files: what `recognizer.read` and `denary read` make of them. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Box, Image, ReadDigit, Reading, Recognizer } from '@denary/core';
import { createRecognizer, type ImageSource } from '@denary/runtime-node';
import type { Dataset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const [WIDTH, HEIGHT, SIDE] = [640, 420, 84];
let recognizer: Recognizer<ImageSource>;
let mnist: Dataset;
let folder: string;

beforeAll(async () => {
  [recognizer, mnist, folder] = await Promise.all([
    createRecognizer({ model: 'cnn', device: 'cpu' }),
    loadDataset('mnist', 'train'),
    mkdtemp(join(tmpdir(), 'denary-read-')),
  ]);
});
afterAll(() => recognizer.close());

/** The first training images of these digits, three times as large, black on white; `pitch` is from one to the next. */
async function page(rows: readonly string[], pitch = 80): Promise<Sharp> {
  const used = new Set<number>();
  const drawn = rows.flatMap((row, line) =>
    [...row].map(async (digit, column) => {
      const index = mnist.labels.findIndex((label, i) => label === Number(digit) && !used.has(i));
      used.add(index);
      const data = mnist.images.subarray(index * 784, (index + 1) * 784);
      const input = await sharp(data, { raw: { width: 28, height: 28, channels: 1 } })
        .negate()
        .resize(SIDE, SIDE)
        .png()
        .toBuffer();
      return { input, left: 40 + column * pitch, top: 20 + line * 125, blend: 'multiply' as const };
    }),
  );
  return rebuilt(
    sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#f4f2ea' } }).composite(
      await Promise.all(drawn),
    ),
  );
}

/** sharp does its steps in an order of its own: this makes those so far come first. */
const rebuilt = async (image: Sharp) => sharp(await image.png().toBuffer());
const svg = (content: string) =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}">${content}</svg>`);
const over = (image: Sharp, content: string) => rebuilt(image.composite([{ input: svg(content), blend: 'multiply' }]));
const rules = Array.from(
  { length: 7 },
  (_, i) => `<path d="M0 ${30 + i * 62}H${WIDTH}" stroke="#9ab" stroke-width="2"/>`,
);
const shade =
  '<defs><linearGradient id="a"><stop stop-color="#fff"/><stop offset="1" stop-color="#555"/></linearGradient></defs>' +
  `<rect width="100%" height="100%" fill="url(#a)"/><path d="M0 0H300L100 ${HEIGHT}H0Z" fill="#999"/>`;

const ROWS = ['50419', '21314', '353617'];
const digitsOf = (reading: Reading): ReadDigit[] => reading.lines.flatMap(({ digits }) => [...digits]);
const raw = (level: number): Image => ({
  data: new Uint8Array(WIDTH * 300).fill(level),
  width: WIDTH,
  height: 300,
  channels: 1,
});

describe('read', () => {
  it('reads lines from top to bottom and digits from left to right, with boxes in pixels of the image', async () => {
    const reading = await recognizer.read(await (await page(ROWS)).png().toBuffer());
    expect(reading.text).toBe(ROWS.join('\n'));
    expect(reading.lines.map(({ text }) => text)).toEqual(ROWS);
    for (const [line, { digits, box, confidence }] of reading.lines.entries()) {
      expect(confidence).toBeCloseTo(
        digits.reduce((product, digit) => product * digit.confidence, 1),
        6,
      );
      for (const [column, digit] of digits.entries()) {
        expect(digit.touching).toBe(false);
        expect(digit.confidence).toBe(digit.probabilities[digit.digit]);
        expect(contains(box, digit.box)).toBe(true);
        const cell = { x: 40 + column * 80, y: 20 + line * 125, width: SIDE, height: SIDE };
        expect(contains(cell, digit.box)).toBe(true);
        expect(digit.box.height).toBeGreaterThan(SIDE / 2);
      }
    }
  });

  it.each<[string, (image: Sharp) => Promise<Sharp> | Sharp]>([
    ['light on dark', (image) => image.negate({ alpha: false })],
    ['in uneven light and shadow', (image) => over(image, shade)],
    ['on ruled paper', (image) => over(image, rules.join(''))],
    ['on ruled paper in uneven light', async (image) => over(await over(image, rules.join('')), shade)],
    ['aslant', (image) => image.rotate(4, { background: '#f4f2ea' })],
    ['aslant the other way', (image) => image.rotate(-4, { background: '#f4f2ea' })],
    [
      'among specks',
      (image) =>
        over(
          image,
          Array.from(
            { length: 60 },
            (_, i) => `<circle cx="${(i * 97) % WIDTH}" cy="${(i * 61) % HEIGHT}" r="1.2"/>`,
          ).join(''),
        ),
    ],
    ['in blue', (image) => image.linear([1, 1, 0.4], [0, 0, 140])],
    ['small', (image) => image.resize(WIDTH / 2)],
    ['large', (image) => image.resize(WIDTH * 4)],
  ])('reads the same %s, as a JPEG', async (_, change) => {
    const changed = await change(await page(ROWS));
    const reading = await recognizer.read(await changed.jpeg({ quality: 80 }).toBuffer());
    expect(reading.text).toBe(ROWS.join('\n'));
  });

  it('gives boxes on the upright image where a camera lay on its side', async () => {
    const upright = await page(ROWS);
    const lying = await rebuilt(upright.clone().rotate(270));
    const turned = await recognizer.read(await lying.withMetadata({ orientation: 6 }).png().toBuffer());
    const straight = await recognizer.read(await upright.png().toBuffer());
    expect(turned.text).toBe(straight.text);
    expect(digitsOf(turned).map(({ box }) => box)).toEqual(digitsOf(straight).map(({ box }) => box));
  });

  it('parts digits that touch, and says so with less confidence', async () => {
    const rows = ['72869', '21314'];
    const apart = await recognizer.read(await (await page(rows)).png().toBuffer());
    const reading = await recognizer.read(await (await page(rows, 48)).png().toBuffer());
    expect(reading.lines.map(({ text }) => text)).toEqual(rows);
    expect(digitsOf(apart).some(({ touching }) => touching)).toBe(false);
    const touching = digitsOf(reading).filter((digit) => digit.touching);
    expect(touching.length).toBeGreaterThanOrEqual(2);
    for (const { digit, confidence, probabilities } of touching) expect(confidence).toBeLessThan(probabilities[digit]!);
  });

  it('is not certain of digits that run into each other', async () => {
    const { text, lines } = await recognizer.read(await (await page(['50419'], 44)).png().toBuffer());
    expect(text).not.toBe('');
    expect(lines[0]!.confidence).toBeLessThan(0.9);
  });

  it('takes the word of a caller who knows the strokes', async () => {
    const [dark, chalk] = [await page(ROWS), (await page(ROWS)).negate({ alpha: false })];
    for (const [image, isDark] of [
      [await dark.png().toBuffer(), true],
      [await chalk.png().toBuffer(), false],
    ] as const) {
      const strokes = { width: 15, dark: isDark };
      expect((await recognizer.read(image, { strokes })).text).toBe(ROWS.join('\n'));
      const wrong = await recognizer.read(image, { strokes: { ...strokes, dark: !isDark } });
      expect(wrong.text).not.toBe(ROWS.join('\n'));
    }
    const strokes = { width: 0, dark: true };
    await expect(recognizer.read(new Uint8Array(), { strokes })).rejects.toMatchObject({ code: 'bad-argument' });
  });

  it('reads an image of one digit as predict does', async () => {
    for (let digit = 0; digit < 10; digit++) {
      const file = path(`examples/images/digit-${digit}.png`);
      const { text, lines } = await recognizer.read(file);
      expect(text).toBe(`${digit}`);
      expect(lines[0]!.digits[0]!.confidence).toBeCloseTo((await recognizer.predict(file)).confidence, 5);
    }
  });

  it('finds no lines on blank and on noisy pages', async () => {
    const noise = raw(0);
    for (let i = 0; i < noise.data.length; i++) noise.data[i] = 200 + ((Math.imul(i + 1, 2654435761) >>> 13) % 21);
    for (const image of [raw(255), raw(0), raw(130), noise])
      expect(await recognizer.read(image)).toEqual({ text: '', lines: [] });
  });

  it('is answered together with other calls', async () => {
    const source = await (await page(ROWS)).png().toBuffer();
    const [one, digit, other] = await Promise.all([
      recognizer.read(source),
      recognizer.predict(path('examples/images/digit-7.png')),
      recognizer.read(source),
    ]);
    expect(digit.digit).toBe(7);
    expect(one.text).toBe(ROWS.join('\n'));
    expect(other).toEqual(one);
  });

  it('tells of wrong images, models and of calls that were ended', async () => {
    const source = await (await page(ROWS)).png().toBuffer();
    const soon = new AbortController();
    const begun = recognizer.read(source, { signal: soon.signal });
    soon.abort();
    await expect(begun).rejects.toMatchObject({ code: 'aborted', who: 'read' });
    await expect(recognizer.read(source, { timeout: -1 })).rejects.toMatchObject({ code: 'bad-argument' });
    await expect(recognizer.read('/nowhere/page.png')).rejects.toMatchObject({ code: 'not-found' });
    await expect(recognizer.read(Uint8Array.of(1, 2))).rejects.toMatchObject({ code: 'bad-image' });
    const pair = await createRecognizer({ model: 'pair', isolation: 'none', device: 'cpu' });
    await expect(pair.read(source)).rejects.toMatchObject({ code: 'bad-argument', who: 'read' });
    await pair.close();
    await expect(pair.read(source)).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('denary read', () => {
  const denary = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path('packages/cli/bin/denary.js'), 'read', ...args]).catch(
      (error: { code: number; stdout: string; stderr: string }) => error,
    );

  it('prints the text, everything as JSON, and a picture', async () => {
    const file = join(folder, 'page.png');
    const picture = join(folder, 'page.svg');
    await writeFile(file, await (await page(ROWS)).png().toBuffer());
    const plain = await denary(file, '--picture', picture);
    expect(plain.stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([...ROWS, '']);
    const drawn = await readFile(picture, 'utf8');
    expect(drawn.match(/<rect/g)).toHaveLength(16);
    expect((await sharp(Buffer.from(drawn)).metadata()).width).toBe(WIDTH);
    const { lines } = JSON.parse((await denary(file, '--json')).stdout);
    expect(lines[0].digits[0]).toMatchObject({ digit: 5, touching: false, box: { width: expect.any(Number) } });
  });

  it('fails where an image or an option is wrong, and reads the others', async () => {
    const digit = path('examples/images/digit-3.png');
    const mixed = await denary('missing.png', digit);
    expect(mixed).toMatchObject({ code: 1, stderr: expect.stringContaining('missing.png') });
    expect(mixed.stdout).toMatch(/digit-3\.png\n3 /);
    expect(await denary(digit, '--picture', 'a.gif')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('.svg'),
    });
  });
});

function contains(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}
