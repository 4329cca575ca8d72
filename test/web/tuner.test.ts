/** Tuners and swapping in Chromium: the contracts, in Web Workers. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
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
});
