/** Personal models in a folder: atomic writes, damage, several processes, and processes that are killed. */

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { lineageIn, openModel, recover, uniform } from '@denary/core';
import { createRecognizer, createTuner, modelsFolder, openModelStore } from '@denary/runtime-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const shipped = () => readFile(join(modelsFolder(), 'mlp', 'model.onnx'));
const script = fileURLToPath(new URL('store/tune-forever.mjs', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'denary-store-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a folder of personal models', () => {
  it('keeps them for another process to find', async () => {
    const model = new Uint8Array(await shipped());
    await openModelStore(join(folder, 'made', 'here')).save('anna', model);
    const found = openModelStore(join(folder, 'made', 'here'));
    expect((await found.load('anna'))?.model).toEqual(model);
    const [listed] = await found.list();
    expect(listed).toMatchObject({ name: 'anna', bytes: expect.any(Number) });
    expect(Math.abs(Date.now() - listed!.saved)).toBeLessThan(60_000);
    expect(await openModelStore(join(folder, 'nowhere')).list()).toEqual([]);
  });

  it('is read by createRecognizer and createTuner through the bytes, or the shipped model where it is damaged', async () => {
    const store = openModelStore(folder);
    await store.save('anna', await shipped());
    await truncate(join(folder, 'anna.denary'), 5000);
    const { model, personal, damage } = await recover(store, 'anna', shipped);
    expect([personal, damage?.code]).toEqual([false, 'bad-data']);
    await (await createRecognizer({ model, isolation: 'none' })).close();
    const training = join(modelsFolder(), 'mlp', 'training.onnx');
    await (await createTuner({ model, training, isolation: 'none' })).close();
  });

  it('goes back to what was there before, where the latest is damaged', async () => {
    const store = openModelStore(folder);
    const model = new Uint8Array(await shipped());
    await store.save('anna', model);
    await store.save('anna', Uint8Array.from([1]));
    expect((await store.loadPrevious('anna'))?.model).toEqual(model);
    await truncate(join(folder, 'anna.denary'), 100);
    const { model: found, personal, damage } = await recover(store, 'anna', shipped);
    expect([Buffer.compare(found, model), personal, damage?.code]).toEqual([0, true, 'bad-data']);
    expect((await store.list()).map(({ name }) => name)).toEqual(['anna']);
    await store.save('anna', model, { keepPrevious: false });
    expect(await readdir(folder)).toEqual(['anna.denary']);
    await store.save('anna', model);
    await store.remove('anna');
    expect(await readdir(folder)).toEqual([]);
  });

  it('takes what can not be read for damage, and what it may not use for what it is', async () => {
    const store = openModelStore(folder);
    await mkdir(join(folder, 'anna.denary'));
    const { personal, damage } = await recover(store, 'anna', shipped);
    expect([personal, damage?.code]).toEqual([false, 'bad-data']);
    await writeFile(join(folder, 'file'), '');
    const nowhere = openModelStore(join(folder, 'file'));
    await expect(nowhere.load('anna')).rejects.toMatchObject({ code: 'device-unavailable' });
    await expect(nowhere.save('anna', Uint8Array.from([1]))).rejects.toMatchObject({ code: 'device-unavailable' });
  });

  it('lists while others save and remove', async () => {
    const store = openModelStore(folder);
    const names = Array.from({ length: 8 }, (_, i) => `model-${i}`);
    const model = Uint8Array.from([1]);
    const coming = async (name: string) => {
      for (let i = 0; i < 4; i++) {
        await store.save(name, model);
        await store.remove(name);
      }
    };
    let going = true;
    const listing = async () => {
      while (going) for (const { name } of await store.list()) expect(names).toContain(name);
    };
    const others = Promise.all(names.map(coming)).finally(() => {
      going = false;
    });
    await Promise.all([others, listing()]);
    expect(await store.list()).toEqual([]);
  });

  it('ignores what is no model, and sweeps what killed processes left', async () => {
    const store = openModelStore(folder);
    const [old, recent] = ['a.denary.000000000000.tmp', 'b.denary.000000000000.tmp'].map((name) => join(folder, name));
    for (const path of [old!, recent!, join(folder, 'notes.txt')]) await writeFile(path, 'x');
    await utimes(old!, 1, 1);
    await store.save('anna', Uint8Array.from([1]));
    expect((await store.list()).map(({ name }) => name)).toEqual(['anna']);
    expect((await readdir(folder)).sort()).toEqual(['anna.denary', 'b.denary.000000000000.tmp', 'notes.txt']);
  });

  it('leaves nothing behind where it can not write', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(openModelStore(join(folder, 'file')).save('anna', Uint8Array.from([1]))).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('holds the one or the other of what is written at the same time', async () => {
    const stores = [openModelStore(folder), openModelStore(folder)];
    const models = [1, 2].map((value) => new Uint8Array(100_000).fill(value));
    for (let i = 0; i < 4; i++) {
      await Promise.all(stores.map((store, at) => store.save('anna', models[at]!)));
      const { model } = (await stores[0]!.load('anna'))!;
      expect(models.some((each) => Buffer.compare(each, model) === 0)).toBe(true);
    }
  });
});

describe('kill -9', () => {
  const KILLS = 50;

  const start = () => spawn(process.execPath, [script, folder, 'anna'], { stdio: ['ignore', 'pipe', 'inherit'] });

  /** Waits until it has learned and saved so many times. */
  async function rounds({ stdout }: ChildProcessByStdio<null, Readable, null>, count: number): Promise<void> {
    let saved = 0;
    while (saved < count) saved += String(await once(stdout, 'data')).match(/saved/g)!.length;
  }

  /** Milliseconds of so many rounds, here and now. */
  async function roundTime(count: number): Promise<number> {
    const child = start();
    await once(child.stdout, 'data');
    const began = Date.now();
    await rounds(child, count);
    const time = Date.now() - began;
    child.kill('SIGKILL');
    await once(child, 'exit');
    return time;
  }

  /** Starts a process that learns and saves, and kills it after so many rounds and so many milliseconds. */
  async function killed(count: number, milliseconds: number): Promise<void> {
    const child = start();
    await once(child.stdout, 'data');
    await rounds(child, count);
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    expect((await gone)[1]).toBe('SIGKILL');
  }

  it(`leaves a whole model each of ${KILLS} times, with the corrections that it learned from`, async () => {
    const store = openModelStore(folder);
    // Few corrections are learned in no time; the first round of a process takes longest.
    await roundTime(20);
    const round = await roundTime(1);
    const seen = new Set<number>();
    const check = async () => {
      const found = (await store.load('anna'))!;
      const lineage = lineageIn(openModel(found.model).model)!;
      expect(found.corrections!.count).toBe(lineage.samples);
      seen.add(lineage.samples);
      const before = await store.loadPrevious('anna');
      if (before) expect(before.corrections!.count).toBe(lineageIn(openModel(before.model).model)!.samples);
    };
    // Two at a time, in the same folder and under the same name.
    const one = async (part: number) => {
      for (let i = part; i < KILLS; i += 2) {
        await killed(i % 2, 1.5 * round * uniform(1, 1, i));
        await check();
      }
    };
    await Promise.all([one(0), one(1)]);
    expect(seen.size).toBeGreaterThan(5);
    const left = (await readdir(folder)).filter((name) => !/^anna\.denary(\.previous)?$/.test(name));
    expect(left.every((name) => name.endsWith('.tmp'))).toBe(true);
    // What is left by the kills is no model, and one can go on from what is there.
    await copyFile(join(folder, 'anna.denary'), join(folder, 'bella.denary'));
    expect((await store.list()).map(({ name }) => name)).toEqual(['anna', 'bella']);
  }, 300_000);
});
