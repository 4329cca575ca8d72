/** How layers are joined: several inputs and outputs, shared layers, states that are handed on, models inside, names and sizes. */

import { filled, type Model, type Tensor } from '@denary/core';
import { convertTfjsFiles, namedWeights } from '@denary/train/tfjs';
import { describe, expect, it } from 'vitest';
import { compare, drawInputs, drawWeights, filesIn, savedFiles, tf } from './tfjs.js';

type X = tf.SymbolicTensor;
const l = tf.layers;

const networks: Record<string, () => tf.LayersModel> = {
  'states that an encoder hands to a decoder': () => {
    const [a, b] = [tf.input({ shape: [4, 3] }), tf.input({ shape: [5, 2] })];
    const [, h, c] = l.lstm({ units: 3, returnState: true }).apply(a) as X[];
    const y = l.lstm({ units: 3, returnSequences: true }).apply([b, h!, c!]) as X;
    return tf.model({ inputs: [a, b], outputs: y });
  },
  'states for both ways': () => {
    const [a, h, g] = [tf.input({ shape: [4, 3] }), tf.input({ shape: [2] }), tf.input({ shape: [2] })];
    const layer = l.bidirectional({ layer: l.gru({ units: 2 }) as tf.RNN, mergeMode: 'concat' });
    return tf.model({ inputs: [a, h, g], outputs: layer.apply([a, h, g]) as X });
  },
  'a layer that is called three times': () => {
    const [a, b] = [tf.input({ shape: [4] }), tf.input({ shape: [4] })];
    const shared = l.dense({ units: 4, activation: 'tanh' });
    const twice = shared.apply(shared.apply(a)) as X;
    return tf.model({ inputs: [a, b], outputs: [l.concatenate().apply([twice, shared.apply(b) as X]) as X, twice] });
  },
  'a model inside that is called twice': () => {
    const inner = tf.sequential({
      layers: [l.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1] }), l.flatten()],
    });
    const [a, b] = [tf.input({ shape: [4, 4, 1] }), tf.input({ shape: [4, 4, 1] })];
    return tf.model({
      inputs: [a, b],
      outputs: l.dot({ axes: -1 }).apply([inner.apply(a) as X, inner.apply(b) as X]) as X,
    });
  },
  'models inside models, with several inputs and outputs': () => {
    const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
    const sum = l.add().apply([a, b]) as X;
    const inner = tf.model({
      inputs: [a, b],
      outputs: [l.dense({ units: 3 }).apply(sum) as X, l.multiply().apply([a, b]) as X],
    });
    const [c, d] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
    const [y, z] = inner.apply([c, d]) as X[];
    const middle = tf.model({ inputs: [c, d], outputs: l.average().apply([y!, z!]) as X });
    const [e, f] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
    return tf.model({ inputs: [e, f], outputs: middle.apply([f, e]) as X });
  },
  'a Sequential in a Sequential': () =>
    tf.sequential({
      layers: [
        tf.sequential({ layers: [l.dense({ units: 4, inputShape: [5], activation: 'relu' }), l.batchNormalization()] }),
        tf.sequential({ layers: [l.dense({ units: 3, inputShape: [4] })] }),
        l.dense({ units: 2 }),
      ],
    }),
};

const convert = async (model: tf.LayersModel): Promise<Model> => convertTfjsFiles(filesIn(await savedFiles(model)));

describe('networks', () => {
  it.each(Object.entries(networks))('%s', async (_, build) => {
    const model = drawWeights(build(), 4);
    const { difference } = await compare(model, drawInputs(model, 5));
    expect(difference).toBeLessThan(1e-5);
  });

  it('have an output for each of theirs, those of the same layer with numbers', async () => {
    const input = tf.input({ shape: [3], name: 'left' });
    const y = l.dense({ units: 2, name: 'top' });
    const outputs = [y.apply(input) as X, y.apply(l.reLU().apply(input)) as X];
    const { graph } = await convert(tf.model({ inputs: input, outputs }));
    expect(graph.inputs).toEqual([{ name: 'left', dtype: 'float32', shape: ['batch', 3] }]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['top', 'top_1']);
    expect([...graph.initializers.keys()].sort()).toEqual(['top/bias', 'top/kernel']);
  });

  it('transpose once on the way in and once before what is flattened, whatever stands between', async () => {
    const keep = { padding: 'same', activation: 'relu' } as const;
    const layers = [
      l.conv2d({ filters: 2, kernelSize: 3, ...keep, inputShape: [8, 8, 3] }),
      l.batchNormalization(),
      l.depthwiseConv2d({ kernelSize: 3, ...keep }),
      l.leakyReLU(),
      l.prelu({ sharedAxes: [1, 2] }),
      l.maxPooling2d({ poolSize: 2 }),
      l.zeroPadding2d(),
      l.upSampling2d({}),
      l.dropout({ rate: 0.2 }),
      l.activation({ activation: 'softmax' }),
      l.averagePooling2d({ poolSize: 2 }),
      l.flatten(),
      l.dense({ units: 2 }),
    ];
    const { graph } = await convert(tf.sequential({ layers }));
    expect(graph.nodes.filter(({ op }) => op === 'Transpose').map(({ attributes }) => attributes.perm?.value)).toEqual([
      [0, 3, 1, 2],
      [0, 2, 3, 1],
    ]);
  });

  it('may leave steps open, and sizes, which are then given', async () => {
    const input = tf.input({ shape: [null, 3], name: 'steps' });
    const model = tf.model({ inputs: input, outputs: l.gru({ units: 2, goBackwards: true }).apply(input) as X });
    const { difference, model: open } = await compare(drawWeights(model, 1), drawInputs(model, 2));
    expect(difference).toBeLessThan(1e-5);
    expect(open.graph.inputs[0]!.shape).toEqual(['batch', 'steps_1', 3]);

    const image = tf.input({ shape: [null, null, 1], name: 'image' });
    const files = filesIn(
      await savedFiles(tf.model({ inputs: image, outputs: l.conv2d({ filters: 1, kernelSize: 3 }).apply(image) as X })),
    );
    await expect(convertTfjsFiles(files)).rejects.toMatchObject({ code: 'bad-model' });
    const { graph } = await convertTfjsFiles(files, { shapes: { image: [9, 8, 1] } });
    expect(graph.outputs[0]!.shape).toEqual(['batch', 7, 6, 1]);
    await expect(convertTfjsFiles(files, { shapes: { image: [9, 8, 3] } })).rejects.toMatchObject({
      code: 'bad-argument',
    });
  });
});

describe('the names of weights', () => {
  const tensors = (...names: string[]) =>
    new Map(names.map((name, i): [string, Tensor] => [name, filled('float32', [], i)]));

  it.each([
    ['as they are', ['dense/kernel'], ['dense'], 'kernel'],
    ['behind the names of models', ['inner/dense/kernel'], ['inner', 'dense'], 'kernel'],
    ['without the names of models', ['dense/kernel'], ['outer', 'inner', 'dense'], 'kernel'],
    ['with the name of a cell', ['lstm/lstm_cell_3/bias'], ['lstm'], 'bias'],
    ['with a number of TensorFlow', ['dense/kernel:0'], ['dense'], 'kernel'],
  ])('are found %s', (_, names, scopes, name) => {
    expect(namedWeights(tensors('other/kernel', ...names)).find(scopes, name, 0)?.data[0]).toBe(1);
  });
});
