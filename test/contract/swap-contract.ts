/** What `swap` of every runtime's recognizer keeps to: no call is lost, and what does not fit leaves all as it was. */

import { decodeModel, encodeModel, filled, type Recognizer, rewriteModel } from '@denary/core';
import { type Cases, ok, refuses, same } from './cases.js';

export interface SwapRuntime {
  /** Of a model of one digit, calibrated. */
  readonly model: Uint8Array;
  /** Of a model of another kind. */
  readonly other: Uint8Array;
  createRecognizer(options: { model: Uint8Array; preprocess: 'none'; reject?: 'auto' }): Promise<Recognizer<RawImage>>;
}

interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const image: RawImage = {
  data: Uint8Array.from({ length: 784 }, (_, i) => (i % 28 > 12 && i % 28 < 16 ? 255 : 0)),
  width: 28,
  height: 28,
};

/** The model with a bias in its last layer that makes it say this digit, whatever it sees. */
function saying(digit: number, bytes: Uint8Array): Uint8Array {
  const { graph } = decodeModel(bytes);
  const [name] = [...graph.initializers].filter(([, { shape }]) => shape.join() === '10').at(-1)!;
  const bias = filled('float32', [10]);
  bias.data[digit] = 1000;
  return rewriteModel(bytes, { weights: { [name]: bias } });
}

async function using(
  runtime: SwapRuntime,
  first: Uint8Array,
  test: (recognizer: Recognizer<RawImage>) => Promise<void>,
) {
  const recognizer = await runtime.createRecognizer({ model: first, preprocess: 'none' });
  try {
    await test(recognizer);
  } finally {
    await recognizer.close();
  }
}

export const swapContract: Cases<SwapRuntime> = {
  'goes on with the other model': (runtime) =>
    using(runtime, saying(1, runtime.model), async (recognizer) => {
      same((await recognizer.predict(image)).digit, 1, 'before');
      await recognizer.swap(saying(2, runtime.model));
      same((await recognizer.predict(image)).digit, 2, 'after');
      await Promise.all([3, 4, 5].map((digit) => recognizer.swap(saying(digit, runtime.model))));
      same((await recognizer.predict(image)).digit, 5, 'after three at once');
    }),

  'answers every call, by the one or the other': (runtime) =>
    using(runtime, saying(1, runtime.model), async (recognizer) => {
      const answers: Promise<number | null>[] = [];
      let swapped = false;
      const swapping = recognizer.swap(saying(2, runtime.model)).then(() => {
        swapped = true;
      });
      while (!swapped || answers.length < 200) {
        answers.push(recognizer.predict(image).then(({ digit }) => digit));
        if (answers.length % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const many = recognizer.predict(new Array(300).fill(image));
      await swapping;
      const digits = [...(await Promise.all(answers)), ...(await many).map(({ digit }) => digit)];
      ok(
        digits.every((digit) => digit === 1 || digit === 2),
        'answers of the two',
      );
      same([digits[0], digits.at(-1)], [1, 2], 'the first and the last');
    }),

  'takes the calibration of the new file': (runtime) =>
    using(runtime, runtime.model, async (recognizer) => {
      const model = decodeModel(runtime.model);
      const { 'denary.calibration': calibration = '', ...metadata } = model.metadata;
      same(recognizer.info.temperature, JSON.parse(calibration).temperature, 'the temperature before');
      await recognizer.swap(encodeModel({ ...model, metadata }));
      same(recognizer.info.temperature, 1, 'the temperature of a file without one');
    }),

  'refuses another kind of model, and goes on': (runtime) =>
    using(runtime, saying(1, runtime.model), async (recognizer) => {
      await refuses('bad-model', () => recognizer.swap(runtime.other));
      await refuses('bad-model', () => recognizer.swap(runtime.model.slice(0, 500)));
      same((await recognizer.predict(image)).digit, 1, 'it goes on');
    }),

  'refuses to swap when closed': async (runtime) => {
    const recognizer = await runtime.createRecognizer({ model: runtime.model, preprocess: 'none' });
    const [swapping, answer] = [recognizer.swap(saying(2, runtime.model)), recognizer.predict(image)];
    await recognizer.close();
    ok((await answer).digit !== null, 'a call that was made before is answered');
    await refuses('closed', () => recognizer.swap(runtime.model));
    await swapping.catch((error) => same(error.code, 'closed', 'the swap under way'));
  },
};
