/** Personal models in the browser's IndexedDB, whose transactions are done whole or not at all, whoever closes the tab. */

import {
  joinBytes,
  type ModelStore,
  messageOf,
  modelStoreOn,
  problem,
  type StoredModel,
  type StoreFiles,
} from '@denary/core';
import { sha256 } from './digest.js';
import { channelOf } from './model-store.js';

const VERSION = 1;
/** Of the parts of files, by name and number, and of what `list` tells of files, so that listing reads none. */
const [PARTS, FACTS] = ['parts', 'facts'];
/**
 * Bytes of a part. Chromium puts values over 64 KiB into files beside its database, where those of a tab that was closed while
 * it wrote could not be read again.
 */
const PART = 48 * 1024;

/** A store in that database; it tells the other tabs of what changes. */
export function indexedModels(database: string, persist: boolean): ModelStore {
  const files = filesIn(database, persist, (name) => {
    const announcing = new BroadcastChannel(channelOf(database));
    announcing.postMessage(name);
    announcing.close();
  });
  return modelStoreOn(files, async (bytes) => (await sha256(bytes)) ?? 'unknown');
}

function filesIn(database: string, persist: boolean, changed: (name: string) => void): StoreFiles {
  let asked = !persist;
  return {
    async write(name, file) {
      if (!asked) {
        asked = true;
        await navigator.storage?.persist?.().catch(() => false);
      }
      const facts: StoredModel = { name, bytes: file.length, saved: Date.now() };
      try {
        await transact(database, 'readwrite', (stores) => {
          const parts = stores(PARTS);
          parts.delete(partsOf(name));
          for (let at = 0; at < file.length; at += PART) parts.put(file.slice(at, at + PART), [name, at / PART]);
          return stores(FACTS).put(facts, name);
        });
      } catch (error) {
        throw (error as Error)?.name === 'QuotaExceededError' ? await noRoom(file.length, error) : error;
      }
      changed(name);
    },
    async read(name) {
      const parts = await transact<Uint8Array[]>(database, 'readonly', (stores) => stores(PARTS).getAll(partsOf(name)));
      return parts.length > 0 ? joinBytes(parts) : undefined;
    },
    list: () => transact(database, 'readonly', (stores) => stores(FACTS).getAll()),
    async remove(name) {
      await transact(database, 'readwrite', (stores) => {
        stores(PARTS).delete(partsOf(name));
        return stores(FACTS).delete(name);
      });
      changed(name);
    },
  };
}

/** Every key that begins with the name; an array is higher than any number. */
const partsOf = (name: string) => IDBKeyRange.bound([name, 0], [name, []]);

/** One transaction on a connection of its own, which keeps no other tab from a later version; settled when it is done. */
async function transact<T>(
  database: string,
  mode: IDBTransactionMode,
  work: (stores: (name: string) => IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const connection = await connect(database);
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = connection.transaction([PARTS, FACTS], mode, { durability: 'strict' });
      const request = work((name) => transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('the transaction was aborted'));
    });
  } finally {
    connection.close();
  }
}

function connect(database: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: unknown) => reject(unavailable(cause));
    if (!globalThis.indexedDB) return refuse('there is no IndexedDB');
    const opening = indexedDB.open(database, VERSION);
    opening.onupgradeneeded = () => {
      for (const name of [PARTS, FACTS]) opening.result.createObjectStore(name);
    };
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => refuse(opening.error);
  });
}

function unavailable(cause: unknown) {
  const [expected, received] = ['storage that this page may use', messageOf(cause)];
  if ((cause as Error)?.name === 'VersionError') {
    const remedy = 'Load the page again, or clear its storage.';
    return problem('bad-data', 'openModelStore', `storage of version ${VERSION}`, received, remedy, cause);
  }
  const remedy = "Allow the site to keep data; a private window may not. The page's models work without.";
  return problem('device-unavailable', 'openModelStore', expected, received, remedy, cause);
}

async function noRoom(bytes: number, cause: unknown) {
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  const received = usage === undefined ? messageOf(cause) : `${usage} of ${quota} bytes in use`;
  const remedy = 'Remove models that are not needed, or free room on the device.';
  return problem('quota-exceeded', 'save', `room for ${bytes} bytes`, received, remedy, cause);
}
