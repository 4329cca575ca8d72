/**
 * `npm run bench:web`: from navigation to the first prediction in a page of static files on this machine, with nothing
 * cached and on the next visit, and the longest task of the main thread; writes docs/web-start.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/web/find-chromium.mjs';
import { serveFolders } from './browser/serve.mjs';
import { median } from './statistics.mjs';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' }, json: { type: 'boolean' } } });
const rounds = Number(values.rounds);
const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const { url, close } = await serveFolders({
  '/': path('bench/browser/'),
  '/denary/': path('packages/runtime-web/dist/'),
});
const executablePath = await findChromium();
const visits = { cold: [], warm: [] };
let version;
for (let round = 0; round < rounds; round++) {
  // A browser that has never run has nothing of the page, compiled code included.
  const profile = await mkdtemp(join(tmpdir(), 'denary-start-'));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: ['--no-sandbox'] });
  version = context.browser().version();
  for (const cache of ['cold', 'warm']) {
    const page = await context.newPage();
    await page.goto(new URL('start.html', url).href);
    const measured = await (
      await page.waitForFunction(() => globalThis.measured, null, { timeout: 60_000 })
    ).jsonValue();
    if (measured.digit !== 7) throw new Error(`a seven was read as ${measured.digit}`);
    visits[cache].push(measured);
    await page.close();
    console.error(`round ${round + 1}, ${cache}: ${Math.round(measured.milliseconds)} ms`);
  }
  await context.close();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
close();

const start = (cache) => visits[cache].map(({ milliseconds }) => milliseconds);
const range = (numbers) => `${Math.round(Math.min(...numbers))}-${Math.round(Math.max(...numbers))}`;
const blocked = Object.values(visits).flatMap((all) => all.map(({ longest }) => longest));
const row = (what, value, limit, spread) => ({ what, value, limit, spread, holds: value <= limit });
const rows = [
  row('first prediction, nothing cached', median(start('cold')), 1500, range(start('cold'))),
  row('first prediction, next visit', median(start('warm')), 500, range(start('warm'))),
  row('longest task of the main thread, all visits', Math.max(...blocked), 50, range(blocked)),
];
/** The Long Tasks API tells of tasks from 50 ms on. */
const shown = ({ value }) => (value === 0 ? 'none over 50' : `${Math.round(value)}`);
const lines = rows.map(
  (each) =>
    `| ${each.what} | ${shown(each)} | ${each.spread} | ${each.limit} | ${each.holds ? 'holds' : '**does not hold**'} |`,
);
const text = `# How soon a page reads its first digit

Made by \`npm run bench:web -- --rounds ${rounds}\` with Chromium ${version} on ${cpus()[0].model.trim()}, ${availableParallelism()} cores. A page of static
files on the same machine with the default model, one thread: milliseconds from the start of the navigation to the first
prediction of a canvas, median of ${rounds} browsers that had never run, and of the next visit in each, for which the model
lies in the Cache API. The main thread is watched (Long Tasks API) through loading, 21 predictions one by one and 100 at once.

| | milliseconds | range | limit | |
| --- | ---: | ---: | ---: | --- |
${lines.join('\n')}
`;
await writeFile(path('docs/web-start.md'), text);
console.log(values.json ? JSON.stringify({ version, rounds, visits }) : text);
