/** What lies between images and a model: pixels as the model takes them, and predictions from the rows that it gives. */

import type { Contract } from './contract.js';
import { DenaryError } from './errors.js';
import { checkImage, type Image, toGrey } from './image.js';
import { normalise } from './normalise.js';
import { emptyPrediction, type Prediction, type TextPrediction, toPrediction, toTextPrediction } from './prediction.js';
import { type Judgement, rejectionOf } from './rejection.js';
import type { Slab } from './slab.js';

/** `normalise`: as MNIST was made, for drawings and photos. `none`: the pixels as they are, ink bright, in the model's size. */
export type Preprocess = 'normalise' | 'none';

/** What `predict` gives for one image: by the model, a digit or a text. */
export type AnyPrediction = Prediction | TextPrediction;

/** An image as the model takes it. */
export interface Prepared {
  /** uint8 [height, width]. */
  readonly pixels: Uint8Array;
  /** Nothing is on it. */
  readonly empty: boolean;
}

/** Throws `bad-image` in the name of `who`. The pixels are copies, in an array of the slab where there is one. */
export function prepare(
  image: Image,
  preprocess: Preprocess,
  { height, width }: Contract,
  who: string,
  slab?: Slab,
): Prepared {
  if (preprocess === 'normalise') return normalise(toGrey(image, who));
  checkImage(image, who);
  if (image.width === width && image.height === height) {
    const pixels = slab ? slab.take() : new Uint8Array(height * width);
    pixels.set(toGrey(image).data);
    return { pixels, empty: false };
  }
  throw new DenaryError({
    code: 'bad-image',
    who,
    expected: `an image of ${width}x${height} pixels, since preprocess is 'none'`,
    received: `${image.width}x${image.height}`,
    remedy: "Scale it to that size, or use preprocess: 'normalise' with a model of one digit.",
  });
}

/** What the model says of each image: `rows` is float32 [images, slots, classes]. */
export function predictionsOf(
  rows: Float32Array,
  images: readonly Prepared[],
  { classes, slots }: Contract,
  { temperature, rule }: Judgement = {},
): AnyPrediction[] {
  const digit = ({ empty, pixels }: Prepared, at: number): Prediction => {
    const read = empty ? emptyPrediction(classes) : toPrediction(rows, at * classes, classes, temperature);
    const rejected = rule && rejectionOf(read, rule, slots === 1 ? pixels : undefined);
    return rejected ? { ...read, digit: null, rejected } : read;
  };
  if (slots === 1) return images.map((image, i) => digit(image, i));
  return images.map((image, i) =>
    toTextPrediction(Array.from({ length: slots }, (_, slot) => digit(image, i * slots + slot))),
  );
}
