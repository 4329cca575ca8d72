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

/** Spoils what is stored, as a failing disk might. */
async function damage(name: string): Promise<void> {
  const database = await new Promise<IDBDatabase>((resolve) => {
    const opening = indexedDB.open('denary', 1);
    opening.onsuccess = () => resolve(opening.result);
  });
  const parts = database.transaction('parts', 'readwrite').objectStore('parts');
  const reading = parts.get([name, 0]);
  await new Promise<void>((resolve) => {
    reading.onsuccess = () => {
      reading.result[reading.result.length >> 1] ^= 1;
      parts.put(reading.result, [name, 0]);
      parts.transaction.oncomplete = () => resolve();
    };
  });
  database.close();
}

Object.assign(globalThis, { store, tuneForever, stored, damage, recover });
