/** Digits and a few signs, 3x5 pixels each, for captions on images where there is no text to be had. */

import type { GreyImage } from '@denary/core';

/** Rows from the top, three bits each. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  '0': [7, 5, 5, 5, 7],
  '1': [2, 6, 2, 2, 7],
  '2': [7, 1, 7, 4, 7],
  '3': [7, 1, 7, 1, 7],
  '4': [5, 5, 7, 1, 1],
  '5': [7, 4, 7, 1, 7],
  '6': [7, 4, 7, 5, 7],
  '7': [7, 1, 1, 2, 2],
  '8': [7, 5, 7, 5, 7],
  '9': [7, 5, 7, 1, 7],
  '-': [0, 0, 7, 0, 0],
  '–': [0, 0, 7, 0, 0],
  '.': [0, 0, 0, 0, 2],
  ':': [0, 2, 0, 2, 0],
  '>': [4, 2, 1, 2, 4],
  '→': [2, 1, 7, 1, 2],
  '%': [5, 1, 2, 4, 5],
};
const ADVANCE = 4;

export const TEXT_HEIGHT = 5;

/** In pixels of the font. */
export const textWidth = (text: string): number => Math.max(0, text.length * ADVANCE - 1);

/** Draws onto an image; what the font does not have stays blank. */
export function drawText(
  image: GreyImage,
  text: string,
  { left, top, scale, grey }: { left: number; top: number; scale: number; grey: number },
): void {
  for (const [i, character] of Array.from(text).entries()) {
    const glyph = GLYPHS[character] ?? [];
    for (const [row, bits] of glyph.entries()) {
      for (let column = 0; column < 3; column++) {
        if ((bits & (4 >> column)) === 0) continue;
        const x = left + (i * ADVANCE + column) * scale;
        for (let y = top + row * scale; y < top + (row + 1) * scale; y++) {
          image.data.fill(grey, y * image.width + x, y * image.width + x + scale);
        }
      }
    }
  }
}
