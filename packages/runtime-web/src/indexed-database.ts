/** An IndexedDB database: transactions as promises, and what goes wrong there as typed errors. */

import { DenaryError, messageOf, problem } from '@denary/core';

export interface Database {
  readonly name: string;
  /** Its object stores, made with the database. */
  readonly stores: readonly string[];
}

const VERSION = 1;
/** Milliseconds between attempts, at most, while the browser clears the database: it ends transactions until it is done. */
const LONGEST = 1000;

/**
 * One transaction on a connection of its own, which keeps no other tab from a later version; settled when it is done. Throws
 * QuotaExceededError as it is, else `bad-data` for what is damaged and `device-unavailable` for what this page may not use.
 */
export async function transact<T>(
  database: Database,
  mode: IDBTransactionMode,
  work: (store: (name: string) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  for (let pause = 10; ; pause *= 3) {
    try {
      return await transactOnce(database, mode, work);
    } catch (error) {
      if (!mayPass(error) || pause > LONGEST) throw asProblem(error);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

async function transactOnce<T>(
  database: Database,
  mode: IDBTransactionMode,
  work: (store: (name: string) => IDBObjectStore) => Promise<T>,
): Promise<T> {
  const connection = await connect(database);
  try {
    const transaction = connection.transaction(database.stores, mode, { durability: 'strict' });
    const ended = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException('it was aborted', 'AbortError'));
    });
    const [result] = await Promise.all([work((name) => transaction.objectStore(name)), ended]);
    return result;
  } finally {
    connection.close();
  }
}

export const requested = <T>(request: IDBRequest): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function connect({ name, stores }: Database): Promise<IDBDatabase> {
  if (!globalThis.indexedDB) throw new Error('there is no IndexedDB');
  const opening = indexedDB.open(name, VERSION);
  opening.onupgradeneeded = () => {
    for (const store of stores) opening.result.createObjectStore(store);
  };
  return requested(opening);
}

/** With all that is in it. */
export async function deleteDatabase(name: string): Promise<void> {
  try {
    await requested(indexedDB.deleteDatabase(name));
  } catch (error) {
    throw asProblem(error);
  }
}

/** What browsers say of data that they can not read, or of files that are gone from beneath them. */
const DAMAGE = ['UnknownError', 'DataError', 'NotReadableError', 'EncodingError', 'NotFoundError'];

const nameOf = (error: unknown) => (error as Error | null)?.name ?? '';
/** What it says while it is being cleared; what it goes on saying has another cause. */
const mayPass = (error: unknown) => ['AbortError', 'InvalidStateError', 'UnknownError'].includes(nameOf(error));

/** Whether it is damage that no transaction gets past. */
export const isBeyondReading = (error: unknown): boolean =>
  error instanceof DenaryError && DAMAGE.includes(nameOf(error.cause));

function asProblem(cause: unknown): unknown {
  const name = nameOf(cause);
  if (name === 'QuotaExceededError') return cause;
  const received = `${messageOf(cause)} (${name})`;
  if (name === 'VersionError') {
    const remedy = 'Load the page again, or clear its storage.';
    return problem('bad-data', 'openModelStore', `storage of version ${VERSION}`, received, remedy, cause);
  }
  if (DAMAGE.includes(name)) {
    const remedy = 'It is damaged: remove what was kept and start anew, or clear the storage of the page.';
    return problem('bad-data', 'openModelStore', 'storage that can be read', received, remedy, cause);
  }
  const remedy = "Allow the site to keep data; a private window may not. The page's models work without.";
  return problem('device-unavailable', 'openModelStore', 'storage that this page may use', received, remedy, cause);
}
