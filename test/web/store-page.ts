/** What runs in the page: a store, and a loop that learns and saves without end. */

import { lineageIn, openModel, recover, strategies } from '@denary/core';
import { createTuner, openModelStore } from '@denary/runtime-web';

const store = openModelStore();

/** Learns and saves from where the last page stood; `onSave` is called after each save. */
async function tuneForever(onSave: () => void): Promise<void> {
  const found = await store.load('anna');
  const strategy = { ...strategies.full, augment: {} };
  const tuner = await createTuner({ model: 'mlp', preprocess: 'none', strategy, replay: false });
  if (found?.corrections) tuner.addAll(found.corrections);
  for (;;) {
    const { count } = tuner.corrections;
    const data = Uint8Array.from({ length: 784 }, (_, p) => ((p * (count + 3)) % 7 === 0 ? 255 : 0));
    await tuner.add({ data, width: 28, height: 28 }, count % 10);
    for await (const { outcome } of tuner.run({ steps: 1 })) {
      if (outcome === 'finished') await store.save('anna', await tuner.export(), { corrections: tuner.corrections });
    }
    onSave();
  }
}

/** How many samples the stored model learned from, and how many are kept beside it. */
async function stored(): Promise<{ samples: number; corrections: number } | undefined> {
  const found = await store.load('anna');
  if (!found) return undefined;
  const { samples } = lineageIn(openModel(found.model).model)!;
  return { samples, corrections: found.corrections!.count };
}

/** Saves models of one byte, repeated, without end; `onSave` is called after each. */
async function saveForever(onSave: () => void): Promise<void> {
  const last = (await store.load('bella'))?.model[0] ?? -1;
  for (let value = last + 1; ; value++) {
    await store.save('bella', new Uint8Array(300_000).fill(value));
    onSave();
  }
}

/** The byte of the stored model, and of the one before it; throws where one is not whole. */
async function bytesStored(): Promise<(number | undefined)[]> {
  const both = [await store.load('bella'), await store.loadPrevious('bella')];
  return both.map((found) => {
    const [first] = found?.model ?? [];
    if (found?.model.some((byte) => byte !== first)) throw new Error('a mixture of two models');
    return first;
  });
}

const database = () =>
  new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open('denary', 1);
    opening.onsuccess = () => resolve(opening.result);
  });
const result = <T>(request: IDBRequest<T>) =>
  new Promise<T>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });

/** Spoils the latest that is stored, as a failing disk might. */
async function damage(name: string): Promise<void> {
  const opened = await database();
  const transaction = opened.transaction(['parts', 'facts'], 'readwrite');
  const { file } = await result(transaction.objectStore('facts').get(name));
  const parts = transaction.objectStore('parts');
  const part = await result(parts.get([file, 0]));
  part[part.length >> 1] ^= 1;
  await result(parts.put(part, [file, 0]));
  opened.close();
}

/** While it works, the database fails to open as it does where its files are damaged. */
async function withBrokenDatabase<T>(work: () => Promise<T>): Promise<T> {
  const { open } = IDBFactory.prototype;
  IDBFactory.prototype.open = () => {
    const request = { error: new DOMException('Internal error opening backing store', 'UnknownError') };
    setTimeout(() => (request as unknown as { onerror(): void }).onerror());
    return request as unknown as IDBOpenDBRequest;
  };
  try {
    return await work();
  } finally {
    IDBFactory.prototype.open = open;
  }
}

Object.assign(globalThis, {
  store,
  tuneForever,
  stored,
  saveForever,
  bytesStored,
  damage,
  withBrokenDatabase,
  recover,
});
