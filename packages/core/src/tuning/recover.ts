/** A personal model, or what is next best where it can not be used: the one before it, or the shipped one. */

import { DenaryError } from '../errors.js';
import type { ModelStore } from './model-store.js';
import type { PersonalModel } from './personal-model.js';

export interface Recovered extends PersonalModel {
  /** Whether it is a personal model: the latest, or where there is a `damage` the one before it. */
  readonly personal: boolean;
  /** Why it is not the latest, where there was one: `bad-data`, or `bad-model` for one that was tuned from another model. */
  readonly damage?: DenaryError;
}

/**
 * The latest personal model where it is whole and was tuned from the shipped one; else the one before it where that is, and
 * else the shipped one. What was tuned from another model, an earlier version of the shipped one say, still gives its
 * corrections, to be learned anew.
 */
export async function recover(store: ModelStore, name: string, shipped: () => Promise<Uint8Array>): Promise<Recovered> {
  const base = await shipped();
  try {
    const found = await store.load(name, { base });
    return found ? { ...found, personal: true } : { model: base, personal: false };
  } catch (error) {
    const damage = unusable(error);
    const previous = await store.loadPrevious(name, { base }).catch((error) => void unusable(error));
    if (previous) return { ...previous, personal: true, damage };
    const corrections = damage.code === 'bad-model' ? (await store.load(name))?.corrections : undefined;
    return { model: base, corrections, personal: false, damage };
  }
}

/** Throws what says nothing about the model. */
function unusable(error: unknown): DenaryError {
  if (error instanceof DenaryError && (error.code === 'bad-data' || error.code === 'bad-model')) return error;
  throw error;
}
