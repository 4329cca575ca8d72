import { decodeModel, encodeModel, initializersOf, openModel, sizeOf, Trainer, trainingSpecOf } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { beyondGather, cnn, drawn, exported, node } from '../../../test/exported.js';
import { findArchitecture } from './architectures/catalogue.js';
import { type BuildTrainingOptions, buildTraining } from './build-training.js';
import { buildModel } from './forward/build-model.js';

const objective = { loss: 'sparse_categorical_crossentropy', optimizer: { name: 'SGD', learningRate: 0.1 } } as const;
const build = (options: Partial<BuildTrainingOptions> = {}, model = cnn()) =>
  buildTraining(encodeModel(model), { ...objective, ...options });
const names = (built: ReturnType<typeof build>) => built.files.map(({ name }) => name);

describe('buildTraining', () => {
  it('makes a small file without weights, by which the wrapped model learns', async () => {
    const { files, bytes, parameters, contract } = build({ batchSizes: [4] });
    const [{ bytes: training, parameters: trained }] = files as [(typeof files)[0]];
    expect(trained).toBe(parameters);
    const graph = decodeModel(training);
    expect(Math.max(...[...graph.graph.initializers.values()].map(({ shape }) => sizeOf(shape)))).toBeLessThan(100);
    expect(trainingSpecOf(graph)).toMatchObject({ batchSize: 4, image: [8, 8], classes: 10, optimizer: 'SGD' });
    expect(contract).toMatchObject({ height: 8, width: 8 });

    const { model } = openModel(bytes);
    const trainer = await Trainer.create({ createSession, training, weights: initializersOf(model), threads: 1 });
    const images = Uint8Array.from({ length: 4 * 64 }, (_, i) => (i * 31) % 256);
    const losses: number[] = [];
    for (let i = 0; i < 10; i++) losses.push(await trainer.step({ images, labels: [0, 1, 2, 3] }));
    await trainer.close();
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  it('names files by what they train and how much at a time', () => {
    expect(names(build())).toEqual(['training.onnx']);
    expect(names(build({ trainable: ['head', 'all'], batchSizes: [8, 32] }))).toEqual([
      'training.head.onnx',
      'training.head.b32.onnx',
      'training.onnx',
      'training.b32.onnx',
    ]);
    expect(names(build({ trainable: ['head', 'last-blocks'] }))).toEqual([
      'training.onnx',
      'training.head.onnx',
      'training.last-blocks.onnx',
    ]);
    expect(names(build({ weights: ['fc2.*'] }))).toEqual(['training.onnx']);
  });

  it('says what stays as it is, and why', () => {
    const { frozen, files } = build({ trainable: ['head'] });
    expect(files[0]!.weights).toEqual(['fc2.kernel', 'fc2.bias']);
    expect(frozen.map(({ name }) => name)).toEqual(['conv.weight', 'bn.scale', 'bn.shift', 'fc1.weight', 'fc1.bias']);
    expect(frozen[0]!.why).toBe('not among: head');
    const own = buildModel(findArchitecture('cnn-bn')).model;
    const statistics = build({}, own).frozen;
    expect(statistics.length).toBeGreaterThan(0);
    for (const { name, why } of statistics) {
      expect(name).toMatch(/moving_(mean|variance)/);
      expect(why).toMatch(/moving statistic/);
    }
  });

  it('tells a weight that no gradient reaches', () => {
    const model = exported({
      input: { name: 'input', dtype: 'float32', shape: ['n', 8, 8] },
      nodes: [
        node('Flatten', ['input'], 'flat'),
        node('MatMul', ['flat', 'gate'], 'scores'),
        node('Sign', ['scores'], 'signs'),
        node('MatMul', ['signs', 'head'], 'output'),
      ],
      weights: { gate: drawn(1, [64, 6]), head: drawn(2, [6, 10]) },
    });
    const { files, frozen } = build({}, model);
    expect(files[0]!.weights).toEqual(['head']);
    expect(frozen).toEqual([
      { name: 'gate', parameters: 384, why: expect.stringMatching(/nothing that has a gradient/) },
    ]);
  });

  it('leaves a model that has the contract as it is, byte by byte', () => {
    const given = encodeModel(buildModel(findArchitecture('mlp')).model);
    const built = buildTraining(given, objective);
    expect(built.bytes).toBe(given);
    expect(built.wrapped).toBeUndefined();
  });

  const twoSteps = beyondGather(8);

  it('leaves out a choice that cannot be had, and says why', () => {
    const { files, skipped, frozen } = build({ trainable: ['all', 'head'], batchSizes: [8, 32] }, twoSteps);
    expect(files.map(({ name, trainable }) => [name, trainable])).toEqual(
      ['', '.b32', '.head', '.head.b32'].map((part) => [`training${part}.onnx`, 'head']),
    );
    expect(skipped).toEqual([{ trainable: 'all', why: expect.stringMatching(/"\/b\/Gather"/) }]);
    expect(frozen).toEqual([{ name: 'w1', parameters: 18, why: 'not among: head' }]);
  });

  it('names all nodes that a gradient cannot pass at once', () => {
    expect(() => build({}, twoSteps)).toThrow(
      expect.objectContaining({
        code: 'unsupported-operator',
        received: expect.stringMatching(/node "\/b\/Gather" \(Gather\): .*; node "\/c\/Gather" \(Gather\): /),
      }),
    );
  });

  it('trains what lies behind them', () => {
    expect(build({ trainable: ['head'] }, twoSteps).files[0]!.weights).toEqual(['w2']);
  });
});
