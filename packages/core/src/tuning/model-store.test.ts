/** What every store of personal models does, on files in memory: names, one file in and out, and damage of every byte. */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../onnx/encode.js';
import { lineageMetadata } from './lineage.js';
import { type Generation, modelStoreOn, type StoreFiles } from './model-store.js';
import { decodePersonal, encodePersonal } from './personal-model.js';
import { recover } from './recover.js';
import type { WeightedSamples } from './samples.js';

const digest = async (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function inMemory() {
  const kept = new Map<string, Uint8Array>();
  const before = new Map<string, Uint8Array>();
  const of = (generation: Generation) => (generation === 'latest' ? kept : before);
  const files: StoreFiles = {
    async write(name, file, keepPrevious) {
      const was = kept.get(name);
      if (was && keepPrevious) before.set(name, was);
      else before.delete(name);
      kept.set(name, file.slice());
    },
    read: async (name, generation) => of(generation).get(name)?.slice(),
    list: async () => [...kept].map(([name, { length }]) => ({ name, bytes: length, saved: 0 })),
    remove: async (name) => void (kept.delete(name) && before.delete(name)),
  };
  return { store: modelStoreOn(files, digest), kept, before };
}

/** An ONNX file with one weight. */
const modelFile = (shape: readonly number[], value = 0, metadata: Record<string, string> = {}): Uint8Array => {
  const data = new Float32Array(shape.reduce((area, size) => area * size, 1)).fill(value);
  const initializers = new Map([['dense/kernel', { dtype: 'float32' as const, shape, data }]]);
  const node = { name: 'it', op: 'Identity', domain: '', inputs: ['dense/kernel'], outputs: ['out'], attributes: {} };
  const graph = { name: 'graph', inputs: [], outputs: [], nodes: [node], initializers };
  return encodeModel({ graph, metadata, irVersion: 8, opset: 17, producer: 'test' });
};
const base = modelFile([2, 3]);
/** Such a file as a tuner of the base, or of another one, exports it. */
const tuned = (value: number, origin: string, shape = [2, 3]) => {
  const none = { before: { corrections: 0 }, after: { corrections: 1 } };
  const lineage = { parent: origin, origin, samples: 3, steps: 1, runs: 1, strategy: 'full', metrics: none };
  return modelFile(shape, value, lineageMetadata(lineage));
};

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

  it('keeps what was there before the last save, unless that took one back', async () => {
    const { store } = inMemory();
    await store.save('anna', model);
    expect(await store.loadPrevious('anna')).toBeUndefined();
    await store.save('anna', Uint8Array.from([9]), { corrections });
    expect(await store.loadPrevious('anna')).toEqual({ model, corrections: undefined });
    await store.save('anna', model, { keepPrevious: false });
    expect(await store.loadPrevious('anna')).toBeUndefined();
  });

  it('tells a model that was tuned from the base from one that was not', async () => {
    const { store } = inMemory();
    const origin = await digest(base);
    await store.save('anna', tuned(1, origin));
    expect((await store.load('anna', { base }))?.model).toEqual(tuned(1, origin));
    expect((await store.read(await store.export('anna'), { base })).model).toEqual(tuned(1, origin));
    for (const kin of [base, modelFile([2, 3], 2), tuned(1, origin), tuned(1, 'unknown')]) {
      expect(await store.read(kin, { base })).toEqual({ model: kin });
    }
    for (const other of [modelFile([3, 2]), tuned(1, origin, [3, 3]), tuned(1, await digest(model)), model]) {
      await expect(store.read(other, { base })).rejects.toEqual(bad('bad-model'));
      await store.save('bella', other);
      await expect(store.load('bella', { base })).rejects.toEqual(bad('bad-model'));
      await expect(store.import('anna', await store.export('bella'), { base })).rejects.toEqual(bad('bad-model'));
    }
    await expect(store.read(modelFile([3, 2]), { base })).rejects.toThrow('dense/kernel float32 [2, 3]');
    expect((await store.load('anna'))?.model).toEqual(tuned(1, origin));
  });

  it('reads a file on a page without digests, and one that was written there', async () => {
    const file = await encodePersonal({ model, corrections }, digest);
    const unknown = async () => 'unknown';
    expect(await decodePersonal(file, unknown)).toEqual({ model, corrections });
    const unchecked = await encodePersonal({ model, corrections }, unknown);
    expect(await decodePersonal(unchecked, digest)).toEqual({ model, corrections });
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
  const shipped = async () => base;
  const anna = async () => tuned(1, await digest(base));

  it('gives the personal model, the shipped one where there is none, and that with a reason where it is damaged', async () => {
    const { store, kept } = inMemory();
    expect(await recover(store, 'anna', shipped)).toEqual({ model: base, personal: false });
    await store.save('anna', await anna(), { corrections });
    expect(await recover(store, 'anna', shipped)).toEqual({ model: await anna(), corrections, personal: true });
    kept.set('anna', kept.get('anna')!.slice(0, -1));
    const damage = bad('bad-data');
    expect(await recover(store, 'anna', shipped)).toEqual({ model: base, personal: false, damage });
  });

  it('gives the one before a damaged one, where that is whole', async () => {
    const { store, kept, before } = inMemory();
    await store.save('anna', await anna(), { corrections });
    await store.save('anna', tuned(2, await digest(base)));
    kept.set('anna', kept.get('anna')!.slice(0, -1));
    const damage = bad('bad-data');
    expect(await recover(store, 'anna', shipped)).toEqual({ model: await anna(), corrections, personal: true, damage });
    before.set('anna', before.get('anna')!.slice(0, -1));
    expect(await recover(store, 'anna', shipped)).toEqual({ model: base, personal: false, damage });
  });

  it('gives the corrections of a model that was tuned from another one', async () => {
    const { store } = inMemory();
    await store.save('anna', tuned(1, await digest(model)), { corrections });
    const damage = bad('bad-model');
    expect(await recover(store, 'anna', shipped)).toEqual({ model: base, corrections, personal: false, damage });
  });

  it('does not take another failure for damage', async () => {
    const { store, kept } = inMemory();
    const refused = () => Promise.reject(new Error('no permission'));
    await expect(recover({ ...store, load: refused }, 'anna', shipped)).rejects.toThrow('no permission');
    kept.set('anna', model);
    await expect(recover({ ...store, loadPrevious: refused }, 'anna', shipped)).rejects.toThrow('no permission');
  });
});
