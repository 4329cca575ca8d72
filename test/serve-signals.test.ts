/** What signals do to `denary serve` at its edges: while it starts, while it ends, twice in a row, and where a worker hangs. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Serving, using } from './serving.js';

const linux = process.platform === 'linux';
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));

/** Settles when the process has a handler for SIGHUP, the first bit of what it catches. */
async function catchesSighup({ child }: Serving): Promise<void> {
  const caught = () => /^SigCgt:\s+\w*(\w)$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]!;
  while ((Number.parseInt(caught(), 16) & 1) === 0) await pause();
}

it.skipIf(!linux)(
  'follows a SIGHUP that comes while it starts, once it has (Linux tells when it may come)',
  async () => {
    const serving = Serving.launch('--workers', '1');
    await catchesSighup(serving);
    serving.child.kill('SIGHUP');
    await serving.listening();
    await serving.logged(/^model reloaded$/);
    expect((await serving.fetch('/readyz')).status).toBe(200);
    expect(await serving.stop()).toBe(0);
  },
);

it('takes no notice of a SIGHUP that comes while it ends, but in its log', async () => {
  const serving = await Serving.start('--workers', '1', '--drain-delay', '2000');
  serving.child.kill('SIGTERM');
  await serving.logged(/^draining$/);
  serving.child.kill('SIGHUP');
  await serving.logged(/^model not reloaded: the server is about to end$/);
  expect(await serving.exit).toBe(0);
  expect(serving.log.at(-1)).toMatchObject({ msg: 'closed' });
});

it('takes two interrupts at once for one, as npx passes on what the terminal sends to both', async () => {
  const serving = await Serving.start('--workers', '1', '--drain-delay', '300');
  serving.child.kill('SIGINT');
  serving.child.kill('SIGINT');
  expect(await serving.exit).toBe(0);
  expect(serving.log.at(-1)).toMatchObject({ msg: 'closed' });
});

it('ends at once at an interrupt that comes later', () =>
  using(['--workers', '1', '--drain-delay', '600000'], async (serving) => {
    serving.child.kill('SIGINT');
    await serving.logged(/^draining$/);
    const again = setInterval(() => serving.child.kill('SIGINT'), 100);
    expect(await serving.exit).toBe(1);
    clearInterval(again);
  }));

it.skipIf(!linux)('ends also where a worker hangs, which it kills', async () => {
  const serving = await Serving.start('--workers', '2', '--preprocess', 'none', '--drain-timeout', '100');
  const [hung] = serving.workers();
  process.kill(hung!, 'SIGSTOP');
  const pixels = () => serving.predict(new Uint8Array(784), 'application/octet-stream').catch(() => undefined);
  const calls = Array.from({ length: 32 }, pixels);
  // The asking is a request, too. The hung worker has its part of them sooner or later.
  while ((await serving.metric('denary_http_requests_in_progress')) < 2) calls.push(pixels());
  serving.child.kill('SIGTERM');
  expect(await serving.exit).toBe(0);
  await Promise.all(calls);
  await serving.logged(/^workers did not end in time/);
  expect(serving.log.at(-1)).toMatchObject({ msg: 'closed' });
  expect(() => process.kill(hung!, 0)).toThrow('ESRCH');
});
