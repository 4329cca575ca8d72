/** runtime-web's sessions in a browser, held to the contract of all runtimes. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeSessionContract } from '../contract/session-contract.js';
import { type OpenPage, openPage } from './browser.js';
import { describeInBrowser } from './chromium.js';
import { sessionsIn } from './sessions-in.js';
import { ISOLATED } from './static-server.js';

const file = fileURLToPath(new URL('session-page.ts', import.meta.url));

const cases = [
  { where: 'in the page', path: '', headers: {}, device: 'wasm', threads: 1 },
  { where: 'in a worker with two threads', path: '#worker', headers: ISOLATED, device: 'wasm', threads: 2 },
  { where: 'in the page', path: '', headers: {}, device: 'webgpu', threads: 1 },
] as const;

describeInBrowser('a session', () => {
  describe.each(cases)('$where on $device', ({ where, path, headers, device, threads }) => {
    let open: OpenPage;
    beforeAll(async () => {
      open = await openPage(file, { headers, path });
    });
    afterAll(() => open?.close());

    const create = sessionsIn(() => open.page);
    describeSessionContract(
      `runtime-web ${where}`,
      (model, options) => create(model, { device, ...options, threads }),
      {
        devices: [device],
        foreign: 'cpu',
        failsForGood: device === 'webgpu',
      },
    );
  });
});
