/**
 * HTTP, one raw 28x28 image a request: `denary serve` against a node:http handler that calls bare onnxruntime-node once a request,
 * in turn in one run: `npm run bench:http [-- --model cnn --connections 64 --seconds 4 --rounds 5 --isolation process]`.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'cnn' },
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    isolation: { type: 'string', default: 'process' },
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
const servers = {
  naive: await start(path('peers/naive-server.mjs'), model),
  denary: await start(cli, ...serve, '--isolation', isolation),
};
const load = async (url, time) => {
  const args = [path('http-load.mjs'), url, connections, time];
  return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout);
};

const measured = { naive: [], denary: [] };
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [who, { url }] of Object.entries(servers)) {
    const result = await load(url, round === 0 ? '1' : seconds);
    if (round > 0) measured[who].push(result);
  }
}
for (const { child } of Object.values(servers)) {
  child.kill();
  await once(child, 'exit');
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const of = (who, key) => Number(median(measured[who].map((result) => result[key])).toPrecision(4));
const keys = ['perSecond', 'p50', 'p99', 'accuracy', 'failed'];
const results = Object.fromEntries(
  Object.keys(servers).map((who) => [who, Object.fromEntries(keys.map((key) => [key, of(who, key)]))]),
);
const ratios = measured.denary.map(({ perSecond }, i) => perSecond / measured.naive[i].perSecond);
if (process.stdout.isTTY) console.table(results);
console.log(
  JSON.stringify({
    ...{ model, connections, isolation, node: process.versions.node },
    results,
    ratio: Number(median(ratios).toFixed(2)),
    ratios: ratios.map((ratio) => Number(ratio.toFixed(2))),
  }),
);
