/** The data of the trials: each persona's digits, halved into those to correct from and those held out, and MNIST's test set. */

import { subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { drawEach, enlarged, halves, personaNames, written } from '../personas/index.mjs';
import { twinSplit } from './twins.mjs';

/** Of the halves, the hands and the corrections. Strategies are chosen with another seed, on training digits. */
const [SEED, CHOOSING] = [2026, 11];

export const OPTDIGITS = 'optdigits';

let cached;
/** `{ mnist, personas: [{ name, own, held }] }`: data sets of 28x28. */
export async function setting({ quick, twins }) {
  cached ??= load(quick, twins);
  return cached;
}

async function load(quick, twins) {
  const digits = twins ? (await twinSplit()).validation : await loadDataset('mnist', 'test');
  const seed = twins ? CHOOSING : SEED;
  const { own, held } = halves(digits, seed);
  const few = (dataset, count) => (quick ? subset(dataset, { from: 0, to: Math.min(count, dataset.count) }) : dataset);
  const names = quick ? ['slant', 'mirrored'] : personaNames;
  const personas = names.map((name) => ({
    name,
    own: written(few(own, 2000), name, seed),
    held: written(few(held, 500), name, seed + 1),
  }));
  if (!quick) {
    const train = enlarged(await loadDataset('optdigits', 'train'));
    const parts = twins ? halves(train, seed) : { own: train, held: enlarged(await loadDataset('optdigits', 'test')) };
    personas.push({ name: OPTDIGITS, ...parts });
  }
  return { mnist: few(digits, 1000), personas };
}

/** So many corrections of each digit. */
export const corrections = ({ own }, each) => subset(own, drawEach(own, each, SEED));

/** So many corrections of one digit. */
export function correctionsOf({ own }, digit, count) {
  const indices = drawEach(own, count, SEED).filter((i) => own.labels[i] === digit);
  return subset(own, indices);
}
