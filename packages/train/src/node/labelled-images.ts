/** Labelled images as people have them: a folder for each label (DIR/3/a.png), or a CSV of paths or of pixels. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { type Contract, problem } from '@denary/core';
import { datasetFromCsv } from '../data/csv.js';
import type { LabelledFile, LabelledImages } from '../fine-tune.js';

const IMAGES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.gif']);

/**
 * Reads a folder with a folder of images for each label, or a CSV file: lines of `path,label`, the path from the file's own
 * folder, with or without a header; or pixels row by row, 0 to 255, and then the label. Files are in the order of their names.
 * Throws `not-found`, and `bad-data` for labels that the model does not know and for what is neither.
 */
export async function findLabelledImages(path: string, contract: Contract): Promise<LabelledImages> {
  const found = await stat(path).catch(() => undefined);
  if (!found) {
    const remedy = 'Check the path: a folder with a folder of images for each digit, or a CSV file.';
    throw problem('not-found', 'findLabelledImages', 'labelled images', `no file or folder "${path}"`, remedy);
  }
  if (found.isDirectory()) return { files: await inFolders(path, contract) };
  return inCsv(path, new Uint8Array(await readFile(path)), contract);
}

async function inFolders(folder: string, contract: Contract): Promise<LabelledFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const labels = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const files = await Promise.all(
    labels.sort().map(async (name) => {
      const label = labelOf(name, contract, join(folder, name));
      const images = (await readdir(join(folder, name))).filter((file) => IMAGES.has(extname(file).toLowerCase()));
      return images.sort().map((file) => ({ path: join(folder, name, file), label }));
    }),
  );
  const all = files.flat();
  if (all.length > 0) return all;
  throw problem(
    'bad-data',
    folder,
    `images in folders that are called after their labels (${join(basename(folder), '3', 'a.png')})`,
    labels.length > 0 ? `folders without images: ${labels.join(', ')}` : 'no folder',
    `Known are ${[...IMAGES].join(', ')}.`,
  );
}

function inCsv(path: string, bytes: Uint8Array, contract: Contract): LabelledImages {
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  const columns = lines[0]!.split(',').length;
  const { height, width, classes, slots } = contract;
  if (columns === height * width + 1 && slots === 1) {
    return { dataset: datasetFromCsv({ name: basename(path), bytes, height, width, classes, brightest: 255 }) };
  }
  const rows = lines.flatMap((line, i) => (line.trim() === '' ? [] : [{ line, where: `${path}, line ${i + 1}` }]));
  const files = rows.flatMap(({ line, where }, i): LabelledFile[] => {
    const { name, text } = splitRow(line, where, height * width);
    // A header has a word where the label is.
    if (i === 0 && /^[a-z_ ]+$/i.test(text)) return [];
    return [{ path: resolve(dirname(path), name), label: labelOf(text, contract, where) }];
  });
  if (files.length > 0) return { files };
  throw problem('bad-data', path, 'lines of an image and its label', 'none', 'Write a line for each: a.png,3');
}

/** `path,label`; a path with a comma in it may stand between quotes. */
function splitRow(line: string, where: string, pixels: number): { name: string; text: string } {
  const [, quoted, plain, text] = /^\s*(?:"(.*)"|([^,]*))\s*,\s*"?([^,"]*?)"?\s*$/.exec(line) ?? [];
  const name = quoted?.replaceAll('""', '"') ?? plain?.trim();
  if (name && text !== undefined) return { name, text };
  const expected = `a path and a label, or ${pixels} pixels and a label`;
  throw problem('bad-data', where, expected, `${line.split(',').length} column(s)`, 'Write lines such as a.png,3');
}

function labelOf(text: string, { classes, slots }: Contract, where: string): number | string {
  if (slots > 1 && /^\d+$/.test(text) && text.length <= slots) return text;
  if (slots === 1 && /^\d+$/.test(text) && Number(text) < classes) return Number(text);
  const expected = slots === 1 ? `a label of 0 to ${classes - 1}` : `up to ${slots} digits`;
  throw problem(
    'bad-data',
    where,
    expected,
    `"${text}"`,
    'Name folders, or fill the last column, by what the images show.',
  );
}
