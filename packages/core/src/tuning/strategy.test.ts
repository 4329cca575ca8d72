import { describe, expect, it } from 'vitest';
import { resolveAugmentOptions } from '../augment/augment-options.js';
import { chooseStrategy, strategies, strategyOf, type Trainable } from './strategy.js';

const all: readonly Trainable[] = ['all', 'last-blocks', 'head'];
const of = (...corrections: number[]) => ({ corrections, available: all, replay: 2000 });

describe('the strategy for a situation', () => {
  it('is gentle for a few corrections, and for many of a few classes', () => {
    expect(chooseStrategy(of(0, 0, 5, 0, 0, 0, 0, 0, 0, 0)).name).toBe('few');
    expect(chooseStrategy(of(1, 1, 1, 1, 1, 0, 0, 0, 0, 0)).name).toBe('few');
    expect(chooseStrategy(of(0, 40, 0, 0, 0, 0, 0, 40, 0, 0)).name).toBe('few');
  });

  it('learns in earnest from one of each digit on', () => {
    expect(chooseStrategy(of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1)).name).toBe('blocks');
    expect(chooseStrategy(of(...Array<number>(10).fill(50))).name).toBe('blocks');
    expect(chooseStrategy(of(6, 6)).name).toBe('blocks');
  });

  it('changes the head alone where there is no core set', () => {
    expect(chooseStrategy({ ...of(9, 9, 9, 9, 9, 9, 9, 9, 9, 9), replay: 0 }).name).toBe('head');
  });

  it('takes what can be trained', () => {
    const [few, many] = [of(3), of(9, 9, 9, 9, 9)];
    expect(chooseStrategy({ ...many, available: ['all'] }).name).toBe('full');
    expect(chooseStrategy({ ...few, available: ['all'] }).name).toBe('full');
    expect(chooseStrategy({ ...many, available: ['head'] }).name).toBe('head');
    expect(chooseStrategy({ ...many, available: ['all'], replay: 0 }).name).toBe('full');
  });
});

describe('named strategies', () => {
  it.each(Object.entries(strategies))(
    '%s has shares that leave room, and changes of images by pixels',
    (name, given) => {
      const { augment, replayAugment, replayShare, imitationShare } = strategyOf(given, 'test');
      expect(given.name).toBe(name);
      expect(replayShare).toBeLessThan(1);
      expect(imitationShare).toBeLessThan(1);
      // Below 1 a shift is a part of the image's size, by which no digit may move.
      for (const { shift } of [augment, replayAugment].map(resolveAugmentOptions))
        expect(shift).toBeGreaterThanOrEqual(1);
    },
  );

  it('are found by name, and others refused', () => {
    expect(strategyOf('few', 'test')).toBe(strategies.few);
    expect(() => strategyOf('toString' as 'few', 'test')).toThrow(/auto, head, few, blocks, low-rank, full/);
  });
});
