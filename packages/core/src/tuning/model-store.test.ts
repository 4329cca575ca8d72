/** What every store of personal models does, on files in memory: names, one file in and out, and damage of every byte. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { modelStoreOn, type StoreFiles } from './model-store.js';
import { recover } from './recover.js';
import type { WeightedSamples } from './samples.js';

function inMemory() {
  const kept = new Map<string, Uint8Array>();
  const files: StoreFiles = {
    write: async (name, file) => void kept.set(name, file.slice()),
    read: async (name) => kept.get(name)?.slice(),
    list: async () => [...kept].map(([name, { length }]) => ({ name, bytes: length, saved: 0 })),
    remove: async (name) => void kept.delete(name),
  };
  const store = modelStoreOn(files, async (bytes) => createHash('sha256').update(bytes).digest('hex'));
  return { store, kept };
}

const model = Uint8Array.from([1, 2, 3, 4, 5]);
const corrections: WeightedSamples = {
  images: Uint8Array.from({ length: 3 * 4 }, (_, i) => 20 * i),
  labels: Uint8Array.from([1, 0, 2]),
  weights: Float32Array.from([1, 0.5, 2]),
  ...{ count: 3, height: 2, width: 2, classes: 3, slots: 1 },
};
const bad = (code: string) => expect.objectContaining({ name: 'DenaryError', code });

describe('a store', () => {
  it('gives back what was saved, the latest', async () => {
    const { store } = inMemory();
    expect(await store.load('anna')).toBeUndefined();
    await store.save('anna', Uint8Array.from([9]));
    expect(await store.load('anna')).toEqual({ model: Uint8Array.from([9]), corrections: undefined });
    await store.save('anna', model, { corrections });
    expect(await store.load('anna')).toEqual({ model, corrections });
  });

  it('lists by name, and removes', async () => {
    const { store } = inMemory();
    for (const name of ['b', 'a.2', 'c']) await store.save(name, model);
    expect((await store.list()).map(({ name }) => name)).toEqual(['a.2', 'b', 'c']);
    await store.remove('b');
    await store.remove('nobody');
    expect((await store.list()).map(({ name }) => name)).toEqual(['a.2', 'c']);
  });

  it('exports one file, which another store imports', async () => {
    const [from, to] = [inMemory().store, inMemory().store];
    await from.save('anna', model, { corrections });
    const file = await from.export('anna');
    expect(await to.import('bella', file)).toEqual({ model, corrections });
    expect(await to.load('bella')).toEqual({ model, corrections });
    await expect(from.export('nobody')).rejects.toEqual(bad('not-found'));
  });

  it.each(['', '.hidden', '../up', 'a/b', 'a b', 'x'.repeat(65)])('refuses the name "%s"', async (name) => {
    const { store } = inMemory();
    for (const call of [store.save(name, model), store.load(name), store.remove(name), store.import(name, model)]) {
      await expect(call).rejects.toMatchObject({ name: 'DenaryError' });
    }
    expect(await store.list()).toEqual([]);
  });

  it('finds damage of any byte, and of any length', async () => {
    const { store, kept } = inMemory();
    await store.save('anna', model, { corrections });
    const whole = kept.get('anna')!;
    for (let i = 0; i < whole.length; i++) {
      kept.set('anna', whole.with(i, whole[i]! ^ 1));
      await expect(store.load('anna'), `byte ${i}`).rejects.toEqual(bad('bad-data'));
      if (i % 7 > 0) continue;
      kept.set('anna', whole.slice(0, i));
      await expect(store.load('anna'), `${i} bytes`).rejects.toEqual(bad('bad-data'));
    }
  });

  it('imports nothing that is damaged, or of a later version', async () => {
    const { store } = inMemory();
    await store.save('anna', model);
    const file = await store.export('anna');
    const later = new TextDecoder('latin1').decode(file).replace('"denary.personal":"1"', '"denary.personal":"2"');
    const laterFile = Uint8Array.from(later, (character) => character.charCodeAt(0));
    for (const wrong of [file.slice(0, -1), new Uint8Array(3), laterFile]) {
      await expect(store.import('anna', wrong)).rejects.toEqual(bad('bad-data'));
    }
    await expect(store.import('anna', laterFile)).rejects.toThrow('version 2');
    expect(await store.load('anna')).toEqual({ model, corrections: undefined });
  });
});

describe('recover', () => {
  const shipped = async () => Uint8Array.from([7]);

  it('gives the personal model, the shipped one where there is none, and that with a reason where it is damaged', async () => {
    const { store, kept } = inMemory();
    expect(await recover(store, 'anna', shipped)).toEqual({ model: await shipped(), personal: false });
    await store.save('anna', model, { corrections });
    expect(await recover(store, 'anna', shipped)).toEqual({ model, corrections, personal: true });
    kept.set('anna', kept.get('anna')!.slice(0, -1));
    const damage = bad('bad-data');
    expect(await recover(store, 'anna', shipped)).toEqual({ model: await shipped(), personal: false, damage });
  });

  it('does not take another failure for damage', async () => {
    const { store } = inMemory();
    const broken = { ...store, load: () => Promise.reject(new Error('no permission')) };
    await expect(recover(broken, 'anna', shipped)).rejects.toThrow('no permission');
  });
});
