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
 * never been. Where the database itself is damaged, calls throw `bad-data`, and `remove` clears all of it.
 */
export function openModelStore({ database = 'denary', persist = true }: ModelStoreOptions = {}): PageModelStore {
  // A page that only reads does not load this.
  const open = () => import('./indexed-models.js').then(({ indexedModels }) => indexedModels(database, persist));
  let opened: Promise<ModelStore> | undefined;
  const later =
    <K extends keyof ModelStore>(method: K) =>
    async (...given: unknown[]) => {
      opened ??= open().catch((error) => {
        opened = undefined;
        throw error;
      });
      return ((await opened)[method] as (...given: unknown[]) => unknown)(...given);
    };
  const methods = ['save', 'load', 'loadPrevious', 'list', 'remove', 'export', 'import', 'read'] as const;
  return {
    ...(Object.fromEntries(methods.map((method) => [method, later(method)])) as unknown as ModelStore),
    watch(listener) {
      const listening = new BroadcastChannel(channelOf(database));
      listening.onmessage = ({ data }) => data.tab !== tab && listener(data.name);
      return () => listening.close();
    },
  };
}

/** Where tabs tell each other what has changed, and who they are. */
export const channelOf = (database: string): string => `denary-store-${database}`;
export const tab = Math.random();
