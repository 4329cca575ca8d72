/** Tuners and swapping in Chromium: the contracts, in Web Workers. */
import { fileURLToPath } from 'node:url';
import { trainables, trainingFileOf } from '@denary/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { swapContract } from '../contract/swap-contract.js';
import { tunerContract } from '../contract/tuner-contract.js';
import { type OpenPage, openPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { ISOLATED } from './static-server.js';

const file = fileURLToPath(new URL('tuner-page.ts', import.meta.url));
const models = fileURLToPath(new URL('../../models', import.meta.url));

describeInBrowser('a page', () => {
  let open: OpenPage;
  beforeAll(async () => {
    open = await openPage(file, { headers: ISOLATED, folders: [models] });
  });
  afterAll(() => open?.close());

  const run = (contract: string, name: string) =>
    open.page.evaluate(
      ([contract, name]) =>
        (globalThis as unknown as { runCase(...of: string[]): Promise<void> }).runCase(contract!, name!),
      [contract, name],
    );

  describe.each(Object.entries({ tuner: tunerContract, swap: swapContract }))('%s', (contract, cases) => {
    it.each(Object.keys(cases))('%s', (name) => run(contract, name));
  });

  it('goes by the files that lie beside a model, on a server that sends its page for what it has not', async () => {
    const PAGE = { type: 'text/html', body: '<!doctype html><title>an app</title>' };
    const missing = trainables.filter((trainable) => trainable !== 'all').map(trainingFileOf);
    for (const file of [...missing, 'replay.bin']) open.server.instead.set(`/mlp/${file}`, PAGE);
    const found = await open.page.evaluate(() =>
      (globalThis as unknown as { strategiesAt(address: string): Promise<object> }).strategiesAt('mlp/model.onnx'),
    );
    open.server.instead.clear();
    expect(found).toMatchObject({ name: 'full', code: 'not-found', message: expect.stringMatching(/those of all\./) });
  });
});
