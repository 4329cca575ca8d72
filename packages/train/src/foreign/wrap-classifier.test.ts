import {
  type DenaryError,
  decodeModel,
  encodeModel,
  fromNumbers,
  type Model,
  type Tensor,
  toNumbers,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { cnn, drawn, exported, node } from '../../../../test/exported.js';
import { type WrapOptions, wrapClassifier } from './wrap-classifier.js';

const COUNT = 3;
const pixels = Uint8Array.from({ length: COUNT * 64 }, (_, i) => (i * 37) % 256);
const image: Tensor = { dtype: 'uint8', shape: [COUNT, 8, 8], data: pixels };

async function run(model: Model, feeds: Record<string, Tensor>): Promise<number[]> {
  const session = await createSession(encodeModel(model), { threads: 1 });
  const results = await session.run(feeds);
  await session.close();
  return toNumbers(Object.values(results)[0]!);
}

const softmax = (rows: readonly number[]): number[] =>
  Array.from({ length: rows.length / 10 }, (_, i) => rows.slice(10 * i, 10 * i + 10)).flatMap((row) => {
    const powers = row.map(Math.exp);
    const total = powers.reduce((sum, power) => sum + power);
    return powers.map((power) => power / total);
  });

/** The wrapped model gives of pixels what the classifier, and a softmax where it needs one, give of numbers. */
async function expectSame(model: Model, options: WrapOptions, x: Tensor, probabilities = false) {
  const wrapped = wrapClassifier(model, options);
  const given = await run(model, { [model.graph.inputs[0]!.name]: x });
  const expected = probabilities ? given : softmax(given);
  const received = await run(wrapped.model, { image });
  received.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  expect(received).toHaveLength(COUNT * 10);
  return wrapped;
}

const scaled = (of: (value: number, i: number) => number, shape: number[]) =>
  fromNumbers('float32', Array.from(pixels, of), shape);
const unit = (value: number) => value / 255;

/** One dense layer on an input of that shape, moved to [batch, 64 * channels]. */
const dense = (shape: (number | string)[], columns = 64): Model =>
  exported({
    input: { name: 'input', dtype: 'float32', shape },
    nodes: [node('Flatten', ['input'], 'flat'), node('MatMul', ['flat', 'kernel'], 'output')],
    weights: { kernel: drawn(1, [columns, 10]) },
  });

describe('wrapClassifier', () => {
  it('keeps weights under their names, folds shapes, and gives probabilities of logits', async () => {
    const { model, contract, output } = await expectSame(cnn(), {}, scaled(unit, [COUNT, 1, 8, 8]));
    expect(contract).toEqual({ height: 8, width: 8, classes: 10, slots: 1 });
    expect(output).toBe('logits');
    for (const [name, { shape }] of cnn().graph.initializers) {
      if (name.includes('.')) expect(model.graph.initializers.get(name)).toEqual(cnn().graph.initializers.get(name));
      else expect(shape.length).toBeLessThanOrEqual(1);
    }
    expect(model.graph.nodes.map(({ op }) => op)).not.toContain('Shape');
    expect(decodeModel(encodeModel(model)).graph.outputs[0]).toMatchObject({
      name: 'probabilities',
      shape: ['batch', 10],
    });
  });

  it.each([
    ['LogSoftmax', 'log-probabilities'],
    ['Softmax', 'probabilities'],
  ] as const)('ends %s in one softmax of the logits', async (last, output) => {
    const wrapped = await expectSame(cnn(last), {}, scaled(unit, [COUNT, 1, 8, 8]), last === 'Softmax');
    expect(wrapped.output).toBe(output);
    const softmaxes = wrapped.model.graph.nodes.filter(({ op }) => op.includes('oftmax'));
    expect(softmaxes.map(({ op }) => op)).toEqual(['Softmax']);
  });

  it('takes the output for what it is told', () => {
    expect(wrapClassifier(cnn('Softmax'), { logits: true }).output).toBe('logits');
    const { model, output } = wrapClassifier(cnn(), { logits: false });
    expect(output).toBe('probabilities');
    expect(model.graph.nodes.some(({ op }) => op === 'Softmax')).toBe(false);
  });

  it('makes a batch of one symbolic, in the shapes that say so, too', async () => {
    const { model } = wrapClassifier(cnn('logits', 1));
    const many = wrapClassifier(cnn()).model;
    expect(await run(model, { image })).toEqual(await run(many, { image }));
  });

  it('scales pixels, and takes mean and deviation', async () => {
    const x = scaled((value) => (value / 128 - 0.25) / 0.5, [COUNT, 1, 8, 8]);
    await expectSame(cnn(), { scale: 128, mean: [0.25], std: [0.5] }, x);
  });

  it.each<[string, (number | string)[], WrapOptions]>([
    ['nhwc', ['n', 8, 8, 1], {}],
    ['hw', ['n', 8, 8], {}],
    ['flat', ['n', 64], {}],
    ['flat with a size', ['n', 64], { size: [4, 16] }],
    ['nchw of any size', ['n', 1, 'h', 'w'], { size: [8, 8] }],
  ])('lays the image out as %s', async (_, shape, options) => {
    const [height, width] = options.size ?? [8, 8];
    const model = dense(shape);
    const wrapped = wrapClassifier(model, options);
    expect(wrapped.contract).toMatchObject({ height, width });
    const sizes = shape.map((size, axis) => (axis === 0 ? COUNT : typeof size === 'string' ? 8 : size));
    const given = await run(model, { input: scaled(unit, sizes) });
    const received = await run(wrapped.model, { image: { ...image, shape: [COUNT, height, width] } });
    received.forEach((value, i) => expect(value).toBeCloseTo(softmax(given)[i]!, 5));
  });

  it.each([
    ['nchw', ['n', 3, 8, 8], (i: number) => Math.floor(i / 64) % 3, (i: number) => Math.floor(i / 192) * 64 + (i % 64)],
    ['nhwc', ['n', 8, 8, 3], (i: number) => i % 3, (i: number) => Math.floor(i / 3)],
  ] as const)('gives a classifier of colours its grey three times, as %s', async (_, shape, channel, pixel) => {
    const [mean, std] = [
      [0.1, 0.2, 0.3],
      [0.5, 1, 2],
    ];
    const values = Array.from(
      { length: COUNT * 192 },
      (_, i) => (pixels[pixel(i)]! / 255 - mean[channel(i)]!) / std[channel(i)]!,
    );
    const x = fromNumbers('float32', values, [COUNT, ...shape.slice(1)] as number[]);
    await expectSame(dense([...shape], 192), { mean, std }, x);
    const plain = values.map((value, i) => value * std[channel(i)]! + mean[channel(i)]!);
    await expectSame(dense([...shape], 192), {}, { ...x, data: Float32Array.from(plain) });
  });

  it('leaves pixels as they are for a classifier of pixels', async () => {
    const model = exported({
      input: { name: 'image', dtype: 'uint8', shape: [1, 8, 8] },
      nodes: [
        node('Cast', ['image'], 'numbers', { to: { type: 'int', value: 1 } }),
        node('Flatten', ['numbers'], 'flat'),
        node('MatMul', ['flat', 'step'], 'probabilities'),
      ],
      weights: { step: drawn(1, [64, 10], 0.001) },
      outputs: ['probabilities'],
    });
    // Its names are ours: they are given others, the weight too.
    const { model: wrapped } = wrapClassifier(model);
    expect(wrapped.graph.initializers.has('main_graph/step')).toBe(true);
    expect(await run(wrapped, { image })).toHaveLength(COUNT * 10);
  });

  it('predicts where the file was exported as it trains', () => {
    const trainMode = { training_mode: { type: 'int', value: 1 } } as const;
    const shape: [string, number, number, number] = ['n', 1, 8, 8];
    const model = exported({
      input: { name: 'input', dtype: 'float32', shape },
      nodes: [
        {
          ...node('BatchNormalization', ['input', 'g', 'b', 'm', 'v'], 'normal', trainMode),
          outputs: ['normal', 'm2', 'v2'],
        },
        { ...node('Dropout', ['normal', 'ratio', 'yes'], 'dropped'), outputs: ['dropped', 'mask'] },
        node('Flatten', ['dropped'], 'flat'),
        node('MatMul', ['flat', 'kernel'], 'output'),
      ],
      weights: {
        ...Object.fromEntries(['g', 'b', 'm', 'v'].map((name) => [name, fromNumbers('float32', [1])])),
        ratio: fromNumbers('float32', [0.5], []),
        yes: { dtype: 'bool', shape: [], data: Uint8Array.of(1) },
        kernel: drawn(1, [64, 10]),
      },
    });
    const { nodes } = wrapClassifier(model).model.graph;
    expect(nodes.find(({ op }) => op === 'BatchNormalization')).toMatchObject({ attributes: {}, outputs: ['normal'] });
    expect(nodes.find(({ op }) => op === 'Dropout')!.inputs).toHaveLength(2);
  });

  const unknown = exported({
    nodes: [node('STFT', ['input'], 'a'), node('Relu', ['a'], 'b'), node('Einsum', ['b'], 'output')],
    weights: {},
  });
  it('names all operators that it does not know at once', () => {
    expect(() => wrapClassifier(unknown)).toThrow(
      expect.objectContaining({
        code: 'unsupported-operator',
        received: 'node "/a/STFT" (STFT), node "/output/Einsum" (Einsum)',
      }),
    );
  });

  it.each<[string, Model, WrapOptions, DenaryError['code'], RegExp]>([
    ['channels on either side', dense(['n', 3, 8, 3]), {}, 'bad-argument', /expected an image, .* Give the layout/],
    ['another layout', dense(['n', 1, 8, 8]), { layout: 'hw' }, 'bad-argument', /laid out as hw/],
    ['another size', dense(['n', 1, 8, 8]), { size: [8, 9] }, 'bad-argument', /expected 8x9 pixels/],
    ['no size', dense(['n', 1, 'h', 'w']), {}, 'bad-argument', /expected a size in pixels/],
    [
      'means for other channels',
      dense(['n', 1, 8, 8]),
      { mean: [0, 0, 0] },
      'bad-argument',
      /expected a mean of one number/,
    ],
    ['a deviation of 0', dense(['n', 1, 8, 8]), { std: [0] }, 'bad-argument', /expected a std/],
    ['an output that is none', cnn(), { output: 'loss' }, 'bad-argument', /Outputs are: output/],
    ['an input that is none', cnn(), { input: 'x' }, 'bad-model', /expected one input, called "x"/],
  ])('refuses %s', (_, model, options, code, message) => {
    expect(() => wrapClassifier(model, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
