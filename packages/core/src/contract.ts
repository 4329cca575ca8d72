/**
 * The model file's contract: uint8 `image` [batch, height, width] in, float32 `probabilities` [batch, classes] out, or
 * [batch, slots, classes] of a model that reads several digits.
 */

import { DenaryError } from './errors.js';
import type { Dimension, Graph } from './onnx/model.js';

export interface Contract {
  /** The size of an image in pixels. */
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /** Digit positions of one image. */
  readonly slots: number;
}

/** As much of a model as says what goes in and out. */
export interface Interface {
  readonly graph: Pick<Graph, 'inputs' | 'outputs'>;
}

/** What a model takes and gives; a session knows it, too. Throws `bad-model` where that is not the contract. */
export function contractOf({ graph: { inputs, outputs } }: Interface, who = 'contractOf'): Contract {
  const [image, probabilities] = [inputs[0], outputs[0]];
  const [, height, width] = image?.shape ?? [];
  const classes = probabilities?.shape.at(-1);
  const slots = probabilities?.shape.length === 3 ? probabilities.shape[1] : 1;
  const fits =
    inputs.length === 1 &&
    outputs.length === 1 &&
    image?.name === 'image' &&
    image.dtype === 'uint8' &&
    image.shape.length === 3 &&
    probabilities?.name === 'probabilities' &&
    probabilities.dtype === 'float32' &&
    (probabilities.shape.length === 2 || probabilities.shape.length === 3);
  const sizes = [height, width, classes, slots];
  if (fits && sizes.every((size) => typeof size === 'number')) {
    const [height, width, classes, slots] = sizes as [number, number, number, number];
    return { height, width, classes, slots };
  }
  const show = (values: typeof inputs) =>
    values
      .map(({ name, dtype, shape }) => `${name} ${dtype} [${(shape as readonly Dimension[]).join(', ')}]`)
      .join(', ');
  throw new DenaryError({
    code: 'bad-model',
    who,
    expected:
      'an input image uint8 [batch, height, width] and an output probabilities float32 [batch, classes] or [batch, slots, classes]',
    received: `${show(inputs) || 'no input'} -> ${show(outputs) || 'no output'}`,
    remedy: 'Give a model that denary trained or converted.',
  });
}
