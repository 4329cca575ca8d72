/**
 * A long life in short: many predictions, among them arrays, bad images, aborted calls and time-outs, and what they leave
 * behind: resident memory of this process and of its workers, open handles, unanswered calls. Exits with 1 where memory
 * grew by more than 16 MB after the warm-up, or anything is left.
 *
 *     node bench/soak.mjs [--predictions 1000000] [--model mlp] [--isolation thread] [--callers 256] [--workers 1]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createRecognizer } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { median } from './statistics.mjs';

const { values } = parseArgs({
  options: {
    predictions: { type: 'string', default: '1000000' },
    model: { type: 'string', default: 'mlp' },
    isolation: { type: 'string', default: 'thread' },
    callers: { type: 'string', default: '256' },
    workers: { type: 'string', default: '1' },
  },
});
const { model, isolation } = values;
const [predictions, callers, workers] = ['predictions', 'callers', 'workers'].map((key) => Number(values[key]));
const test = await loadDataset('mnist', 'test');
const image = (at) => ({
  data: test.images.subarray((at % test.count) * 784, ((at % test.count) + 1) * 784),
  width: 28,
  height: 28,
  channels: 1,
});

/** Megabytes of a process, where the system tells: of child processes on Linux alone. */
const megabytesOf = (pid) => {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return 0;
  }
};
const childrenOf = () => process._getActiveHandles().flatMap((handle) => (handle.spawnfile ? [handle.pid] : []));
const resources = () => process.getActiveResourcesInfo().filter((name) => !/^(TTY|Pipe|FSReq)/.test(name)).length;

const before = resources();
const recognizer = await createRecognizer({ model, device: 'cpu', isolation, workers });
const counts = { answered: 0, 'bad-image': 0, aborted: 0, timeout: 0 };
const samples = [];
let begun = 0;
let next = 0;
let children = [];

function look() {
  if (begun < next) return;
  next += predictions / 100;
  if (children.length === 0) children = childrenOf();
  const megabytes = [process.memoryUsage.rss() / 2 ** 20, ...children.map(megabytesOf)];
  samples.push(megabytes.reduce((sum, value) => sum + value));
}

/** One call in a hundred is out of the ordinary. */
async function call(at) {
  if (at % 100 === 7) return recognizer.predict({ ...image(at), width: 27 });
  if (at % 100 === 17) return recognizer.predict(image(at), { signal: AbortSignal.timeout(1) });
  if (at % 100 === 27) return recognizer.predict(image(at), { timeout: 1 });
  if (at % 100 === 37) return recognizer.predict([image(at), image(at + 1), image(at + 2)], { timeout: 60_000 });
  return recognizer.predict(image(at));
}
async function caller() {
  while (begun < predictions) {
    look();
    try {
      await call(begun++);
      counts.answered++;
    } catch (error) {
      counts[error.code] = (counts[error.code] ?? 0) + 1;
    }
  }
}
const began = performance.now();
await Promise.all(Array.from({ length: callers }, caller));
const seconds = (performance.now() - began) / 1000;
await recognizer.close();
// What was closed is gone from the list after a turn or two.
await new Promise((resolve) => setTimeout(resolve, 100));

const [warm, last] = [median(samples.slice(20, 30)), median(samples.slice(-10))];
const settled = Object.values(counts).reduce((sum, value) => sum + value);
const unexpected = Object.keys(counts).filter(
  (code) => !['answered', 'bad-image', 'aborted', 'timeout'].includes(code),
);
const result = {
  ...{ model, isolation, workers, callers, predictions, node: process.versions.node },
  perSecond: Math.round(predictions / seconds),
  counts,
  megabytesWarm: Math.round(warm * 10) / 10,
  megabytesLast: Math.round(last * 10) / 10,
  megabytesGrown: Math.round((last - warm) * 10) / 10,
  resourcesLeft: resources() - before,
};
console.log(JSON.stringify(result));
const sound = last - warm < 16 && result.resourcesLeft <= 0 && settled === predictions && unexpected.length === 0;
process.exitCode = sound ? 0 : 1;
