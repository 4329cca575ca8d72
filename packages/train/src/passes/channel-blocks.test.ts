import {
  type AttributesOf,
  elementTypeOf,
  encodeModel,
  fromNumbers,
  GraphBuilder,
  type Model,
  normal,
  toNumbers,
  type Value,
} from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { blockChannels } from './channel-blocks.js';
import { channelBlockOf } from './for-machine.js';

const block = await channelBlockOf(createSession);

const drawn = (shape: readonly number[], key: number) => {
  const count = shape.reduce((product, size) => product * size, 1);
  return fromNumbers(
    'float32',
    Array.from({ length: count }, (_, i) => normal(1, key, i)),
    shape,
  );
};

type Build = (graph: GraphBuilder, input: (shape: readonly number[]) => Value) => Value;

/** A graph of inputs alone, weights included: what ONNX Runtime would not rewrite by itself. */
function modelOf(build: Build) {
  const graph = new GraphBuilder('case');
  const shapes: (readonly number[])[] = [];
  const y = build(graph, (shape) => graph.input(`x${shapes.push(shape) - 1}`, 'float32', shape));
  graph.output(y, 'y');
  return { model: graph.model(), feeds: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, drawn(shape, i)])) };
}

async function run(model: Model, feeds: ReturnType<typeof modelOf>['feeds']): Promise<number[]> {
  const session = await createSession(encodeModel(model), { threads: 1 });
  try {
    return [...toNumbers((await session.run(feeds)).y!)];
  } finally {
    await session.close();
  }
}

const conv =
  (attributes: AttributesOf<'Conv'>, { bias = false, to = 32, from = 16, size = [3, 3] } = {}): Build =>
  (graph, input) => {
    const [x, w] = [input([2, from, 9, 8]), input([to, from, ...size])];
    return graph.op('Conv', bias ? [x, w, input([to])] : [x, w], { kernel_shape: size, ...attributes });
  };
const transposed =
  (attributes: AttributesOf<'ConvTranspose'>, size = [3, 3]): Build =>
  (graph, input) =>
    graph.op('ConvTranspose', [input([2, 32, 7, 6]), input([32, 16, ...size])], { kernel_shape: size, ...attributes });

type Unpool = (graph: GraphBuilder, maxima: Value, indices: Value, x: Value) => Value;
const unpooled: Unpool = (graph, maxima, indices, x) =>
  graph.op('MaxUnpool', [maxima, indices, graph.int64s(x.shape as number[])], {
    kernel_shape: [2, 2],
    strides: [2, 2],
  });

/** Where the maxima were. Of whole numbers, so that there are ties. */
const pooled =
  (image: Build = (_, input) => input([2, 32, 6, 8]), show: Unpool = unpooled): Build =>
  (graph, input) => {
    const whole = graph.op('Cast', [image(graph, input)], { to: elementTypeOf('int32') });
    const x = graph.op('Cast', [whole], { to: elementTypeOf('float32') });
    const window = { kernel_shape: [2, 2], strides: [2, 2] };
    const [y, indices] = graph.ops('MaxPool', [x], window, { outputs: ['pooled', 'pooled/indices'] });
    return show(graph, y!, indices!, x);
  };

const blocksIn = ({ graph }: Model) => graph.nodes.filter(({ domain }) => domain !== '').map(({ op }) => op);

describe.skipIf(!block)('convolutions over blocks of channels (skipped where ONNX Runtime has no such kernels)', () => {
  it.each<[string, Build]>([
    ['a convolution', conv({})],
    ['with a bias', conv({}, { bias: true })],
    ['with strides and uneven pads', conv({ strides: [2, 1], pads: [1, 0, 2, 1] })],
    ['with dilations', conv({ dilations: [2, 2] })],
    ['of one pixel', conv({}, { size: [1, 1] })],
    ['of an uneven window', conv({}, { size: [2, 4], bias: true })],
    ['a transposed one', transposed({})],
    ['a transposed one of an uneven window, with pads', transposed({ pads: [0, 1, 1, 2] }, [2, 4])],
    [
      'two that read the same image, and one that wants its channels last',
      (graph, input) => {
        const x = input([2, 16, 6, 6]);
        const [a, b] = [0, 1].map(() => graph.op('Conv', [x, input([16, 16, 3, 3])], { kernel_shape: [3, 3] }));
        const last = graph.op('Transpose', [x], { perm: [0, 2, 3, 1] });
        const sum = graph.op('ReduceSum', [last, graph.int64s([1, 2, 3])], { keepdims: 1 });
        return graph.op('Add', [graph.op('Add', [a!, b!]), sum]);
      },
    ],
    [
      'a max pooling that tells where the maxima were',
      pooled(undefined, (graph, _, indices) => graph.op('Cast', [indices], { to: elementTypeOf('float32') })),
    ],
    ['a max pooling that is undone', pooled()],
    ['one of an image that a convolution makes', pooled(conv({ pads: [1, 0, 2, 0] }, { bias: true }))],
  ])('%s gives the same', async (_, build) => {
    const { model, feeds } = modelOf(build);
    const blocked = blockChannels(model, block!);
    expect(blocksIn(blocked)).toContain('ReorderOutput');
    const [received, expected] = [await run(blocked, feeds), await run(model, feeds)];
    expect(received.length).toBe(expected.length);
    expected.forEach((value, i) => expect(received[i]).toBeCloseTo(value, 4));
  });
});

describe('what does not fill blocks of 16 channels, or is of another kind, stays as it is', () => {
  it.each<[string, Build]>([
    ['a convolution of one channel', conv({}, { from: 1 })],
    ['a convolution to 24 channels', conv({}, { to: 24 })],
    ['a transposed convolution with strides', transposed({ strides: [2, 2] })],
    ['a transposed convolution with more pads than its window has', transposed({ pads: [3, 0, 0, 0] })],
    [
      'a grouped convolution',
      (graph, input) =>
        graph.op('Conv', [input([1, 32, 4, 4]), input([32, 16, 1, 1])], { kernel_shape: [1, 1], group: 2 }),
    ],
    ['a max pooling of an uneven number of rows', pooled((_, input) => input([1, 16, 5, 4]))],
    ['a max pooling of 8 channels', pooled((_, input) => input([1, 8, 4, 4]))],
    [
      'a transposition that no convolution shares',
      (graph, input) => graph.op('Transpose', [input([1, 16, 3, 3])], { perm: [0, 2, 3, 1] }),
    ],
  ])('%s', (_, build) => {
    const { model } = modelOf(build);
    expect(blockChannels(model, 16).graph.nodes).toEqual(model.graph.nodes);
  });
});
