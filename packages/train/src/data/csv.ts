/**
 * Comma-separated pixels: one image a line, its pixels row by row, then its label, without a header; the format of optdigits
 * and of many a copy of MNIST.
 */

import { DenaryError } from '@denary/core';
import { createDataset, type Dataset } from './dataset.js';

export interface CsvFormat {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** The largest value that a pixel may have. Pixels are kept as they are, not scaled to 255. */
  readonly brightest: number;
}

/**
 * A data set of an unpacked file. Lines may end in LF or CRLF. Throws `bad-data`, naming the line, where one has other than
 * height * width + 1 columns, or a value that is no whole number in its range.
 */
export function datasetFromCsv(file: CsvFormat & { readonly name: string; readonly bytes: Uint8Array }): Dataset {
  const { name, bytes, height, width, classes, brightest } = file;
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const area = height * width;
  const images = new Uint8Array(lines.length * area);
  const labels = new Uint8Array(lines.length);

  for (const [row, line] of lines.entries()) {
    const bad = (expected: string, received: string) =>
      new DenaryError({
        code: 'bad-data',
        who: `${name}, line ${row + 1}`,
        expected,
        received,
        remedy: 'The file is damaged or of another kind: get it again.',
      });
    const columns = line.split(',');
    if (columns.length !== area + 1) {
      throw bad(`${area + 1} columns, ${height}x${width} pixels and the label`, `${columns.length}`);
    }
    for (const [column, text] of columns.entries()) {
      const [what, largest] = column < area ? ['pixel', brightest] : ['label', classes - 1];
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!(value <= largest))
        throw bad(`a ${what} in 0..${largest} in column ${column + 1}`, `"${text.slice(0, 20)}"`);
      if (column < area) images[row * area + column] = value;
      else labels[row] = value;
    }
  }
  return createDataset({ name, images, labels, height, width, classes });
}
