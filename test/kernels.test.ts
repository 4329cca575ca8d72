/** Denary's own kernels, in Node, held to onnxruntime-web: the shipped models, and networks of random shapes. */

import { readFileSync } from 'node:fs';
import {
  type DType,
  encodeModel,
  fromNumbers,
  GraphBuilder,
  type Session,
  sizeOf,
  type Tensor,
  uniform,
  type Value,
} from '@denary/core';
import { describe, expect, it } from 'vitest';
import { createSession } from '../packages/runtime-web/src/create-session.js';
import { KernelEngine } from '../packages/runtime-web/src/kernels/engine.js';
import { kernelSession } from '../packages/runtime-web/src/kernels/session.js';

const modelOf = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../models/${name}/model.onnx`, import.meta.url)));

/** Numbers in [0, 1), one after the other. */
class Random {
  private count = 0;
  constructor(private readonly seed: number) {}

  next(): number {
    return uniform(this.seed, 0, this.count++);
  }
}

/** uint8 [images, ...]: noise in places, as ink is. */
function images(session: Session, count: number, random: Random): Tensor<'uint8'> {
  const shape = [count, ...(session.inputs[0]!.shape.slice(1) as number[])];
  const data = Uint8Array.from({ length: sizeOf(shape) }, () => (random.next() < 0.3 ? 255 * random.next() : 0));
  return { dtype: 'uint8', shape, data };
}

/** How far the kernels' probabilities are from ONNX Runtime's, at most. */
async function distance(model: Uint8Array, counts: readonly number[], random: Random): Promise<number> {
  const [ours, theirs] = await Promise.all([kernelSession(model), createSession(model)]);
  let most = 0;
  for (const count of counts) {
    const image = images(theirs, count, random);
    const [{ probabilities: a }, { probabilities: b }] = await Promise.all([
      ours.run({ image }),
      theirs.run({ image }),
    ]);
    expect(a!.shape).toEqual(b!.shape);
    const expected = b!.data as Float32Array;
    (a!.data as Float32Array).forEach((value, i) => {
      most = Math.max(most, Math.abs(value - expected[i]!));
    });
  }
  await Promise.all([ours.close(), theirs.close()]);
  return most;
}

describe('the kernels give what ONNX Runtime gives', () => {
  it.each(['mlp', 'cnn', 'cnn-pool4', 'string', 'pair'])('for %s', async (name) => {
    expect(await distance(modelOf(name), name === 'cnn-pool4' ? [1, 7, 75] : [1, 7], new Random(1))).toBeLessThan(1e-5);
  });

  it.each(Array.from({ length: 30 }, (_, seed) => seed))('for a network of random shapes (seed %i)', async (seed) => {
    const random = new Random(seed);
    expect(await distance(encodeModel(randomModel(random)), [1, 5], random)).toBeLessThan(1e-5);
  });
});

const pick = <T>(random: Random, options: readonly T[]): T => options[Math.floor(random.next() * options.length)]!;

/** Convolutions, pools, normalisations and dense layers of random sizes, as exporters write them. */
function randomModel(random: Random) {
  const graph = new GraphBuilder('random');
  let names = 0;
  const constant = (dtype: DType, values: readonly number[], shape: readonly number[]) =>
    graph.initializer(`constant_${names++}`, fromNumbers(dtype, values, shape));
  const weights = (scale: number, ...shape: number[]) =>
    constant(
      'float32',
      Array.from({ length: sizeOf(shape) }, () => scale * (2 * random.next() - 1)),
      shape,
    );
  const size = () => 9 + Math.floor(20 * random.next());
  let [channels, height, width] = [1, size(), size()];
  let x = graph.input('image', 'uint8', ['batch', height, width]);
  x = graph.op('Reshape', [x, constant('int64', [-1, 1, height, width], [4])]);
  x = graph.op('Cast', [x], { to: 1 });
  x = graph.op('Div', [x, constant('float32', [255], [])]);
  x = graph.op('Sub', [x, constant('float32', [0.13], [])]);
  const normalise = () => {
    const variance = Array.from({ length: channels }, () => 0.5 + random.next());
    const parameters = [weights(1, channels), weights(1, channels), weights(1, channels)];
    x = graph.op('BatchNormalization', [x, ...parameters, constant('float32', variance, [channels])]);
  };
  let normalised = false;
  const layers = 1 + Math.floor(3 * random.next());
  for (let layer = 0; layer < layers; layer++) {
    if (layer === 0 && random.next() < 0.3) normalise();
    const outputs = pick(random, [2, 7, 8, 12, 16, 21, 32]);
    const kernel = [pick(random, [1, 3, 3, 3, 5]), pick(random, [1, 3, 3, 3])];
    if (layer > 0 && random.next() < 0.6) kernel.fill(3);
    const strides = random.next() < 0.8 ? [1, 1] : [2, 1];
    const auto = random.next() < 0.2 && !normalised;
    const pads = Array.from({ length: 4 }, () => (random.next() < 0.5 || normalised ? 0 : 1));
    const [top, left, bottom, right] = pads as [number, number, number, number];
    if (height + top + bottom < kernel[0]! + 4 || width + left + right < kernel[1]! + 4) continue;
    normalised = false;
    const w = weights(1 / Math.sqrt(channels * 9), outputs, channels, ...kernel);
    const inputs = random.next() < 0.8 ? [x, w, weights(0.2, outputs)] : [x, w];
    x = graph.op('Conv', inputs, auto ? { auto_pad: 'SAME_UPPER', strides } : { pads, strides });
    const along = (size: number, axis: 0 | 1, before: number, after: number) =>
      auto
        ? Math.ceil(size / strides[axis]!)
        : Math.floor((size + before + after - kernel[axis]!) / strides[axis]!) + 1;
    [channels, height, width] = [outputs, along(height, 0, top, bottom), along(width, 1, left, right)];
    if (random.next() < 0.3) normalise();
    if (random.next() < 0.8) x = graph.op('Relu', [x]);
    const side = pick(random, [1, 2, 3, 4]);
    if (side > 1 && height >= side && width >= side) {
      const strides = random.next() < 0.7 ? [side, side] : [1, 2];
      x = graph.op(pick(random, ['MaxPool', 'MaxPool', 'AveragePool']), [x], { kernel_shape: [side, side], strides });
      height = Math.floor((height - side) / strides[0]!) + 1;
      width = Math.floor((width - side) / strides[1]!) + 1;
      normalised = layer < layers - 1 && random.next() < 0.3;
      if (normalised) normalise();
    }
  }
  if (!normalised && random.next() < 0.3 && height * width <= 64) {
    x = graph.op('GlobalAveragePool', [x]);
    [height, width] = [1, 1];
  }
  if (!normalised && random.next() < 0.3) normalise();
  x = graph.op('Flatten', [x]);
  let inputs = channels * height * width;
  if (random.next() < 0.5) {
    const outputs = pick(random, [5, 16, 30]);
    const bias = weights(0.5, outputs);
    x =
      random.next() < 0.5
        ? graph.op('Gemm', [x, weights(1 / Math.sqrt(inputs), outputs, inputs), bias], { transB: 1 })
        : graph.op('Add', [graph.op('MatMul', [x, weights(1 / Math.sqrt(inputs), inputs, outputs)]), bias]);
    x = graph.op('Relu', [x]);
    inputs = outputs;
  }
  x = graph.op('Gemm', [x, weights(1 / Math.sqrt(inputs), inputs, 12), weights(0.5, 12)]);
  const slots = random.next() < 0.3;
  if (slots) x = graph.op('Reshape', [x, constant('int64', [-1, 3, 4], [3])]);
  graph.output(graph.op('Softmax', [x], { axis: -1 }), 'probabilities');
  return graph.model();
}

describe('a session of the kernels', () => {
  it('is refused a model that is no chain of their layers, by the name of what is in the way', async () => {
    await expect(kernelSession(modelOf('hrnn'))).rejects.toMatchObject({
      code: 'unsupported-operator',
      received: expect.stringMatching(/Reshape|LSTM|Transpose/),
      remedy: expect.stringMatching(/onnxruntime/),
    });
    const graph = new GraphBuilder('g');
    graph.output(graph.op('Relu', [graph.input('x', 'float32', [2])]), 'y');
    await expect(kernelSession(encodeModel(graph.model()))).rejects.toMatchObject({ code: 'unsupported-operator' });
    await expect(kernelSession(new Uint8Array(9))).rejects.toMatchObject({ code: 'bad-model' });
  });

  const chains: Record<string, (graph: GraphBuilder, image: Value) => Value> = {
    'a batch that is reshaped': (graph, image) =>
      graph.op('Reshape', [image, graph.initializer('s', fromNumbers('int64', [-1, 32]))]),
    'rows that are normalised': (graph, image) => {
      const values = fromNumbers('float32', [1, 2, 1, 2, 1, 2, 1, 2]);
      const parameters = ['a', 'b', 'c', 'd'].map((name) => graph.initializer(name, values));
      const reshape = graph.initializer('s', fromNumbers('int64', [-1, 1, 8, 8]));
      return graph.op('Flatten', [
        graph.op('Reshape', [graph.op('BatchNormalization', [image, ...parameters]), reshape]),
      ]);
    },
    'two ways that meet': (graph, image) => graph.op('Flatten', [graph.op('Add', [image, image])]),
    'an operator that is foreign': (graph, image) => graph.op('Flatten', [graph.op('Sigmoid', [image])]),
  };
  it.each(Object.entries(chains))('is refused %s', async (_, chain) => {
    const graph = new GraphBuilder('g');
    const flat = chain(graph, graph.op('Cast', [graph.input('image', 'uint8', ['batch', 8, 8])], { to: 1 }));
    const inputs = Number(flat.shape.at(-1));
    const weights = graph.initializer('w', fromNumbers('float32', Array(inputs * 3).fill(1), [inputs, 3]));
    graph.output(graph.op('Softmax', [graph.op('MatMul', [flat, weights])], { axis: -1 }), 'probabilities');
    await expect(kernelSession(encodeModel(graph.model()))).rejects.toMatchObject({ code: 'unsupported-operator' });
  });

  it('checks what it is fed, and is closed once', async () => {
    const session = await kernelSession(modelOf('mlp'));
    await expect(session.run({})).rejects.toMatchObject({ code: 'bad-argument' });
    await session.close();
    await session.close();
    await expect(session.run({})).rejects.toMatchObject({ code: 'closed' });
  });

  it('shares large batches with helpers, and goes on without those that fail', async () => {
    const [model, random] = [modelOf('cnn-pool4'), new Random(3)];
    const alone = await kernelSession(model);
    const image = images(alone, 61, random);
    const expected = (await alone.run({ image })).probabilities!.data;
    const asked: number[] = [];
    const opened: Promise<Session>[] = [];
    let fails = false;
    const open = async (): Promise<Session> => {
      const helper = await kernelSession(model);
      const run: Session['run'] = async (feeds) => {
        asked.push(feeds.image!.shape[0]!);
        if (fails) throw new Error('gone');
        return helper.run(feeds);
      };
      return Object.assign(Object.create(helper), { run });
    };
    const openHelper = () => {
      opened.push(open());
      return opened.at(-1)!;
    };
    const session = await kernelSession(model, { threads: 3, openHelper });
    // They are opened when there is first something to do.
    await session.run({ image: images(alone, 15, random) });
    expect(opened).toHaveLength(0);
    await session.run({ image });
    expect(opened).toHaveLength(2);
    expect(asked).toEqual([]);
    await Promise.all(opened);
    await new Promise(setImmediate);
    expect((await session.run({ image })).probabilities!.data).toEqual(expected);
    expect(asked).toEqual([21, 20]);
    fails = true;
    expect((await session.run({ image })).probabilities!.data).toEqual(expected);
    fails = false;
    expect((await session.run({ image })).probabilities!.data).toEqual(expected);
    expect(asked).toEqual([21, 20, 21, 20]);
  });
});

it('many helpers share what is not much more than enough for them', async () => {
  const model = modelOf('mlp');
  const alone = await kernelSession(model);
  const image = images(alone, 129, new Random(4));
  const opened: Promise<Session>[] = [];
  const openHelper = () => {
    opened.push(kernelSession(model));
    return opened.at(-1)!;
  };
  const session = await kernelSession(model, { threads: 16, openHelper });
  await session.run({ image });
  expect(await Promise.all(opened)).toHaveLength(15);
  await new Promise(setImmediate);
  const [shared, expected] = await Promise.all([session.run({ image }), alone.run({ image })]);
  expect(shared).toEqual(expected);
});

it('the kernels give the same with and without relaxed SIMD, but for rounding', async () => {
  // Node 20 has it behind a flag.
  const { decodeLightGraph } = await import('@denary/core');
  const graph = decodeLightGraph(modelOf('cnn'));
  const pixels = Uint8Array.from({ length: 3 * 784 }, (_, i) => (i * i) % 256);
  const plain = (await KernelEngine.open(graph, { relaxed: false })).run(pixels, 3);
  const here = (await KernelEngine.open(graph)).run(pixels, 3);
  plain.forEach((value, i) => {
    expect(here[i]).toBeCloseTo(value, 5);
  });
});
