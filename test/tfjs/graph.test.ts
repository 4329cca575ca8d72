/** Graph models, made by hand: what TensorFlow.js predicts is what the converted model gives, and what is not covered is told at once. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { encodeModel, fromNumbers, type Model, type Tensor } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { convertFile } from '@denary/train/node';
import { convertLoadedModel, convertTfjsFiles } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { graphFiles, type NodeJson, node, placeholder } from './graph-files.js';
import { filesIn, tf } from './tfjs.js';

const int = (values: readonly number[], shape = [values.length]) => fromNumbers('int32', values, shape);
const floats = (shape: readonly number[], scale = 1): Tensor => {
  const count = shape.reduce((product, size) => product * size, 1);
  return fromNumbers(
    'float32',
    Array.from({ length: count }, (_, i) => scale * Math.sin(1 + i)),
    shape,
  );
};

const x = placeholder('x', [-1, 6, 5, 3]);
const padding = 'SAME';
const conv = { strides: [1, 2, 1, 1], padding, data_format: 'NHWC', dilations: [1, 1, 1, 1] };
const strided = { begin_mask: 0, end_mask: 0, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 };

interface Case {
  readonly nodes: readonly NodeJson[];
  readonly weights: Readonly<Record<string, Tensor>>;
}

const cases: Readonly<Record<string, Case>> = {
  'a fused convolution and a pool': {
    nodes: [
      {
        ...node('conv', '_FusedConv2D', ['x', 'kernel', 'bias'], { ...conv, num_args: 1, epsilon: 0.001 }),
        attr: {
          ...node('conv', '_FusedConv2D', [], conv).attr,
          fused_ops: { list: { s: [btoa('BiasAdd'), btoa('Relu6')] } },
          num_args: { i: '1' },
        },
      },
      node('y', 'MaxPool', ['conv'], { ksize: [1, 3, 2, 1], strides: [1, 2, 2, 1], padding, data_format: 'NHWC' }),
    ],
    weights: { kernel: floats([3, 2, 3, 4]), bias: floats([4]) },
  },
  'a shape that is computed': {
    nodes: [
      node('shape', 'Shape', ['x'], { out_type: 'DT_INT32' }),
      node('batch', 'StridedSlice', ['shape', 'zero', 'one', 'one'], { ...strided, shrink_axis_mask: 1 }),
      node('target', 'Pack', ['batch', 'ninety'], { axis: 0, N: 2 }),
      node('flat', 'Reshape', ['x', 'target']),
      node('y', 'MatMul', ['flat', 'kernel'], { transpose_a: false, transpose_b: true }),
    ],
    weights: { zero: int([0]), one: int([1]), ninety: int([90], []), kernel: floats([7, 90], 0.1) },
  },
  'batch normalization, then a mean without its axes': {
    nodes: [
      node('norm', 'FusedBatchNormV3', ['x', 'gamma', 'beta', 'mean', 'variance'], {
        epsilon: 0.001,
        is_training: false,
        data_format: 'NHWC',
      }),
      node('y', 'Mean', ['norm', 'axes'], { keep_dims: false }),
    ],
    weights: {
      gamma: floats([3]),
      beta: floats([3]),
      mean: floats([3]),
      variance: fromNumbers('float32', [0.5, 1, 2]),
      axes: int([1, 2]),
    },
  },
};

const feed = floats([2, 6, 5, 3]);

async function run(model: Model): Promise<Tensor> {
  const session = await createSession(encodeModel(model), { threads: 1 });
  try {
    return (await session.run({ [model.graph.inputs[0]!.name]: feed }))[model.graph.outputs[0]!.name]!;
  } finally {
    await session.close();
  }
}

async function loaded(files: ReadonlyMap<string, Uint8Array>) {
  const { weightsManifest, ...json } = JSON.parse(new TextDecoder().decode(files.get('model.json')));
  const weightData = new Uint8Array(files.get('shard.bin')!).buffer;
  return await tf.loadGraphModel({
    load: async () => ({ ...json, weightSpecs: weightsManifest[0].weights, weightData }),
  });
}

function expectClose(actual: Tensor, expected: tf.Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expected.dataSync().forEach((value, i) => {
    expect(Math.abs(Number(actual.data[i]) - value)).toBeLessThan(1e-5);
  });
}

const predicted = (model: tf.GraphModel) =>
  model.predict(tf.tensor(feed.data as Float32Array, [...feed.shape])) as tf.Tensor;

describe('a graph model', () => {
  it.each(Object.entries(cases))('%s', async (_, { nodes, weights }) => {
    const files = graphFiles([x, ...nodes], weights);
    const model = await convertTfjsFiles(filesIn(files));
    expectClose(await run(model), predicted(await loaded(files)));
  });

  // TensorFlow.js 4.22 takes other values where an axis goes away and another one has steps.
  it('is sliced as TensorFlow does it: x[:, 1:5:2, newaxis, 2, 2:0:-1]', async () => {
    const masks = { begin_mask: 1, end_mask: 1, ellipsis_mask: 0, new_axis_mask: 4, shrink_axis_mask: 8 };
    const nodes = [x, node('y', 'StridedSlice', ['x', 'begin', 'end', 'strides'], masks)];
    const numbers = { begin: [0, 1, 0, 2, 2], end: [0, 5, 0, 3, 0], strides: [1, 2, 1, 1, -1] };
    const weights = Object.fromEntries(Object.entries(numbers).map(([name, values]) => [name, int(values)]));
    const { shape, data } = await run(await convertTfjsFiles(filesIn(graphFiles(nodes, weights))));
    expect(shape).toEqual([2, 2, 1, 2]);
    const places = [0, 1].flatMap((image) =>
      [1, 3].flatMap((row) => [2, 1].map((channel) => ({ image, row, channel }))),
    );
    expect([...data]).toEqual(
      places.map(({ image, row, channel }) => feed.data[((image * 6 + row) * 5 + 2) * 3 + channel]),
    );
  });

  const { nodes, weights } = cases['batch normalization, then a mean without its axes']!;
  const signature = { inputs: { image: { name: 'x:0' } }, outputs: { scores: { name: 'y:0' } } };

  it('keeps the names of its signature', async () => {
    const { graph } = await convertTfjsFiles(filesIn(graphFiles([x, ...nodes], weights, { signature })));
    expect(graph.inputs).toEqual([{ name: 'image', dtype: 'float32', shape: ['batch', 6, 5, 3] }]);
    expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([['scores', ['batch', 3]]]);
  });

  it('takes the sizes that a model leaves open', async () => {
    const files = graphFiles([placeholder('x', [-1, -1, -1, 3]), ...cases['a fused convolution and a pool']!.nodes], {
      ...cases['a fused convolution and a pool']!.weights,
    });
    await expect(convertTfjsFiles(filesIn(files))).rejects.toMatchObject({
      code: 'unsupported-operator',
      received: expect.stringContaining('give the shapes of the inputs'),
    });
    const model = await convertTfjsFiles(filesIn(files), { shapes: { x: [6, 5, 3] } });
    expectClose(await run(model), predicted(await loaded(files)));
  });

  it('may come from a loader of TensorFlow.js', async () => {
    const theirs = await loaded(graphFiles([x, ...nodes], weights, { signature }));
    const model = await convertLoadedModel(theirs);
    expect(model.graph.outputs[0]!.name).toBe('scores');
    expectClose(await run(model), predicted(theirs));
  });

  it('may come from a URL', async () => {
    const files = graphFiles([x, ...nodes], weights, { signature });
    const server = createServer(({ url }, response) => response.end(files.get(url!.slice(1)))).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      expectClose(await run(await convertFile(`${base}/model.json`)), predicted(await loaded(files)));
      await expect(convertFile(`${base}/none.json`)).rejects.toMatchObject({ code: 'not-found' });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('a graph model that cannot be converted', () => {
  const refused = async (nodes: readonly NodeJson[], weights = {}, more = {}) =>
    await convertTfjsFiles(filesIn(graphFiles(nodes, weights, more))).catch((error) => error);

  it('is one error that lists all that is not covered', async () => {
    const nodes = [
      x,
      node('a', 'Whirl', ['x']),
      node('b', 'Capsule', ['x']),
      node('c', 'Whirl', ['b']),
      node('norm', 'FusedBatchNormV3', ['x', 'x', 'x', 'x', 'x'], { is_training: true }),
      node('y', 'AddN', ['a', 'c', 'norm']),
    ];
    expect(await refused(nodes)).toMatchObject({
      code: 'unsupported-operator',
      received: 'Whirl (2 nodes: a, c); Capsule (b); FusedBatchNormV3: training (norm)',
    });
  });

  it.each([
    ['nodes that are none', { modelTopology: { node: [{ op: 3 }] } }],
    ['no list of nodes', { modelTopology: { node: 'x' } }],
    [
      'a node that waits for itself',
      {
        modelTopology: { node: [node('y', 'Relu', ['z']), node('z', 'Relu', ['y'])] },
        signature: { inputs: {}, outputs: { y: { name: 'y:0' } } },
      },
    ],
    ['an input that is not there', { modelTopology: { node: [node('y', 'Relu', ['gone'])] } }],
    ['an output that is not there', { signature: { inputs: {}, outputs: { y: { name: 'gone:0' } } } }],
    [
      'a weight that is not there',
      { modelTopology: { node: [{ name: 'k', op: 'Const', attr: {} }, node('y', 'Relu', ['k'])] } },
    ],
    ['two nodes of one name', { modelTopology: { node: [x, x] } }],
  ])('as it has %s', async (_, more) => {
    expect(await refused([x, node('y', 'Relu', ['x'])], {}, more)).toMatchObject({ code: 'bad-model' });
  });

  it('as a loop does not end', async () => {
    const loop = node('loop', 'StatelessWhile', ['x'], {
      cond: { func: { name: 'on' } },
      body: { func: { name: 'on' } },
    });
    const on = {
      signature: { name: 'on', inputArg: [{ name: 'v' }], outputArg: [{ name: 'w' }] },
      nodeDef: [],
      ret: { w: 'v' },
    };
    const more = { modelTopology: { node: [x, loop], library: { function: [on] } } };
    expect(await refused([], {}, more)).toMatchObject({
      code: 'unsupported-operator',
      received: expect.stringContaining('a condition that depends on the input'),
    });
  });
});
