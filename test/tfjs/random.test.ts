/** Three hundred models drawn by their seeds: what TensorFlow.js predicts is what the converted model gives. */

import { describe, expect, it } from 'vitest';
import { randomModel } from './random-model.js';
import { compare, drawInputs } from './tfjs.js';

const CHUNK = 20;

describe('random models', () => {
  it.each(Array.from({ length: 16 }, (_, i) => i * CHUNK))('seeds %i and the nineteen after it', async (first) => {
    for (let seed = first; seed < first + CHUNK; seed++) {
      const model = randomModel(seed);
      const { difference } = await compare(model, drawInputs(model, seed));
      expect(difference, `seed ${seed}`).toBeLessThan(1e-5);
      model.dispose();
    }
  });
});
