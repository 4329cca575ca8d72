/**
 * Augmentation: copies of images that are turned, moved, slanted, scaled, warped and drawn with another pen. What happens to
 * an image is a pure function of (seed, epoch, its index in the data set), so neither the batch size nor the order nor who
 * does the work changes it. Each pixel is resampled once, whatever is asked for, and no image allocates anything.
 */

import { problem } from '../errors.js';
import { hash32, stream } from '../random.js';
import { atOnce, type Work } from '../slices.js';
import { type AugmentOptions, isIdle, type ResolvedAugmentOptions, resolveAugmentOptions } from './augment-options.js';
import { drawRanges, newPlacement, place } from './placement.js';
import { changeStroke } from './stroke.js';
import { Canvas, resample } from './warp.js';
import { type Waves, waves } from './waves.js';

export type { AugmentOptions } from './augment-options.js';

export interface AugmentJob {
  readonly from: { readonly images: Uint8Array; readonly height: number; readonly width: number };
  /** Which images; their copies are written in this order. */
  readonly indices: ArrayLike<number>;
  /** From 0; every epoch has its own copies. */
  readonly epoch: number;
  readonly seed: number;
  /** uint8 [indices.length, height, width]; may be longer, and must not be the images themselves. */
  readonly out: Uint8Array;
}

/** Writes augmented copies. Throws `bad-argument` where `out` is too short or an index is outside the images. */
export interface Augmentation {
  (job: AugmentJob): void;
  /** All settings: what a checkpoint must agree with. */
  readonly options: ResolvedAugmentOptions;
}

const AUGMENT = stream('augment');

/** Throws `bad-argument` for a setting that is unknown or out of its range. */
export const augment = (options: AugmentOptions): Augmentation => atOnce(augmenting(options));

/** The making of an augmentation. */
export function* augmenting(options: AugmentOptions): Work<Augmentation> {
  const settings = resolveAugmentOptions(options);
  const { alpha, sigma } = settings.elastic;
  return augmentation(settings, alpha > 0 ? yield* waves(alpha, sigma) : undefined);
}

function augmentation(settings: ResolvedAugmentOptions, field: Waves | undefined): Augmentation {
  const { strokeWidth } = settings;
  const idle = isIdle(settings);
  let canvas = new Canvas(1, 1);
  const placement = newPlacement();

  const write = ({ from, indices, epoch, seed, out }: AugmentJob): void => {
    const { images, height, width } = from;
    const area = height * width;
    requireRoom(images.length / area, indices, out.length / area);
    if (canvas.height !== height || canvas.width !== width) canvas = new Canvas(height, width);
    const ranges = drawRanges(settings, height, width);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i]!;
      if (idle) {
        for (let p = 0; p < area; p++) out[i * area + p] = images[index * area + p]!;
        continue;
      }
      const key = hash32(seed, AUGMENT, epoch, index);
      canvas.load(images, index * area);
      place(placement, key, ranges, height, width);
      if (strokeWidth > 0) changeStroke(canvas, placement.stroke);
      resample(canvas, placement, field, out, i * area);
    }
  };
  return Object.assign(write, { options: settings });
}

function requireRoom(images: number, indices: ArrayLike<number>, room: number): void {
  if (room < indices.length) {
    throw problem(
      'bad-argument',
      'augment',
      `room for ${indices.length} images`,
      `room for ${room}`,
      'Give a longer `out`.',
    );
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < images) continue;
    throw problem('bad-argument', 'augment', `indices in 0..${images - 1}`, `${index}`, 'Name images that there are.');
  }
}
