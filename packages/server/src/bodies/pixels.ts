/** A body that is the raw pixels of one image: uint8 [height, width, channels], row by row. */

import type { Channels, Image } from '@denary/core';
import type { BodyContext } from './submission.js';

/** Of the query; the model's size where left out. */
export interface PixelQuery {
  readonly width?: number;
  readonly height?: number;
  readonly channels?: Channels;
}

/** The recognizer checks that the size is that of the bytes. */
export function fromPixels(data: Buffer, query: PixelQuery, context: BodyContext): Image {
  const { width = context.width, height = context.height, channels = 1 } = query;
  return { data, width, height, channels };
}
