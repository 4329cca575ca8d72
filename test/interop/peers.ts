/** Training runs as PyTorch and Keras repeat them. */

import type { Outcome, Run } from './denary.js';
import { type Answers, python } from './exchange.js';

export type PeerName = 'Keras' | 'PyTorch';

/** Both compute in float64, where they agree to many digits, so that what is measured is the error of our float32. */
export async function peersOf(runs: Readonly<Record<string, Run>>): Promise<Record<PeerName, Answers<Outcome>>> {
  const items = Object.fromEntries(Object.entries(runs).map(([title, run]) => [title, { ...run, dtype: 'float64' }]));
  const [Keras, PyTorch] = await Promise.all([
    python<Outcome>('keras_train', items),
    python<Outcome>('torch_train', items),
  ]);
  return { Keras, PyTorch };
}

/** How far the two may be apart: Keras takes a regularizer's factor in float32. */
export const AGREEMENT = 1e-8;
