/** Gradients and training of the whole catalogue against PyTorch's autograd and Keras on TensorFlow. */

import { isDeepStrictEqual } from 'node:util';
import { catalogue, dataOf } from '@denary/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Outcome, type Run, runOf, testBatches, titleOf, train } from './denary.js';
import { pathError, probeErrors, relativeErrors, shown } from './measures.js';
import { AGREEMENT, type PeerName, peersOf } from './peers.js';
import { gentle, smooth, withoutDropout } from './variants.js';

const STEPS = 20;
/** Of the initial weights of the gentle runs. */
const SEEDS = [1, 2, 3];
/** Those with several heads are too large for so many steps in float64: probes.test.ts has their gradients. */
const systems = catalogue.filter(({ slots = 1 }) => slots === 1).map(withoutDropout);

/** A system's runs, by title: as it is, without kinks (where it has any), and by a gentle optimizer. */
const titles = systems.map((architecture) => {
  const title = titleOf(architecture);
  const isSmooth = isDeepStrictEqual(smooth(architecture), architecture);
  return {
    title,
    even: isSmooth ? title : `${title}, smooth`,
    gently: SEEDS.map((seed) => `${title}, SGD, seed ${seed}`),
  };
});

const runs: Record<string, Run> = {};
let peers: Awaited<ReturnType<typeof peersOf>>;
const report: string[] = [];

beforeAll(async () => {
  for (const [i, architecture] of systems.entries()) {
    const batches = await testBatches(STEPS, dataOf(architecture));
    const parts = { probes: batches.slice(0, 2), batches };
    const { title, even, gently } = titles[i]!;
    runs[even] = runOf(smooth(architecture), parts);
    runs[title] = runOf(architecture, parts);
    gently.forEach((run, k) => {
      runs[run] = runOf(gentle(architecture), { ...parts, probes: [] }, SEEDS[k]);
    });
  }
  peers = await peersOf(runs);
});

afterAll(() => console.info(report.join('\n')));

describe.each(titles)('$title', ({ title, even, gently }) => {
  const ours: Record<string, Outcome> = {};

  beforeAll(async () => {
    for (const variant of new Set([title, even, ...gently])) ours[variant] = await train(runs[variant]!);
  });

  it('has a reference: PyTorch and Keras agree', () => {
    for (const variant of [title, even]) {
      const errors = probeErrors(peers.Keras.get(variant), peers.PyTorch.get(variant));
      expect(Math.max(...errors)).toBeLessThan(AGREEMENT);
    }
  });

  describe.each<PeerName>(['Keras', 'PyTorch'])('against %s', (peer) => {
    const expected = (variant: string) => peers[peer].get(variant);

    it('has the same gradients and batch statistics', () => {
      const asIs = probeErrors(ours[title]!, expected(title));
      const errors = { 'as it is': Math.max(...asIs), smooth: Math.max(...probeErrors(ours[even]!, expected(even))) };
      report.push(shown(`${title} gradients, ${peer}`, errors));
      expect(errors.smooth).toBeLessThan(1e-4);
      // A ReLU at 0 spoils one batch; a wrong rule spoils both.
      expect(Math.min(...asIs)).toBeLessThan(1e-4);
      expect(errors['as it is']).toBeLessThan(0.1);
    });

    it(`has the same weights after ${STEPS} steps`, () => {
      const distance = (variant: string, names?: string[]) =>
        pathError(runs[variant]!.weights, ours[variant]!.weights, expected(variant).weights, names);
      const eachWeight = Object.keys(runs[even]!.weights).map((weight) => distance(even, [weight]));
      const errors = {
        'as it is': distance(title),
        smooth: distance(even),
        'its worst weight': Math.max(...eachWeight),
      };
      report.push(shown(`${title} ${STEPS} steps, ${peer}`, errors));
      expect(errors.smooth).toBeLessThan(1e-3);
      expect(errors['its worst weight']).toBeLessThan(1e-2);
      expect(errors['as it is']).toBeLessThan(0.1);
    });

    it(`has the same weights after ${STEPS} steps of SGD`, () => {
      const errors = gently.map((run) => Math.max(...relativeErrors(ours[run]!.weights, expected(run).weights)));
      report.push(shown(`${title} ${STEPS} steps of SGD, ${peer}`, { 'the worst weight': Math.min(...errors) }));
      // A ReLU at 0 in any of the steps spoils one run; a wrong rule spoils all.
      expect(Math.min(...errors)).toBeLessThan(1e-4);
      expect(Math.max(...errors)).toBeLessThan(0.2);
    });

    it('has the same losses on the way', () => {
      const { losses } = expected(even);
      const errors = ours[even]!.losses.map((loss, i) => Math.abs(loss / losses[i]! - 1));
      expect(Math.max(...errors)).toBeLessThan(1e-3);
    });
  });
});
