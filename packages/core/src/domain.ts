/**
 * Whether an image is a digit at all: a small convolutional net beside the model, taught by digits and by made pictures that
 * are none (outlier exposure: Hendrycks, Mazeika and Dietterich, ICLR 2019). A softmax over digits alone can be sure of
 * anything. It sees the image and not the model, and is plain arithmetic in a fixed order: the same bits in every runtime.
 */

import { DenaryError } from './errors.js';

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
  /** int8 [size, size, channels, filters]: weights as multiples of `step`. */
  readonly kernels: Int8Array;
  readonly step: number;
  /** [filters] */
  readonly biases: readonly number[];
}

/** One for each of `domainLayers`. */
export type Domain = readonly DomainLayer[];

/** How unlike any digit an image, uint8 [28, 28], is: the logit of no digit less that of the likeliest. Below 0 a digit is likelier. */
export function distanceFrom(domain: Domain, pixels: ArrayLike<number>): number {
  let values: ArrayLike<number> = pixels;
  let [side, channels] = [SIDE, 1];
  for (const [i, { filters, size, stride }] of domainLayers(domain.at(-1)!.biases.length - 1).entries()) {
    const { kernels, step, biases } = domain[i]!;
    // Pixels count from 0 to 1.
    const unit = i === 0 ? step / 255 : step;
    const wide = Math.ceil(side / stride);
    const rim = Math.max(0, (wide - 1) * stride + size - side) >> 1;
    const sums = new Float64Array(wide * wide * filters);
    // From each input to the sums that it has part in: most of an image is paper, and half of what a ReLU gives is 0.
    for (let y = 0, from = 0; y < side; y++) {
      const [top, bottom] = reach(y + rim, size, stride, wide);
      for (let x = 0; x < side; x++) {
        const [left, right] = reach(x + rim, size, stride, wide);
        for (let channel = 0; channel < channels; channel++) {
          const value = values[from++]!;
          if (value <= 0) continue;
          for (let v = top; v <= bottom; v++) {
            for (let u = left; u <= right; u++) {
              const cell = (y + rim - v * stride) * size + x + rim - u * stride;
              const kernel = (cell * channels + channel) * filters;
              const sum = (v * wide + u) * filters;
              for (let k = 0; k < filters; k++) sums[sum + k]! += value * kernels[kernel + k]!;
            }
          }
        }
      }
    }
    values = sums.map((sum, k) => sum * unit + biases[k % filters]!);
    [side, channels] = [wide, filters];
  }
  const logits = Array.from(values);
  return logits.pop()! - Math.max(...logits);
}

/** The first and the last of the sums that an input at that place, counted from the rim, has part in. */
function reach(at: number, size: number, stride: number, wide: number): [number, number] {
  return [Math.max(0, Math.ceil((at - size + 1) / stride)), Math.min(wide - 1, Math.floor(at / stride))];
}

/** As JSON has it. */
export interface EncodedLayer extends Omit<DomainLayer, 'kernels'> {
  /** In base64. */
  readonly kernels: string;
}

export function encodeDomain(domain: Domain): EncodedLayer[] {
  return domain.map(({ kernels, ...rest }) => {
    const characters = Array.from(new Uint8Array(kernels), (byte) => String.fromCharCode(byte));
    return { ...rest, kernels: btoa(characters.join('')) };
  });
}

/** Throws `bad-model` where the layers are not those of a domain of so many classes. */
export function decodeDomain(encoded: readonly EncodedLayer[], classes: number, who = 'decodeDomain'): Domain {
  let channels = 1;
  const domain = domainLayers(classes).map(({ filters, size }, i) => {
    const { kernels = '', step, biases } = encoded[i] ?? ({} as Partial<EncodedLayer>);
    const bytes = Int8Array.from(atob(kernels), (character) => character.charCodeAt(0));
    const numbers = [step, ...(biases ?? [])];
    const fits = bytes.length === size * size * channels * filters && numbers.length === 1 + filters;
    channels = filters;
    return fits && numbers.every(Number.isFinite) ? { kernels: bytes, step: step!, biases: biases! } : undefined;
  });
  if (domain.every((layer) => layer !== undefined)) return domain;
  throw new DenaryError({
    code: 'bad-model',
    who,
    expected: `a domain of ${classes} classes`,
    received: 'layers of other sizes',
    remedy: 'Take the model file as it was written, or calibrate it again.',
  });
}

/** Of WHATWG's HTML, and in Node as in browsers; declared here, as core has neither's types. A codec would weigh on every page. */
declare function atob(base64: string): string;
declare function btoa(bytes: string): string;
