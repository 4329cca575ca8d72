/** How `denary serve` lives: its model is changed, its workers are killed and it is told to end, all of it under load. */

import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, subset } from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { beforeAll, expect, it } from 'vitest';
import { Serving, said, using } from './serving.js';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const RAW = 'application/octet-stream';

let test: Dataset;
beforeAll(async () => {
  test = subset(await loadDataset('mnist', 'test'), { from: 0, to: 1000 });
});
const pixels = (index: number) => Buffer.from(test.images.subarray((index % 1000) * 784, ((index % 1000) + 1) * 784));

/** Callers that ask one after the other until told to stop, and what they were answered. */
function load(serving: Serving, callers: number) {
  const statuses: Record<string, number> = {};
  let going = true;
  let [asked, right] = [0, 0];
  const caller = async (i: number) => {
    while (going) {
      asked++;
      try {
        const answer = await serving.predict(new Uint8Array(pixels(i)), RAW);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        const { predictions } = await said(answer);
        if (predictions?.[0]?.digit === test.labels[i % 1000]) right++;
      } catch {
        statuses.none = (statuses.none ?? 0) + 1;
      }
      i += callers;
    }
  };
  const all = Promise.all(Array.from({ length: callers }, (_, i) => caller(i)));
  const until = async (count: number) => {
    const target = asked + count;
    while (asked < target) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const stop = async () => {
    going = false;
    await all;
    return { statuses, share: right / asked };
  };
  return { until, stop };
}

it('changes its model on SIGHUP under load without a failed request, and keeps the old one where the new is broken', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'denary-serve-'));
  const point = (model: string) => {
    symlinkSync(model, join(folder, 'next'), 'junction');
    renameSync(join(folder, 'next'), join(folder, 'model'));
  };
  point(path('models/mlp'));
  await using(['--model', join(folder, 'model'), '--preprocess', 'none'], async (serving) => {
    const name = async () => (await said(serving.fetch('/v1/models'))).models[0]!.name;
    const callers = load(serving, 16);
    await callers.until(100);
    expect(await name()).toBe('mlp');
    point(path('models/cnn'));
    serving.child.kill('SIGHUP');
    await serving.logged(/^model reloaded/);
    expect(await name()).toBe('cnn');
    await callers.until(100);

    const broken = join(folder, 'broken');
    mkdirSync(broken);
    writeFileSync(join(broken, 'model.onnx'), 'not a model');
    copyFileSync(path('models/cnn/manifest.json'), join(broken, 'manifest.json'));
    point(broken);
    serving.child.kill('SIGHUP');
    expect(await serving.logged(/^model not reloaded/)).toMatchObject({ level: 50, err: { code: 'bad-model' } });
    expect(await name()).toBe('cnn');
    await callers.until(100);

    const { statuses, share } = await callers.stop();
    expect(Object.keys(statuses)).toEqual(['200']);
    expect(share).toBeGreaterThan(0.95);
    expect(await serving.metric('denary_model_reloads_total{outcome="ok"}')).toBe(1);
    expect(await serving.metric('denary_workers_lost_total')).toBe(0);
  });
});

it('answers what is under way when it is told to end', async () => {
  const serving = await Serving.start('--preprocess', 'none', '--drain-delay', '2000');
  const body = JSON.stringify({ images: Array.from({ length: 200 }, (_, i) => [...pixels(i)]) });
  const calls = Array.from({ length: 12 }, () => serving.predict(body, 'application/json'));
  const counts = ['denary_http_requests_in_progress', 'denary_http_requests_total{method="POST"'];
  const arrived = async () => (await Promise.all(counts.map((name) => serving.metric(name)))).reduce((a, b) => a + b);
  while ((await arrived()) < calls.length) await new Promise((resolve) => setTimeout(resolve, 5));
  serving.child.kill('SIGTERM');
  await serving.logged(/^draining/);
  const ready = await serving.fetch('/readyz');
  expect(ready.status).toBe(503);
  expect(ready.headers.get('connection')).toBe('close');
  expect(await ready.json()).toMatchObject({ error: { code: 'draining' } });
  const answers = await Promise.all(calls);
  expect(answers.map(({ status }) => status)).toEqual(calls.map(() => 200));
  for (const answer of answers) expect((await said(answer)).predictions).toHaveLength(200);
  expect(await serving.exit).toBe(0);
  expect(serving.log.map(({ msg }) => msg)).not.toContain('requests were cut off');
});

it('cuts off at the end what takes too long', async () => {
  const serving = await Serving.start('--drain-timeout', '200');
  const headers = { 'content-type': 'image/png', 'content-length': 1000 };
  const slow = request(`${serving.url}/v1/predict`, { method: 'POST', headers });
  const cut = new Promise((resolve) => slow.on('error', resolve));
  slow.write('abc');
  const [socket] = await once(slow, 'socket');
  if (socket.connecting) await once(socket, 'connect');
  // By then the server has taken the other connection, too.
  await serving.fetch('/healthz');
  serving.child.kill('SIGTERM');
  expect(await cut).toMatchObject({ code: 'ECONNRESET' });
  expect(await serving.exit).toBe(0);
  await serving.logged(/^requests were cut off/);
});

it.skipIf(process.platform !== 'linux')(
  'outlives kill -9 of its workers under load (worker processes are found in /proc, which Linux alone has)',
  () =>
    using(['--preprocess', 'none', '--workers', '2'], async (serving) => {
      const callers = load(serving, 32);
      for (let killed = 1; killed <= 3; killed++) {
        await callers.until(200);
        process.kill(serving.workers()[0]!, 'SIGKILL');
        while ((await serving.metric('denary_workers_lost_total')) < killed) await callers.until(10);
      }
      await callers.until(300);
      const { statuses, share } = await callers.stop();
      expect(Object.keys(statuses)).toEqual(['200']);
      expect(share).toBeGreaterThan(0.95);
      expect(serving.log.filter(({ msg }) => msg === 'worker lost')).toHaveLength(3);
      while (serving.workers().length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    }),
);

it.skipIf(process.platform !== 'linux')('outlives workers that hang under load, which it kills and replaces', () =>
  using(['--preprocess', 'none', '--workers', '2', '--run-timeout', '3000'], async (serving) => {
    const callers = load(serving, 32);
    const stopped: number[] = [];
    while (stopped.length < 2) {
      await callers.until(200);
      const pid = serving.workers()[0]!;
      process.kill(pid, 'SIGSTOP');
      stopped.push(pid);
      while ((await serving.metric('denary_workers_lost_total')) < stopped.length) await callers.until(1);
    }
    await callers.until(300);
    const { statuses, share } = await callers.stop();
    expect(Object.keys(statuses)).toEqual(['200']);
    expect(share).toBeGreaterThan(0.95);
    const lost = serving.log.filter(({ msg }) => msg === 'worker lost');
    expect(lost.map(({ how }) => how)).toEqual(Array(2).fill(expect.stringMatching(/killed.*nothing for 3 s/)));
    expect(serving.workers().filter((pid) => stopped.includes(pid))).toEqual([]);
  }),
);
