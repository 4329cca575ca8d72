/** A personal model, or the shipped one in place of one that is damaged. */

import { DenaryError } from '../errors.js';
import type { ModelStore } from './model-store.js';
import type { PersonalModel } from './personal-model.js';

export interface Recovered extends PersonalModel {
  /** Whether the personal model was found whole. */
  readonly personal: boolean;
  /** Why it was not, where there was one. */
  readonly damage?: DenaryError;
}

/** A personal model where there is one that is whole, and else the other model; where that is for damage, it says so. */
export async function recover(store: ModelStore, name: string, shipped: () => Promise<Uint8Array>): Promise<Recovered> {
  try {
    const found = await store.load(name);
    return found ? { ...found, personal: true } : { model: await shipped(), personal: false };
  } catch (damage) {
    if (!(damage instanceof DenaryError && damage.code === 'bad-data')) throw damage;
    return { model: await shipped(), personal: false, damage };
  }
}
