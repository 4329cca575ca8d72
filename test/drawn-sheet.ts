/** A small sheet made of the drawings in examples/images, for tests that have it read. */

import { fileURLToPath } from 'node:url';
import type { Box } from '@denary/core';
import sharp from 'sharp';

export interface DrawnSheet {
  readonly png: Buffer;
  /** Where each digit's drawing was put, line by line. */
  readonly places: readonly (readonly Box[])[];
}

const GAP = 20;

/** The lines of digits, a drawing beside the other on white. */
export async function drawnSheet(lines: readonly string[]): Promise<DrawnSheet> {
  const drawings: { input: string; left: number; top: number; blend: 'multiply' }[] = [];
  const places: Box[][] = [];
  let [top, right] = [GAP, 0];
  for (const line of lines) {
    const row: Box[] = [];
    let [left, bottom] = [GAP, top];
    for (const digit of line) {
      const input = fileURLToPath(new URL(`../examples/images/digit-${digit}.png`, import.meta.url));
      const { width, height } = await sharp(input).metadata();
      drawings.push({ input, left, top, blend: 'multiply' });
      row.push({ x: left, y: top, width, height });
      left += width + GAP;
      bottom = Math.max(bottom, top + height);
    }
    places.push(row);
    top = bottom + GAP;
    right = Math.max(right, left);
  }
  const paper = sharp({ create: { width: right, height: top, channels: 3, background: '#fff' } });
  return { png: await paper.composite(drawings).png().toBuffer(), places };
}
