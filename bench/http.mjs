/**
 * HTTP, one raw 28x28 image a request: `denary serve` against a node:http handler that calls bare onnxruntime-node once a request,
 * in turn in one run: `npm run bench:http [-- --model cnn --connections 64 --seconds 4 --rounds 5 --isolation process]`.
 * The requests are wrk's where it is installed (Debian, Ubuntu: `apt-get install wrk`; Homebrew has it, too): written in C, it
 * leaves the cores to the servers. Otherwise, or with `--load node`, they are those of http-load.mjs, which takes a good part of
 * a core for itself. It checks the answers of both servers, too, before anything is measured.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { readModel } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { median } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'cnn' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    isolation: { type: 'string', default: 'process' },
    load: { type: 'string', default: spawnSync('wrk', ['-v']).error ? 'node' : 'wrk' },
  },
});
const { model, connections, seconds, isolation } = values;
const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A server's process and the URL that it prints. */
async function start(...args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.setEncoding('utf8');
  for await (const [text] of on(child.stdout)) {
    const url = /listening on (http:[^"\s]+)/.exec(text)?.[1];
    if (url) return { child, url };
  }
  throw new Error('The server did not start.');
}
async function* on(stream) {
  while (true) yield await once(stream, 'data');
}

const cli = path('../packages/cli/bin/denary.js');
const serve = ['serve', '--model', model, '--port', '0', '--device', 'cpu', '--preprocess', 'none'];
const { manifest } = await readModel(model);
const servers = {
  naive: await start(path('peers/naive-server.mjs'), model),
  denary: await start(cli, ...serve, '--isolation', isolation),
  ...(manifest?.variants?.int8 && {
    'naive int8': await start(path('peers/naive-server.mjs'), model, 'int8'),
    'denary int8': await start(cli, ...serve, '--isolation', isolation, '--variant', 'int8'),
  }),
};
const run = async (...command) => (await promisify(execFile)(command[0], command.slice(1))).stdout;
const folder = await mkdtemp(join(tmpdir(), 'denary-http-'));
process.env.IMAGES = join(folder, 'images');
await writeFile(process.env.IMAGES, (await loadDataset('mnist', 'test')).images.subarray(0, 1000 * 784));
const loads = {
  node: (url, time) => run(process.execPath, path('http-load.mjs'), url, connections, time),
  wrk: (url, time) => run('wrk', '-t', '1', '-c', connections, '-d', time, '-s', path('http-post.lua'), url),
};
const load = async (by, url, time) => JSON.parse((await loads[by](url, time)).trim().split('\n').at(-1));

const checked = {};
const measured = Object.fromEntries(Object.keys(servers).map((who) => [who, []]));
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [who, { url }] of Object.entries(servers)) {
    if (round === 0) checked[who] = await load('node', url, '1');
    else measured[who].push(await load(values.load, url, seconds));
  }
}
await rm(folder, { recursive: true });
for (const { child } of Object.values(servers)) {
  child.kill();
  await once(child, 'exit');
}

const of = (who, key) => Number(median(measured[who].map((result) => result[key])).toPrecision(4));
const keys = ['perSecond', 'p50', 'p99', 'failed'];
const results = Object.fromEntries(
  Object.keys(servers).map((who) => {
    const { accuracy, failed } = checked[who];
    if (failed > 0) throw new Error(`${failed} requests to ${who} failed.`);
    return [who, { ...Object.fromEntries(keys.map((key) => [key, of(who, key)])), accuracy }];
  }),
);
const isOurs = (who) => who.startsWith('denary');
/** To the naive handler of the model as it is, which is what somebody would have written; and to that of the same file. */
const ratios = Object.fromEntries(
  Object.keys(servers)
    .filter(isOurs)
    .map((who) => [who, { naive: ratiosOf(who, 'naive'), 'same file': ratiosOf(who, who.replace('denary', 'naive')) }]),
);
if (process.stdout.isTTY) console.table(results);
console.log(
  JSON.stringify({
    ...{ model, connections, isolation, load: values.load, node: process.versions.node },
    ...{ results, ratios },
  }),
);

/** Round by round. */
function ratiosOf(who, other) {
  const all = measured[who].map(({ perSecond }, i) => Number((perSecond / measured[other][i].perSecond).toFixed(2)));
  return { median: median(all), all };
}
