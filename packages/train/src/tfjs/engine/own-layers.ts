/** Layers that TensorFlow.js lacks, or has in another form than a training that can be repeated needs. */

import { hash32, stream } from '@denary/core';
import type * as tf from '@tensorflow/tfjs';
import type { Tfjs } from './tfjs.js';

/** What a step's dropout masks are drawn from. */
export interface MaskSource {
  readonly seed: number;
  /** The step that is under way, from 0. */
  step: number;
}

type Inputs = tf.Tensor | tf.Tensor[];
const one = (inputs: Inputs): tf.Tensor => (Array.isArray(inputs) ? inputs[0]! : inputs);

/** TensorFlow.js' own dropout draws the same mask in every step, or masks that cannot be repeated. */
export function seededDropout(
  { layers, dropout }: Tfjs,
  rate: number,
  name: string,
  source: MaskSource,
): tf.layers.Layer {
  class SeededDropout extends layers.Layer {
    static readonly className = 'SeededDropout';
    override call(inputs: Inputs, { training }: { training?: boolean }): tf.Tensor {
      const x = one(inputs);
      if (!training || rate === 0) return x;
      return dropout(x, rate, undefined, hash32(source.seed, source.step, stream(name)));
    }
  }
  return new SeededDropout({ name });
}

/** A reshape that may join the batch with another axis; `shape` is the output's, the batch as null. */
export function freeReshape(
  { layers, reshape }: Tfjs,
  name: string,
  shape: readonly (number | null)[],
): tf.layers.Layer {
  class FreeReshape extends layers.Layer {
    static readonly className = 'FreeReshape';
    override computeOutputShape(): tf.Shape {
      return [...shape];
    }
    override call(inputs: Inputs): tf.Tensor {
      return reshape(
        one(inputs),
        shape.map((size) => size ?? -1),
      );
    }
  }
  return new FreeReshape({ name });
}
