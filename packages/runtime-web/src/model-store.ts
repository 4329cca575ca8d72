/** Personal models in the browser: what opens a store. */

import type { ModelStore } from '@denary/core';

export interface ModelStoreOptions {
  /** Of the database; default `denary`. */
  readonly database?: string;
  /** Whether the browser is asked not to clear it when room gets scarce, with the first save; default true. Some ask the user. */
  readonly persist?: boolean;
}

export interface PageModelStore extends ModelStore {
  /** Calls back when another tab has saved or removed a model; what it gives ends that. */
  watch(listener: (name: string) => void): () => void;
}

/**
 * The personal models of this page's origin. Several tabs may use them. What the user or the browser clears is as if it had
 * never been. Calls throw `device-unavailable` where the browser keeps nothing for this page.
 */
export function openModelStore({ database = 'denary', persist = true }: ModelStoreOptions = {}): PageModelStore {
  let opened: Promise<ModelStore> | undefined;
  // A page that only reads does not load this.
  const store = () => {
    opened ??= import('./indexed-models.js').then(({ indexedModels }) => indexedModels(database, persist));
    return opened;
  };
  return {
    save: async (...given) => (await store()).save(...given),
    load: async (name) => (await store()).load(name),
    list: async () => (await store()).list(),
    remove: async (name) => (await store()).remove(name),
    export: async (name) => (await store()).export(name),
    import: async (...given) => (await store()).import(...given),
    watch(listener) {
      const listening = new BroadcastChannel(channelOf(database));
      listening.onmessage = ({ data }) => listener(data);
      return () => listening.close();
    },
  };
}

/** Where tabs tell each other what has changed. */
export const channelOf = (database: string): string => `denary-store-${database}`;
