/** Every system of the catalogue as a layers model: stock `tf.loadLayersModel` loads it and predicts what ours does, and it comes back. */

import { encodeModel, sizeOf, stream, uniform } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { type Architecture, buildModel, catalogue } from '@denary/train';
import { convertTfjsFiles, exportLayersModel } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { filesIn, largestDifference, loadFiles, tf } from './tfjs.js';

/** Drawn pixels; values from 0 to 255. */
function pixels({ input: { image, scale } }: Architecture, count: number): Uint8Array {
  const key = stream('pixels');
  return Uint8Array.from({ length: count * sizeOf(image) }, (_, i) => Math.floor(uniform(3, key, i) * (scale + 1)));
}

describe.each(
  catalogue.map((architecture) => [`${architecture.name} of ${architecture.input.image}`, architecture] as const),
)('%s', (_, architecture) => {
  it('predicts the same in TensorFlow.js, and converted back', async () => {
    const [height, width] = architecture.input.image;
    const { model } = buildModel(architecture, 5);
    const files = exportLayersModel(model, architecture);
    const image = { dtype: 'uint8', shape: [2, height, width], data: pixels(architecture, 2) } as const;
    const session = await createSession(encodeModel(model));
    const expected = (await session.run({ image })).probabilities!;
    await session.close();

    const loaded = await loadFiles(new Map(Object.entries(files)));
    expect(loaded.inputs.map(({ sourceLayer }) => sourceLayer.name)).toEqual(['image']);
    const predicted = loaded.predict(tf.tensor(image.data, [2, height, width], 'int32')) as tf.Tensor;
    expect(predicted.shape).toEqual(expected.shape);
    expect(largestDifference(predicted.dataSync(), expected.data as Float32Array)).toBeLessThan(1e-5);

    const back = await createSession(encodeModel(await convertTfjsFiles(filesIn(new Map(Object.entries(files))))));
    const again = Object.values(
      await back.run({ image: { ...image, dtype: 'float32', data: Float32Array.from(image.data) } }),
    );
    await back.close();
    expect(largestDifference(again[0]!.data as Float32Array, expected.data as Float32Array)).toBeLessThan(1e-5);
  });
});
