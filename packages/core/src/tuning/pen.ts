/** A pen: how wide its strokes are, and how soft their edges, as those of a picture that was enlarged or is out of focus. */

import type { Size } from './affine.js';
import type { Samples } from './samples.js';

export interface Pen {
  /** Pixels by which strokes are wider, before the map; negative where they are thinner. */
  readonly stroke: number;
  /** How often the image is softened, after the map. */
  readonly softness: number;
}

export const plainPen: Pen = { stroke: 0, softness: 0 };
export const isPlain = ({ stroke, softness }: Pen): boolean => stroke === 0 && softness === 0;

/** The width of strokes in pixels: twice their ink, by all that edges rise (the total variation). The mean over the images. */
export const widthOf = (samples: Samples): number => meanOver(samples, (sums) => (2 * sums.ink) / (sums.rise || 1));

/** By how many grey levels edges rise from a pixel to the next, each weighted by its square. The mean over the images. */
export const steepnessOf = (samples: Samples): number =>
  meanOver(samples, (sums) => Math.sqrt(sums.fourth / (sums.square || 1)));

/** Of an image: its ink, and the size of its gradient, by forward differences, in three powers. */
interface Sums {
  ink: number;
  rise: number;
  square: number;
  fourth: number;
}

function meanOver({ images, count, height, width }: Samples, of: (sums: Sums) => number): number {
  let total = 0;
  for (let i = 0, p = 0; i < count; i++) {
    const sums: Sums = { ink: 0, rise: 0, square: 0, fourth: 0 };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, p++) {
        const here = images[p]!;
        const right = (x < width - 1 ? images[p + 1]! : 0) - here;
        const down = (y < height - 1 ? images[p + width]! : 0) - here;
        const square = right * right + down * down;
        sums.ink += here;
        sums.rise += Math.sqrt(square);
        sums.square += square;
        sums.fourth += square * square;
      }
    }
    total += of(sums);
  }
  return total / (count || 1);
}

/** Of a pixel, by eighths: a blur of a quarter of a square pixel, as variances are. */
const [OWN, EIGHTHS] = [6, 8];

/** Blurs the image so many times; its darkest pixel stays as dark, as normalisation has it. */
export function soften(image: Uint8Array, { height, width }: Size, times: number): void {
  const [soft, spare] = [Float32Array.from(image), new Float32Array(image.length)];
  for (let time = 0; time < times; time++) {
    blurLines(soft, spare, { lines: height, next: width, length: width, step: 1 });
    blurLines(spare, soft, { lines: width, next: 1, length: height, step: width });
  }
  const scale = peakOf(image) / (peakOf(soft) || 1);
  for (let p = 0; p < image.length; p++) image[p] = Math.round(soft[p]! * scale);
}

/** Each line from its first pixel to its last, with ground before and after. */
function blurLines(from: Float32Array, to: Float32Array, along: Record<'lines' | 'next' | 'length' | 'step', number>) {
  const { lines, next, length, step } = along;
  for (let line = 0; line < lines; line++) {
    let [before, p] = [0, line * next];
    for (let at = 1; at <= length; at++, p += step) {
      const here = from[p]!;
      to[p] = (before + OWN * here + (at < length ? from[p + step]! : 0)) / EIGHTHS;
      before = here;
    }
  }
}

function peakOf(values: Uint8Array | Float32Array): number {
  let peak = 0;
  // An iterator would take several times as long.
  for (let i = 0; i < values.length; i++) if (values[i]! > peak) peak = values[i]!;
  return peak;
}
