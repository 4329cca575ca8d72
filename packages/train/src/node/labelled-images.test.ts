import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findLabelledImages } from './labelled-images.js';

const digit = { height: 2, width: 2, classes: 10, slots: 1 };
const pair = { ...digit, slots: 2 };
let folder: string;

const csv = async (name: string, text: string) => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-labelled-'));
  for (const [label, files] of Object.entries({
    7: ['b.PNG', 'a.jpeg', 'notes.txt'],
    0: ['x.webp'],
    '.git': ['c.png'],
  })) {
    await mkdir(join(folder, 'hand', label), { recursive: true });
    for (const file of files) await writeFile(join(folder, 'hand', label, file), '');
  }
});

describe('findLabelledImages', () => {
  it('reads folders that are called after their labels', async () => {
    const path = join(folder, 'hand');
    expect(await findLabelledImages(path, digit)).toEqual({
      files: [
        { path: join(path, '0', 'x.webp'), label: 0 },
        { path: join(path, '7', 'a.jpeg'), label: 7 },
        { path: join(path, '7', 'b.PNG'), label: 7 },
      ],
    });
  });

  it('reads paths and labels, with a header, quotes and blank lines', async () => {
    const path = await csv('paths.csv', 'image,label\r\na.png,3\r\n\r\n"b, c.png","4"\r\n');
    expect(await findLabelledImages(path, digit)).toEqual({
      files: [
        { path: join(folder, 'a.png'), label: 3 },
        { path: join(folder, 'b, c.png'), label: 4 },
      ],
    });
  });

  it('reads pixels', async () => {
    const found = await findLabelledImages(await csv('pixels.csv', '0,255,7,1,9\n1,2,3,4,0\n'), digit);
    expect(found).toMatchObject({ dataset: { count: 2, labels: Uint8Array.of(9, 0) } });
  });

  it('reads the text of a model with several slots', async () => {
    expect(await findLabelledImages(await csv('pairs.csv', 'a.png,07\n'), pair)).toEqual({
      files: [{ path: join(folder, 'a.png'), label: '07' }],
    });
  });

  it.each([
    [
      'a label that the model does not know',
      'a.png,3\nb.png,10\n',
      /line 2: expected a label of 0 to 9, received "10"/,
    ],
    ['a line of three columns', 'a.png,b.png,3\n', /expected a path and a label, or 4 pixels and a label, received 3/],
    ['a header alone', 'image,label\n', /expected lines of an image and its label, received none/],
  ])('refuses %s', async (_, text, message) => {
    await expect(findLabelledImages(await csv('bad.csv', text), digit)).rejects.toThrow(message);
  });

  it('refuses what is not there, folders without images, and folders of other names', async () => {
    await expect(findLabelledImages(join(folder, 'nowhere'), digit)).rejects.toMatchObject({ code: 'not-found' });
    await expect(findLabelledImages(join(folder, 'hand', '7'), digit)).rejects.toThrow(/received no folder/);
    await mkdir(join(folder, 'named', 'seven'), { recursive: true });
    await expect(findLabelledImages(join(folder, 'named'), digit)).rejects.toThrow(/received "seven"/);
  });
});
