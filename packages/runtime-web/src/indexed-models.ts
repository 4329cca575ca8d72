/** Personal models in the browser's IndexedDB, whose transactions are done whole or not at all, whoever closes the tab. */

import { joinBytes, type ModelStore, modelStoreOn, problem, type StoredModel, type StoreFiles } from '@denary/core';
import { sha256 } from './digest.js';
import { deleteDatabase, isBeyondReading, requested, transact } from './indexed-database.js';
import { channelOf, tab } from './model-store.js';

/** Of the parts of files, by the file's key and number, and of what is known of each name, so that listing reads none. */
const [PARTS, FACTS] = ['parts', 'facts'];
/**
 * Bytes of a part. Chromium puts values over 64 KiB into files beside its database, where those of a tab that was closed while
 * it wrote could not be read again.
 */
const PART = 48 * 1024;

interface Facts extends StoredModel {
  /** What its parts are kept under; the name where left out. */
  readonly file?: string;
  /** What there was before it; of that one, nothing earlier is kept. */
  readonly before?: Omit<Facts, 'before'> | undefined;
}

/** A store in that database; it tells the other tabs of what changes. */
export function indexedModels(database: string, persist: boolean): ModelStore {
  const files = filesIn(database, persist, (name) => {
    const announcing = new BroadcastChannel(channelOf(database));
    announcing.postMessage({ name, tab });
    announcing.close();
  });
  return modelStoreOn(files, async (bytes) => (await sha256(bytes)) ?? 'unknown');
}

function filesIn(name: string, persist: boolean, changed: (name: string) => void): StoreFiles {
  const database = { name, stores: [PARTS, FACTS] };
  let asked = !persist;

  /** Beside the one that was there, which is dropped unless it is kept. */
  const put = (name: string, file: Uint8Array, keepPrevious: boolean) =>
    transact(database, 'readwrite', async (stores) => {
      const [parts, facts] = [stores(PARTS), stores(FACTS)];
      const was = await requested<Facts | undefined>(facts.get(name));
      const key = was && keyOf(was) === name ? `${name}/` : name;
      parts.delete(partsOf(key));
      for (let at = 0; at < file.length; at += PART) parts.put(file.slice(at, at + PART), [key, at / PART]);
      if (was && !keepPrevious) parts.delete(partsOf(keyOf(was)));
      const { before: _, ...previous } = was ?? {};
      const before = was && keepPrevious ? { before: previous } : {};
      facts.put({ name, bytes: file.length, saved: Date.now(), file: key, ...before }, name);
    });

  return {
    async write(name, file, keepPrevious) {
      if (!asked) {
        asked = true;
        await navigator.storage?.persist?.().catch(() => false);
      }
      try {
        await put(name, file, keepPrevious).catch((error) => {
          // There may be room for one.
          if (!keepPrevious || !isFull(error)) throw error;
          return put(name, file, false);
        });
      } catch (error) {
        throw isFull(error) ? await noRoom(file.length, error) : error;
      }
      changed(name);
    },
    read: (name, generation) =>
      transact(database, 'readonly', async (stores) => {
        const latest = await requested<Facts | undefined>(stores(FACTS).get(name));
        const found = generation === 'latest' ? latest : latest?.before;
        return found && joinBytes(await requested<Uint8Array[]>(stores(PARTS).getAll(partsOf(keyOf(found)))));
      }),
    async list() {
      const all = await transact(database, 'readonly', (stores) => requested<Facts[]>(stores(FACTS).getAll()));
      return all.map(({ name, bytes, saved }) => ({ name, bytes, saved }));
    },
    async remove(name) {
      try {
        await transact(database, 'readwrite', async (stores) => {
          for (const key of [name, `${name}/`]) stores(PARTS).delete(partsOf(key));
          stores(FACTS).delete(name);
        });
      } catch (error) {
        if (!isBeyondReading(error)) throw error;
        await deleteDatabase(database.name);
      }
      changed(name);
    },
  };
}

const keyOf = ({ name, file = name }: Omit<Facts, 'before'>) => file;

/** Every key that begins so; an array is higher than any number. */
const partsOf = (key: string) => IDBKeyRange.bound([key, 0], [key, []]);

const isFull = (error: unknown) => (error as Error)?.name === 'QuotaExceededError';

async function noRoom(bytes: number, cause: unknown) {
  const { usage, quota } = (await navigator.storage?.estimate?.().catch(() => undefined)) ?? {};
  const received = usage === undefined ? `${cause}` : `${usage} of ${quota} bytes in use`;
  const remedy = 'Remove models that are not needed, or free room on the device.';
  return problem('quota-exceeded', 'save', `room for ${bytes} bytes`, received, remedy, cause);
}
