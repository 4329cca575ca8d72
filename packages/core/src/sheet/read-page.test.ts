import { expect, test } from 'vitest';
import type { Image } from '../image.js';
import { atOnce } from '../slices.js';
import { type PageReader, readPage } from './read-page.js';

/** Rings in a grid, black on white. */
function rings(columns: number, rows: number, pitch = 40, radius = 13, thick = 2.5): Image {
  const [width, height] = [columns * pitch, rows * pitch];
  const data = Uint8Array.from({ length: width * height }, (_, p) => {
    const [x, y] = [((p % width) % pitch) - pitch / 2, (Math.floor(p / width) % pitch) - pitch / 2];
    return Math.abs(Math.hypot(x, y) - radius) < thick ? 20 : 240;
  });
  return { data, width, height, channels: 1 };
}

/** Takes everything for a 0, but is not sure of what is lower than wide; counts what it is asked. */
function reader() {
  const asked: number[] = [];
  const predict = (field: Uint8Array) => {
    const rows = Array.from({ length: 28 }, (_, y) => field.subarray(28 * y, 28 * y + 28));
    const confidence = rows.filter((row) => row.some((level) => level > 127)).length > 14 ? 0.9999 : 0.4;
    return { digit: 0, confidence, probabilities: [confidence, ...Array<number>(9).fill((1 - confidence) / 9)] };
  };
  const fake: PageReader = {
    classify: async (fields) => {
      asked.push(fields.length);
      expect(fields.every((field) => field.length === 28 * 28 && field.some((level) => level === 255))).toBe(true);
      return fields.map(predict);
    },
    work: async (work) => atOnce(work),
  };
  return { asked, fake };
}

test('the model is asked once where nothing touches, and every ring has its box', async () => {
  const { asked, fake } = reader();
  const { text, lines } = await readPage(rings(6, 4), fake);
  expect(text).toBe(['000000', '000000', '000000', '000000'].join('\n'));
  expect(asked).toEqual([24]);
  for (const [row, { digits }] of lines.entries()) {
    for (const [column, { box }] of digits.entries()) {
      expect(Math.abs(box.x + box.width / 2 - (column + 0.5) * 40)).toBeLessThan(2);
      expect(Math.abs(box.y + box.height / 2 - (row + 0.5) * 40)).toBeLessThan(2);
      expect(Math.abs(box.width - 31)).toBeLessThan(5);
    }
  }
});

test('a chain of rings is asked about once more, with all that it may be parted into', async () => {
  const { asked, fake } = reader();
  const { lines } = await readPage(rings(3, 1, 40, 18.5), fake);
  expect(asked).toHaveLength(2);
  expect(asked[1]).toBeGreaterThan(3);
  expect(lines[0]!.text).toBe('000');
  expect(lines[0]!.digits.every(({ touching }) => touching)).toBe(true);
});

test('a page of thousands of pieces is refused', async () => {
  const { asked, fake } = reader();
  await expect(readPage(rings(71, 71, 28, 7, 1.5), fake)).rejects.toMatchObject({ code: 'bad-image', who: 'read' });
  expect(asked).toEqual([]);
});

test('a call that was ended goes no further', async () => {
  const { asked, fake } = reader();
  const work = () => Promise.reject(new Error('ended'));
  await expect(readPage(rings(2, 1), { ...fake, work })).rejects.toThrow('ended');
  expect(asked).toEqual([]);
});

test('what is no image is refused, in the name of read', async () => {
  const image = { data: new Uint8Array(5), width: 2, height: 2, channels: 1 } as const;
  await expect(readPage(image, reader().fake)).rejects.toMatchObject({ code: 'bad-image', who: 'read' });
});
