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
declare const damage: (name: string) => Promise<void>;
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
    await other.evaluate(() => store.remove('anna'));
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

  it('holds a whole model each time that a page is closed while it learns and saves', async () => {
    const seen = new Set<number>();
    for (let i = 0; i < 6; i++) {
      const page = await another();
      await page.evaluate(
        () =>
          new Promise<void>((resolve) => {
            tuneForever(resolve);
          }),
      );
      await new Promise((resolve) => setTimeout(resolve, 150 * uniform(1, 2, i)));
      await page.close();
      const { samples, corrections } = (await open.page.evaluate(() => stored()))!;
      expect(corrections).toBe(samples);
      seen.add(samples);
    }
    expect(seen.size).toBeGreaterThan(2);
  }, 240_000);
});
