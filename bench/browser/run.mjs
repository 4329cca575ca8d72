/**
 * Inference in Chromium: node run.mjs ORDER, a work order as JSON with the page's name as mode (../clock.mjs). The page is
 * cross-origin isolated, so that there are threads, and sees the order's `cores`: what peers make their threads by.
 */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { print, readOrder } from '../clock.mjs';
import { browserPath } from './launch.mjs';
import { isolated, serveFolders } from './serve.mjs';

const path = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { require: peers, ...order } = readOrder();
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
const browser = await chromium.launch({ executablePath: browserPath, args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Emulation.setHardwareConcurrencyOverride', { hardwareConcurrency: order.cores });
  await page.exposeFunction('print', (line) =>
    print({ ...line, versions: { ...line.versions, Chromium: browser.version() } }),
  );
  await page.goto(new URL('page.html', url).href);
  await page.evaluate((given) => globalThis.run(given), order);
} finally {
  await browser.close();
  close();
}
