import { describe, expect, it } from 'vitest';
import { encodeModel } from '../onnx/encode.js';
import type { Model, Node } from '../onnx/model.js';
import { filled } from '../tensor.js';
import { type TrainingSpec, trainingMetadata } from '../training-spec.js';
import { noGraphOf, trainableOf, tuningGraphs } from './graphs.js';
import { chooseStrategy, type Trainable } from './strategy.js';

const node = (op: string, inputs: string[], output: string): Node => ({
  op,
  name: output,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

/** Three layers, of which the last are two heads side by side. */
const shapes = { conv: [4, 1, 3, 3], slope: [4, 1, 1], dense: [16, 8], bias: [8], left: [8, 10], right: [8, 10] };
const model: Model = {
  irVersion: 9,
  opset: 17,
  producer: 'a test',
  metadata: {},
  graph: {
    name: 'test',
    inputs: [{ name: 'image', dtype: 'float32', shape: ['batch', 1, 6, 6] }],
    outputs: [{ name: 'both', dtype: 'float32', shape: ['batch', 20] }],
    initializers: new Map(Object.entries(shapes).map(([name, shape]) => [name, filled('float32', shape)])),
    nodes: [
      node('Conv', ['image', 'conv'], 'a'),
      node('PRelu', ['a', 'slope'], 'b'),
      node('Flatten', ['b'], 'c'),
      node('Gemm', ['c', 'dense', 'bias'], 'd'),
      node('MatMul', ['d', 'left'], 'e'),
      node('MatMul', ['d', 'right'], 'f'),
      node('Concat', ['e', 'f'], 'both'),
    ],
  },
};

const spec = (...trained: string[]): TrainingSpec => ({
  version: 1,
  batchSize: 4,
  image: [6, 6],
  classes: 10,
  loss: 'sparse_categorical_crossentropy',
  optimizer: 'SGD',
  learningRate: 0.1,
  state: Object.entries(shapes).map(([input, shape]) => ({
    ...{ input, kind: 'weight', shape, dtype: 'float32' },
    ...(trained.includes(input) && { output: `${input}/next` }),
  })),
});
const file = (...trained: string[]) => encodeModel({ ...model, metadata: trainingMetadata(spec(...trained)) });
const unnamed = (...files: Uint8Array[]) => files.map((bytes) => ({ bytes }));
const everything = Object.keys(shapes);

describe('what a training graph trains', () => {
  it.each<[Trainable, string[]]>([
    ['all', everything],
    ['all', ['conv', 'dense', 'left', 'right']],
    ['head', ['left', 'right']],
    ['last-blocks', ['dense', 'bias', 'left', 'right']],
    ['biases-and-norms', ['slope', 'bias']],
  ])('is %s, with %j', (trainable, trained) => {
    expect(trainableOf(spec(...trained), model)).toBe(trainable);
  });

  it('is told by the files, and strategies go by it', () => {
    const [all, head, again] = [file(...everything), file('left', 'right'), file('left', 'right')];
    const graphs = tuningGraphs(unnamed(head, all, again), model);
    expect([...graphs]).toEqual([
      ['head', head],
      ['all', all],
    ]);
    const situation = { corrections: new Array<number>(10).fill(5), replay: 100 };
    const chosen = (...files: Uint8Array[]) =>
      chooseStrategy({ ...situation, available: [...tuningGraphs(unnamed(...files), model).keys()] });
    expect(chosen(all, head).name).toBe('full');
    expect(chosen(head).name).toBe('head');
    expect(chosen(file('slope', 'bias'))).toMatchObject({ name: 'biases-and-norms', trainable: 'biases-and-norms' });
  });

  it('is what a file is named for, where it is named', () => {
    const [all, blocks, head] = [file(...everything), file(...everything), file('left', 'right')];
    const graphs = tuningGraphs(
      [
        { name: 'training.onnx', bytes: all },
        { name: 'training.last-blocks.b32.onnx', bytes: blocks },
        { name: 'training.b128.onnx', bytes: head },
      ],
      model,
    );
    expect(Object.fromEntries(graphs)).toEqual({ all, 'last-blocks': blocks, head });
    const main = file('left', 'right');
    const twice = [
      { name: 'training.onnx', bytes: main },
      { name: 'training.head.onnx', bytes: head },
    ];
    expect(tuningGraphs(twice, model).get('head')).toBe(head);
  });

  it('is asked of training graphs alone, one at least', () => {
    expect(() => tuningGraphs([], model)).toThrow(expect.objectContaining({ code: 'not-found' }));
    expect(() => tuningGraphs(unnamed(encodeModel(model)), model)).toThrow(
      expect.objectContaining({ code: 'bad-model' }),
    );
  });

  it('is named where it is not what a strategy trains, and the command that makes the other', () => {
    const error = noGraphOf('last-blocks', tuningGraphs(unnamed(file(...everything), file('left', 'right')), model));
    expect(error).toMatchObject({ code: 'not-found', received: 'those of all, head' });
    expect(error.remedy).toMatch(/denary build-training MODEL\.onnx --trainable last-blocks.*: auto, head, full\./);
  });
});
