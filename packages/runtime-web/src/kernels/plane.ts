/** What is between two layers as it lies in memory: pixel by pixel with all channels of each, and zeros around as convolutions want. */
import { COLUMNS } from './block.js';
import type { Shape } from './layers.js';

export interface Border {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

export const noBorder: Border = { top: 0, left: 0, bottom: 0, right: 0 };

export class Plane {
  readonly pixelBytes: number;
  readonly rowBytes: number;
  /** Of all of it, in whole vectors. */
  readonly floats: number;
  /** Where the first pixel lies that is no border, in bytes. */
  readonly start: number;

  /** `pitch` are the floats of a pixel; those beyond its channels are 0. */
  constructor(
    readonly shape: Shape,
    readonly pitch: number,
    { top, left, bottom, right }: Border = noBorder,
  ) {
    this.pixelBytes = 4 * pitch;
    this.rowBytes = (left + shape.width + right) * this.pixelBytes;
    this.floats = 4 * Math.ceil(((top + shape.height + bottom) * this.rowBytes) / 16);
    this.start = top * this.rowBytes + left * this.pixelBytes;
  }
}

/** Channels in whole blocks. */
export const paddedTo = (channels: number): number => COLUMNS * Math.ceil(channels / COLUMNS);
