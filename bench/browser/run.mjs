/**
 * Inference in Chromium: node run.mjs ORDER, a work order as JSON with the page's name as mode (../clock.mjs). The page is
 * cross-origin isolated, so that there are threads, and sees as many cores as
 * there are threads, or `coresPerThread` times as many: some peers take all that they see, others half.
 */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { print, readOrder } from '../clock.mjs';
import { isolated, serveFolders } from './serve.mjs';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { require: peers, browser: executablePath, coresPerThread = 1, ...order } = readOrder();
const { url, close } = await serveFolders(
  {
    '/': path('bench/browser/'),
    '/bench/': path('bench/'),
    '/models/': path('models/'),
    '/denary/': path('packages/runtime-web/dist/'),
    '/onnxruntime-web/': path('node_modules/onnxruntime-web/'),
    ...(peers && { '/peers/': fileURLToPath(new URL('node_modules/', `file://${peers}`)) }),
  },
  isolated,
);
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setHardwareConcurrencyOverride', {
    hardwareConcurrency: order.threads * coresPerThread,
  });
  await page.exposeFunction('print', (line) =>
    print({ ...line, versions: { ...line.versions, Chromium: browser.version() } }),
  );
  await page.goto(new URL('page.html', url).href);
  await page.evaluate((given) => globalThis.run(given), order);
} finally {
  await browser.close();
  close();
}
