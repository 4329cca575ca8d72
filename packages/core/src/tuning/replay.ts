/** The core set beside a model, `replay.bin`: a few hundred images of its training data, which are rehearsed while it learns. */

import { problem } from '../errors.js';
import { decodeSafetensors } from '../safetensors.js';
import type { Samples } from './samples.js';

/** Reads a core set. Throws `bad-data` for bytes that are none. */
export function decodeReplay(bytes: Uint8Array, who = 'decodeReplay'): Samples {
  const { images, labels } = decodeSafetensors(bytes, who).tensors;
  const [count, height, width] = images?.shape ?? [];
  if (images?.dtype === 'uint8' && labels?.dtype === 'uint8' && labels.shape[0] === count) {
    const sizes = { count: count!, height: height!, width: width!, slots: labels.shape[1] ?? 1 };
    return { images: images.data as Uint8Array, labels: labels.data as Uint8Array, ...sizes };
  }
  throw problem('bad-data', who, 'a core set', 'something else', 'Take the replay.bin beside the model.');
}
