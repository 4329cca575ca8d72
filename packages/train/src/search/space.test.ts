import { describe, expect, it } from 'vitest';
import { parseGrid, parseRandom, parseValue } from './parse.js';
import { planSettings } from './space.js';

const badArgument = (message: RegExp) =>
  expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) });

describe('planSettings', () => {
  it('takes all combinations of a grid, the last key changing fastest, each once', () => {
    expect(planSettings({ grid: { optimizer: ['SGD', 'Adam'], batchSize: [32, 64, 32] } })).toEqual([
      { optimizer: 'SGD', batchSize: 32 },
      { optimizer: 'SGD', batchSize: 64 },
      { optimizer: 'Adam', batchSize: 32 },
      { optimizer: 'Adam', batchSize: 64 },
    ]);
  });

  it('draws within the range, whole numbers with both ends, and by the logarithm', () => {
    const random = {
      'dropout.rate': { low: 0.1, high: 0.3 },
      'dense.units': { low: 1, high: 4, whole: true },
      learningRate: { low: 1e-4, high: 1e-1, log: true },
      batchSize: { low: 1, high: 64, log: true, whole: true },
    };
    const drawn = planSettings({ random, trials: 2000, seed: 1 });
    const of = (key: keyof typeof random) => drawn.map((settings) => settings[key] as number);
    expect(drawn).toHaveLength(2000);
    expect(of('dropout.rate').every((rate) => rate >= 0.1 && rate <= 0.3)).toBe(true);
    for (const units of [1, 2, 3, 4]) {
      expect(of('dense.units').filter((value) => value === units).length / 2000).toBeCloseTo(0.25, 1);
    }
    // A third of the draws in each power of ten.
    for (const low of [1e-4, 1e-3, 1e-2]) {
      const inside = of('learningRate').filter((rate) => rate >= low && rate < 10 * low);
      expect(inside.length / 2000).toBeCloseTo(1 / 3, 1);
    }
    expect(new Set(of('batchSize').map(Math.sign))).toEqual(new Set([1]));
    expect(of('batchSize').every((size) => Number.isInteger(size) && size <= 64)).toBe(true);
    expect(of('batchSize').filter((size) => size < 8).length / 2000).toBeCloseTo(0.5, 1);
  });

  it('gives a key the same draws whatever the others are, and other draws for another seed', () => {
    const learningRate = { low: 0, high: 1 };
    const rates = (random: object, seed = 1) =>
      planSettings({ random: { ...random, learningRate }, trials: 5, seed }).map((settings) => settings.learningRate);
    expect(rates({ 'dropout.rate': learningRate })).toEqual(rates({}));
    expect(rates({}, 2)).not.toEqual(rates({}));
    const [both] = planSettings({ random: { 'dropout.rate': learningRate, learningRate }, trials: 1, seed: 1 });
    expect(both!['dropout.rate']).not.toBe(both!.learningRate);
  });

  it('tries no setting twice, and stops where a space has no more', () => {
    const drawn = planSettings({
      random: { optimizer: ['SGD', 'Adam'], batchSize: { low: 1, high: 2, whole: true } },
      trials: 9,
    });
    expect(drawn).toHaveLength(4);
    expect(new Set(drawn.map((settings) => JSON.stringify(settings))).size).toBe(4);
  });

  it('tries every draw with every combination', () => {
    const random = { learningRate: { low: 0, high: 1 } };
    const plan = planSettings({ grid: { optimizer: ['SGD', 'Adam'] }, random, trials: 3 });
    expect(plan.map(({ optimizer }) => optimizer)).toEqual(['SGD', 'SGD', 'SGD', 'Adam', 'Adam', 'Adam']);
    expect(plan.slice(0, 3).map((s) => s.learningRate)).toEqual(plan.slice(3).map((s) => s.learningRate));
  });

  it.each([
    ['nothing', {}, /neither a grid nor a random space.*For example/],
    ['a key without values', { grid: { optimizer: [] } }, /search over "optimizer": expected at least one value/],
    ['a key twice', { grid: { epochs: [1] }, random: { epochs: [2] } }, /"epochs" in both/],
    ['an empty range', { random: { epochs: { low: 2, high: 1 } } }, /low < high, received 2\.\.1/],
    ['a range without end', { random: { epochs: { low: 1, high: Number.POSITIVE_INFINITY } } }, /low < high/],
    ['a log range from 0', { random: { learningRate: { low: 0, high: 1, log: true } } }, /above 0 for a log scale/],
    ['whole numbers from a half', { random: { epochs: { low: 0.5, high: 2, whole: true } } }, /whole numbers as ends/],
    ['no trials', { random: { epochs: { low: 1, high: 2 } }, trials: 0 }, /whole number of trials/],
  ])('refuses %s', (_, space, message) => {
    expect(() => planSettings(space)).toThrow(badArgument(message));
  });
});

describe('parseValue', () => {
  it.each([
    ['64', 64],
    ['1e-3', 0.001],
    ['-0.5', -0.5],
    ['true', true],
    ['false', false],
    ['relu', 'relu'],
    ['"64"', '64'],
    ['{"name":"SGD","momentum":0.9}', { name: 'SGD', momentum: 0.9 }],
    ['[3, 5]', [3, 5]],
    ['Infinity', 'Infinity'],
  ])('reads %s', (text, value) => {
    expect(parseValue(text)).toEqual(value);
  });

  it('tells of broken JSON', () => {
    expect(() => parseValue('{name:SGD}')).toThrow(badArgument(/expected JSON.*quotes/));
  });
});

describe('parseGrid', () => {
  it('separates by commas outside of brackets and quotes', () => {
    expect(parseGrid(['optimizer=SGD,{"name":"SGD","momentum":0.9}, Adam', 'conv2d.kernelSize=3,[5,3]'])).toEqual({
      optimizer: ['SGD', { name: 'SGD', momentum: 0.9 }, 'Adam'],
      'conv2d.kernelSize': [3, [5, 3]],
    });
    expect(parseGrid(['x="a,\\"b,c",d'])).toEqual({ x: ['a,"b,c', 'd'] });
  });

  it.each([
    ['no values', ['optimizer'], /a key and its values.*For example: optimizer=SGD,Adam/],
    ['no key', ['=1,2'], /a key and its values/],
    ['an empty value', ['epochs=1,,2'], /values between the commas/],
    ['nothing at all', ['epochs='], /a key and its values/],
    ['a key twice', ['epochs=1', 'epochs=2'], /each key once, received "epochs" again/],
  ])('refuses %s', (_, texts, message) => {
    expect(() => parseGrid(texts)).toThrow(badArgument(message));
  });
});

describe('parseRandom', () => {
  it('reads ranges and lists', () => {
    expect(
      parseRandom(['learningRate=1e-4..1e-1:log', 'dense.units=32..256', 'a=-1.0..1.0', 'optimizer=SGD,Adam']),
    ).toEqual({
      learningRate: { low: 1e-4, high: 0.1, whole: false, log: true },
      'dense.units': { low: 32, high: 256, whole: true },
      a: { low: -1, high: 1, whole: false },
      optimizer: ['SGD', 'Adam'],
    });
  });

  it('refuses ends that are no numbers', () => {
    expect(() => parseRandom(['learningRate=low..high'])).toThrow(badArgument(/numbers around the \.\./));
  });
});
