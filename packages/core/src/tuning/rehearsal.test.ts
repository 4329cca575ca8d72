import { describe, expect, it } from 'vitest';
import { figures, only } from '../../../../test/figures.js';
import { atOnce } from '../slices.js';
import { type Affine, identity } from './affine.js';
import { inHand } from './drawing.js';
import { type Pen, plainPen, widthOf } from './pen.js';
import { rehearsal } from './rehearsal.js';
import { heldBack, type Samples } from './samples.js';
import { strategies } from './strategy.js';

const replay = figures(40, 1);
const { held, rest } = heldBack(replay);
const { few, blocks, head } = strategies;

/** What is made of five corrections of one class by that hand. */
function made(strategy: typeof few | typeof blocks, { map = identity, pen = plainPen }: { map?: Affine; pen?: Pen }) {
  const samples = only(atOnce(inHand(figures(5, 2), { map, pen })), 4);
  const corrections = { ...samples, weights: new Float32Array(samples.count).fill(1) };
  return atOnce(rehearsal({ strategy, corrections, replay, seed: 1 }));
}

const thick: Pen = { stroke: 3, softness: 0 };
const leaning: Affine = [1, 0.6, 0, 1, 0, 0];

describe('what is made before a run', () => {
  it('imitates the part of the core set that may be learned, and guards by copies of the other', () => {
    const { replay: rehearsed, imitation, guards } = made(few, { map: leaning });
    expect(rehearsed!.images).toEqual(rest.images);
    expect(imitation!.labels).toEqual(rest.labels);
    expect(imitation!.images).not.toEqual(rest.images);
    expect(guards.core!.images).toEqual(held.images);
    for (const guard of [guards.varied!, ...guards.hands]) expect(guard.count).toBe(few.guardCopies * held.count);
  });

  it('guards in a hand that a few corrections tell, and in its pen alone', () => {
    expect(made(few, { map: leaning }).guards.hands).toHaveLength(1);
    const both = made(few, { map: leaning, pen: thick }).guards.hands;
    expect(both).toHaveLength(2);
    const [hand, pen] = both as [Samples, Samples];
    expect(hand.images).not.toEqual(pen.images);
    for (const guard of both) expect(widthOf(guard)).toBeGreaterThan(widthOf(held) + 1.5);
  });

  it('guards by digits as they are, once, where a strategy asks for no more', () => {
    const { guards } = made(blocks, { map: leaning, pen: thick });
    expect(guards.varied).toBeUndefined();
    expect(guards.hands.map(({ count }) => count)).toEqual([held.count]);
  });

  it('imitates nothing where no hand is found', () => {
    expect(made(blocks, {})).toMatchObject({ imitation: undefined, guards: { hands: [] } });
  });

  it('rehearses the corrections alone without a core set', () => {
    const corrections = { ...figures(1, 2), weights: new Float32Array(10).fill(1) };
    const { replay, guards } = atOnce(rehearsal({ strategy: head, corrections, replay: undefined, seed: 1 }));
    expect(replay).toBeUndefined();
    expect(guards.core).toBeUndefined();
  });
});
