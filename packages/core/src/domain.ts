/**
 * Whether an image is a digit at all: a small convolutional net beside the model, taught by digits and by made pictures that
 * are none (outlier exposure: Hendrycks, Mazeika and Dietterich, ICLR 2019). A softmax over digits alone can be sure of
 * anything. It sees the image and not the model, and is plain arithmetic in a fixed order: the same bits in every runtime.
 */

import { messageOf, problem } from './errors.js';

/** The side of the images that it takes. */
const SIDE = 28;

/**
 * The convolutions: filters, the side of their kernels, and stride, with Keras' padding `same` and a ReLU between two. The
 * third sees the whole of the second's 7x7, so it and the next, which has a filter for each class and one for all else, are
 * dense layers.
 */
export const domainLayers = (classes: number) =>
  [
    { filters: 8, size: 5, stride: 2 },
    { filters: 16, size: 3, stride: 2 },
    { filters: 32, size: 7, stride: 7 },
    { filters: classes + 1, size: 1, stride: 1 },
  ] as const;

export interface DomainLayer {
  /** float64 [size, size, channels, filters]: weights, each one of -127 to 127 steps. */
  readonly kernels: Float64Array;
  readonly step: number;
  /** [filters] */
  readonly biases: readonly number[];
}

/** One for each of `domainLayers`. */
export type Domain = readonly DomainLayer[];

/** How unlike any digit an image, uint8 [28, 28], is: the logit of no digit less that of the likeliest. Below 0 a digit is likelier. */
export function distanceFrom(domain: Domain, pixels: ArrayLike<number>): number {
  let values = new Float64Array(SIDE * SIDE);
  for (let i = 0; i < values.length; i++) values[i] = pixels[i]! / 255;
  let side = SIDE;
  for (const [i, shape] of domainLayers(domain.at(-1)!.biases.length - 1).entries()) {
    values = convolve(values, side, domain[i]!, shape);
    side = Math.ceil(side / shape.stride);
  }
  const none = values.at(-1)!;
  return none - Math.max(...values.subarray(0, -1));
}

// Scratch memory, kept between calls: what a kernel sees that is above 0, and where its weights begin.
const seen = new Float64Array(7 * 7 * 16);
const at = new Int32Array(seen.length);

/** What a ReLU before it leaves at 0, most of an image and half of all else, is passed over. */
function convolve(
  values: Float64Array,
  side: number,
  { kernels, biases }: DomainLayer,
  { filters, size, stride }: { filters: number; size: number; stride: number },
): Float64Array<ArrayBuffer> {
  const channels = values.length / (side * side);
  const wide = Math.ceil(side / stride);
  const rim = Math.max(0, (wide - 1) * stride + size - side) >> 1;
  const sums = new Float64Array(wide * wide * filters);
  for (let cell = 0; cell < wide * wide; cell++) {
    const [top, left] = [Math.floor(cell / wide) * stride - rim, (cell % wide) * stride - rim];
    const [first, end] = [Math.max(0, -left), Math.min(size, side - left)];
    let count = 0;
    for (let y = Math.max(0, -top); y < Math.min(size, side - top); y++) {
      let from = ((top + y) * side + left + first) * channels;
      for (let k = (y * size + first) * channels; k < (y * size + end) * channels; k++, from++) {
        if (values[from]! <= 0) continue;
        at[count] = k * filters;
        seen[count++] = values[from]!;
      }
    }
    // Four filters at a time are twice as fast as one; what would lie beyond the last is dropped.
    for (let f = 0; f < filters; f += 4) {
      let a = biases[f]!;
      let b = biases[f + 1]!;
      let c = biases[f + 2]!;
      let d = biases[f + 3]!;
      for (let i = 0; i < count; i++) {
        const value = seen[i]!;
        const k = at[i]! + f;
        a += value * kernels[k]!;
        b += value * kernels[k + 1]!;
        c += value * kernels[k + 2]!;
        d += value * kernels[k + 3]!;
      }
      const to = cell * filters + f;
      sums[to] = a;
      if (f + 1 < filters) sums[to + 1] = b;
      if (f + 2 < filters) sums[to + 2] = c;
      if (f + 3 < filters) sums[to + 3] = d;
    }
  }
  return sums;
}

/** As JSON has it. */
export interface EncodedLayer extends Omit<DomainLayer, 'kernels'> {
  /** In base64. */
  readonly kernels: string;
}

export type EncodedDomain = readonly EncodedLayer[];

export function encodeDomain(domain: Domain): EncodedDomain {
  return domain.map(({ kernels, step, biases }) => {
    const bytes = Uint8Array.from(kernels, (weight) => Math.round(weight / step));
    return { kernels: btoa(String.fromCharCode(...bytes)), step, biases };
  });
}

/** Throws `bad-model` where the layers are not those of a domain. */
export function decodeDomain(encoded: EncodedDomain, who = 'decodeDomain'): Domain {
  try {
    const classes = encoded.at(-1)!.biases.length - 1;
    let channels = 1;
    return domainLayers(classes).map(({ filters, size }, i) => {
      const { kernels, step, biases } = encoded[i]!;
      const bytes = Int8Array.from(atob(kernels), (character) => character.charCodeAt(0));
      const fits = bytes.length === size * size * channels * filters && biases.length === filters;
      if (!fits || ![step, ...biases].every(Number.isFinite)) throw new Error('layers of other sizes');
      channels = filters;
      return { kernels: Float64Array.from(bytes, (steps) => steps * step), step, biases };
    });
  } catch (cause) {
    const remedy = 'Take the model file as it was written, or calibrate it again.';
    throw problem('bad-model', who, 'the layers of a domain', messageOf(cause), remedy, cause);
  }
}

/** Of WHATWG's HTML, and in Node as in browsers; declared here, as core has neither's types. A codec would weigh on every page. */
declare function atob(base64: string): string;
declare function btoa(bytes: string): string;
