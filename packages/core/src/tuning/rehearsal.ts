/** What is made of the corrections and the core set before a run: to rehearse, and to tell by what is forgotten. */

import { type Augmentation, augmenting } from '../augment/augment.js';
import { joinBytes } from '../bytes.js';
import type { Work } from '../slices.js';
import { identity } from './affine.js';
import { inHand } from './drawing.js';
import { fitHand, type Hand } from './hand.js';
import type { Guards } from './learning.js';
import { augmentFor, type MixtureParts } from './mixture.js';
import { isPlain } from './pen.js';
import { heldBack, type Samples, type WeightedSamples } from './samples.js';
import type { Strategy } from './strategy.js';

export interface RehearsalParts {
  readonly strategy: Strategy;
  readonly corrections: WeightedSamples;
  /** The core set; nothing but the corrections is rehearsed without. */
  readonly replay: Samples | undefined;
  readonly seed: number;
}

type Rehearsal = Pick<MixtureParts, 'replay' | 'imitation' | 'augment' | 'replayAugment'> & { readonly guards: Guards };

/** Guards are augmented, as no two digits of a hand are alike. */
export function* rehearsal({ strategy, corrections, replay, seed }: RehearsalParts): Work<Rehearsal> {
  const augment = yield* augmenting(augmentFor(strategy.augment, corrections));
  const replayAugment = yield* augmenting(augmentFor(strategy.replayAugment, corrections));
  if (!replay) return { replay, augment, replayAugment, guards: { hands: [] } };
  const { guardCopies, imitationShare } = strategy;
  const { held, rest } = heldBack(replay);
  const careful = guardCopies > 1;
  const varied = careful ? yield* copied(held, guardCopies, augment, seed) : undefined;
  const hand = imitationShare > 0 ? yield* fitHand(corrections, replay) : undefined;
  const imitation = hand && (yield* inHand(rest, hand));
  const hands: Samples[] = [];
  for (const one of careful && imitationShare > 0
    ? yield* likelyHands(hand, corrections, replay)
    : hand
      ? [hand]
      : []) {
    hands.push(yield* copied(yield* inHand(held, one), guardCopies, augment, seed));
  }
  return { replay: rest, imitation, augment, replayAugment, guards: { core: held, varied, hands } };
}

/** Corrections of a few digits tell less of the map than of the pen: these with it, and without. */
function* likelyHands(found: Hand | undefined, corrections: Samples, replay: Samples): Work<readonly Hand[]> {
  // Where nothing simple fits, what fits anyhow tells at least of what is to stay.
  const hand = found ?? (yield* fitHand(corrections, replay, 0));
  if (!hand) return [];
  return isPlain(hand.pen) ? [hand] : [hand, { ...hand, map: identity }];
}

/** So many copies of each sample, each augmented otherwise. */
function* copied(samples: Samples, copies: number, augment: Augmentation, seed: number): Work<Samples> {
  const { images, labels, count, height, width } = samples;
  const out = new Uint8Array(copies * images.length);
  for (let i = 0; i < copies * count; i++) {
    const [epoch, index] = [Math.floor(i / count), i % count];
    augment({ from: samples, indices: [index], epoch, seed, out: out.subarray(i * height * width) });
    yield;
  }
  return { ...samples, images: out, labels: joinBytes(Array(copies).fill(labels)), count: copies * count };
}
