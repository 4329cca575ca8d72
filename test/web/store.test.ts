/** Personal models in a browser's storage: tabs that share it, damage, no room, and pages that are closed while they save. */
import { fileURLToPath } from 'node:url';
import { uniform } from '@denary/core';
import type { PageModelStore } from '@denary/runtime-web';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type OpenPage, openPage } from './browser.js';
import { describeInBrowser } from './chromium.js';

const file = fileURLToPath(new URL('store-page.ts', import.meta.url));

declare const store: PageModelStore;
declare const tuneForever: (onSave: () => void) => Promise<void>;
declare const stored: () => Promise<{ samples: number; corrections: number } | undefined>;
declare const saveForever: (onSave: () => void) => Promise<void>;
declare const bytesStored: () => Promise<(number | undefined)[]>;
declare const damage: (name: string) => Promise<void>;
declare const withBrokenDatabase: <T>(work: () => Promise<T>) => Promise<T>;
declare const recover: typeof import('@denary/core').recover;

describeInBrowser("a page's store", () => {
  let open: OpenPage;
  beforeEach(async () => {
    open = await openPage(file);
  });
  afterEach(() => open?.close());

  const another = async (): Promise<Page> => {
    const page = await open.context.newPage();
    await page.goto(open.server.url);
    return page;
  };

  it('saves, lists, exports and imports, and finds it all in another tab, which is told', async () => {
    const other = await another();
    const told = other.evaluate(() => new Promise<string>((resolve) => void store.watch(resolve)));
    await open.page.evaluate(async () => {
      store.watch((name) => Object.assign(globalThis, { heard: name }));
      await store.save('anna', Uint8Array.from([1, 2, 3]));
      await store.import('bella', await store.export('anna'));
    });
    expect(await told).toBe('anna');
    const { names, model } = await other.evaluate(async () => ({
      names: (await store.list()).map(({ name, bytes }) => [name, bytes > 3]),
      model: [...(await store.load('bella'))!.model],
    }));
    expect(names).toEqual([
      ['anna', true],
      ['bella', true],
    ]);
    expect(model).toEqual([1, 2, 3]);
    // What it did itself is no news.
    expect(await open.page.evaluate(() => 'heard' in globalThis)).toBe(false);
    await other.evaluate(() => store.remove('anna'));
    await open.page.waitForFunction(() => (globalThis as { heard?: string }).heard === 'anna');
    expect(await open.page.evaluate(() => store.load('anna'))).toBeUndefined();
  });

  it('falls back to the shipped model where it is damaged, and says so', async () => {
    const recovered = await open.page.evaluate(async () => {
      await store.save('anna', new Uint8Array(1000));
      await damage('anna');
      const { model, personal, damage: why } = await recover(store, 'anna', async () => Uint8Array.from([7]));
      return { model: [...model], personal, code: why?.code };
    });
    expect(recovered).toEqual({ model: [7], personal: false, code: 'bad-data' });
  });

  it('keeps what was there before, and goes back to it where the latest is damaged', async () => {
    const found = await open.page.evaluate(async () => {
      const before = async () => [...((await store.loadPrevious('anna'))?.model ?? [])];
      for (const value of [1, 2, 3]) await store.save('anna', Uint8Array.from([value]));
      const kept = await before();
      await damage('anna');
      const code = await store.load('anna').catch(({ code }) => code);
      const still = await before();
      await store.save('anna', Uint8Array.from([4]), { keepPrevious: false });
      const [facts] = await store.list();
      const after = { dropped: await before(), model: [...(await store.load('anna'))!.model], facts };
      await store.remove('anna');
      return { kept, code, still, ...after, left: [await store.list(), await before()] };
    });
    const facts = { name: 'anna', bytes: expect.any(Number), saved: expect.any(Number) };
    expect(found).toEqual({ kept: [2], code: 'bad-data', still: [2], dropped: [], model: [4], facts, left: [[], []] });
  });

  it('takes a database that does not open for damage, and clears it where it is told to', async () => {
    const found = await open.page.evaluate(async () => {
      await store.save('anna', Uint8Array.from([1]));
      const { personal, damage: why } = await withBrokenDatabase(() =>
        recover(store, 'anna', async () => Uint8Array.from([7])),
      );
      const kept = (await store.list()).length;
      await withBrokenDatabase(() => store.remove('anna'));
      return { personal, code: why?.code, kept, left: await store.list() };
    });
    expect(found).toEqual({ personal: false, code: 'bad-data', kept: 1, left: [] });
  });

  it('goes on with nothing where the browser clears it, also while it saves', async () => {
    const devtools = await open.context.newCDPSession(open.page);
    const { origin } = new URL(open.server.url);
    const saved = open.page.evaluate(async () => {
      for (let value = 0; value < 100; value++) await store.save('bella', new Uint8Array(300_000).fill(value));
    });
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    }
    await saved;
    expect((await open.page.evaluate(() => bytesStored()))[0]).toBe(99);
    await devtools.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' });
    expect(await open.page.evaluate(() => bytesStored())).toEqual([undefined, undefined]);
  });

  it('says that there is no room, and keeps what was there', async () => {
    const devtools = await open.context.newCDPSession(open.page);
    const origin = new URL(open.server.url).origin;
    // Chromium looks at its quota when it first keeps something for an origin.
    await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 100_000 });
    await open.page.evaluate(() => store.save('anna', Uint8Array.from([1])));
    const refused = await open.page.evaluate(async () => {
      const model = crypto.getRandomValues(new Uint8Array(60_000));
      const large = Uint8Array.from({ length: 50 * model.length }, (_, i) => model[i % model.length]!);
      const error = await store.save('anna', large).catch(({ code, message }) => ({ code, message }));
      return { error, model: [...(await store.load('anna'))!.model] };
    });
    expect(refused).toMatchObject({ error: { code: 'quota-exceeded' }, model: [1] });
  });

  /** Opens a page that does so without end, and closes it some time after the first. */
  async function closedWhile(work: 'tuneForever' | 'saveForever', milliseconds: number): Promise<void> {
    const page = await another();
    await page.evaluate(
      (name) =>
        new Promise<void>((resolve) => {
          ({ tuneForever, saveForever })[name](resolve);
        }),
      work,
    );
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    await page.close();
  }

  it('holds a whole model each time that a page is closed while it learns and saves', async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 6; i++) {
      await closedWhile('tuneForever', 150 * uniform(1, 2, i));
      const { samples, corrections } = (await open.page.evaluate(() => stored()))!;
      expect(corrections).toBe(samples);
      seen.add(samples);
    }
    expect(seen.size).toBeGreaterThan(2);
  }, 240_000);

  it('holds a whole model, and a whole one before it, each of 44 times that a page is closed while it saves', async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 44; i++) {
      await closedWhile('saveForever', 60 * uniform(1, 3, i));
      const [latest, before] = await open.page.evaluate(() => bytesStored());
      expect(before === undefined ? latest : (before + 1) % 256).toBe(latest);
      seen.add(latest!);
    }
    expect(seen.size).toBeGreaterThan(20);
  }, 240_000);
});
