import { describe, expect, it } from 'vitest';
import { cnn, drawn, exported, node } from '../../../test/exported.js';
import { findArchitecture } from './architectures/catalogue.js';
import { buildModel } from './forward/build-model.js';
import { trainableWeights } from './trainable.js';

const head = ['fc2.kernel', 'fc2.bias'];
const hidden = ['fc1.weight', 'fc1.bias'];
const first = ['conv.weight', 'bn.scale', 'bn.shift'];

describe('trainableWeights', () => {
  it.each([
    ['all', undefined, [...first, ...hidden, ...head]],
    ['head', undefined, head],
    ['last-blocks', undefined, [...hidden, ...head]],
    ['last-blocks', 1, head],
    ['last-blocks', 3, [...first, ...hidden, ...head]],
    ['biases-and-norms', undefined, ['bn.scale', 'bn.shift', 'fc1.bias', 'fc2.bias']],
  ] as const)('finds %s (blocks %s)', (choice, blocks, expected) => {
    expect([...trainableWeights(cnn(), choice, { ...(blocks && { blocks }) })]).toEqual(expected);
  });

  it('takes names and patterns, which are no regular expressions', () => {
    expect([...trainableWeights(cnn(), ['*.bias', 'conv.weight'])]).toEqual(['conv.weight', 'fc1.bias', 'fc2.bias']);
    expect(() => trainableWeights(cnn(), ['fc..bias'])).toThrow(/received "fc..bias". Weights are: conv.weight, /);
  });

  it('tells the layers of our own systems', () => {
    const of = (name: string) => buildModel(findArchitecture(name)).model;
    const names = (name: string, ...args: [('head' | 'last-blocks' | 'biases-and-norms')?]) => [
      ...trainableWeights(of(name), args[0] ?? 'all'),
    ];
    expect(names('cnn', 'head')).toEqual(['dense_1/kernel', 'dense_1/bias']);
    expect(names('cnn', 'last-blocks')).toEqual(['dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias']);
    expect(names('cnn-bn', 'biases-and-norms').every((name) => /bias|gamma|beta/.test(name))).toBe(true);
    expect(names('hrnn', 'head')).toEqual(['dense/kernel', 'dense/bias']);
  });

  it('takes layers side by side for equally near', () => {
    const branches = exported({
      input: { name: 'input', dtype: 'float32', shape: ['n', 8] },
      nodes: [
        node('MatMul', ['input', 'trunk'], 'middle'),
        node('MatMul', ['middle', 'left'], 'a'),
        node('MatMul', ['middle', 'right'], 'b'),
        node('Add', ['a', 'b'], 'output'),
      ],
      weights: { trunk: drawn(1, [8, 4]), left: drawn(2, [4, 10]), right: drawn(3, [4, 10]) },
    });
    expect([...trainableWeights(branches, 'head')]).toEqual(['left', 'right']);
  });

  it('takes what is done to pixels for no weight, and finds one that is turned first', () => {
    const model = exported({
      input: { name: 'input', dtype: 'float32', shape: ['n', 8] },
      nodes: [
        node('Mul', ['input', 'deviation'], 'scaled'),
        node('Transpose', ['weight'], 'turned'),
        node('MatMul', ['scaled', 'turned'], 'output'),
      ],
      weights: { deviation: drawn(1, [1, 8]), weight: drawn(2, [10, 8]) },
    });
    expect([...trainableWeights(model, 'all')]).toEqual(['weight']);
    expect(() => trainableWeights(model, 'biases-and-norms')).toThrow(
      expect.objectContaining({ code: 'bad-argument' }),
    );
  });
});
