/** Files that others wrote, read and written again: they compute what they did, or are refused by name. */

import { DenaryError, decodeModel, encodeModel, filled, type Tensor, type Tensors } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { probe, THREADS } from './denary.js';
import { type Answers, python } from './exchange.js';
import { largestDifference, relativeErrors } from './measures.js';

interface Made {
  /** The file's bytes. */
  readonly model: Tensor<'uint8'>;
  readonly feeds: Tensors;
  /** What its maker says that it computes. */
  readonly outputs: readonly Tensor[];
}

/** A classifier, with the gradients of the cross-entropy of `labels`. */
interface Trainable extends Made {
  readonly labels: Tensor<'int32'>;
  readonly gradients: Tensors;
}

const exact = ['encodings', 'attributes', 'structure', 'old'];
const exported = ['torch', 'torch_dynamo'];
const refused = {
  external: 'bad-model',
  subgraph: 'unsupported-operator',
  sparse: 'bad-model',
  without_shape: 'bad-model',
  half: 'bad-model',
  foreign_domain: 'unsupported-operator',
  function: 'unsupported-operator',
} as const;

let made: Answers<Trainable>;

beforeAll(async () => {
  const names = [...exact, ...exported, ...Object.keys(refused)];
  made = await python('make_models', Object.fromEntries(names.map((name) => [name, { make: name }])));
});

const rewritten = (name: string): Uint8Array => encodeModel(decodeModel(made.get(name).model.data));

describe.each([...exact, ...exported])('%s', (name) => {
  it("passes onnx's checker, and computes the same as before", async () => {
    const { model, feeds, outputs } = made.get(name);
    const items = { before: { model: model.data, feeds }, after: { model: rewritten(name), feeds } };
    const checked = await python<{ outputs: readonly Tensor[] }>('check', items);
    expect(checked.get('after').outputs).toEqual(checked.get('before').outputs);
    if (exact.includes(name)) expect(checked.get('after').outputs).toEqual(outputs);
  });

  it('is the same bytes when read and written once more', () => {
    const bytes = rewritten(name);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });
});

describe.each(exported)('%s', (name) => {
  it('predicts as in PyTorch', async () => {
    const { feeds, outputs } = made.get(name);
    const session = await createSession(rewritten(name), { threads: THREADS });
    const { probabilities } = await session.run(feeds);
    await session.close();
    expect(largestDifference(probabilities!, outputs[0]!)).toBeLessThan(1e-6);
  });

  it('trains as in PyTorch', async () => {
    const { feeds, labels, gradients } = made.get(name);
    const images = feeds.image as Tensor<'uint8'>;
    const weights = filled('float32', labels.shape, 1);
    const model = decodeModel(rewritten(name));
    const [probed] = await probe(model, { loss: 'categorical_crossentropy' }, [{ images, labels, weights }]);
    expect(Math.max(...relativeErrors(probed!.gradients, gradients))).toBeLessThan(1e-4);
  });
});

describe.each(Object.entries(refused))('%s', (name, code) => {
  it(`is refused as ${code}`, () => {
    const read = () => decodeModel(made.get(name).model.data);
    expect(read).toThrow(DenaryError);
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});

describe('damaged files', () => {
  it('are refused, wherever they end', () => {
    const { data } = made.get('torch').model;
    for (let length = 0; length < data.length; length += Math.ceil(data.length / 97)) {
      expect(() => decodeModel(data.subarray(0, length))).toThrow(DenaryError);
    }
  });
});
