/**
 * How long a tuning takes, from the opening of the tuner to the end of its run: with 10 corrections a digit, in a process of its
 * own each time, so that nothing is warm. WASM runs on onnxruntime-web in Node, whose V8 is Chromium's.
 */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const once = fileURLToPath(new URL('time-once.mjs', import.meta.url));
const runs = [
  { runtime: 'node', threads: 2 },
  { runtime: 'node', threads: 1 },
  { runtime: 'wasm', threads: 2 },
  { runtime: 'wasm', threads: 1 },
];
const REPEATS = 3;

export async function measureTimes({ model, record, quick }) {
  for (const { runtime, threads } of runs) {
    for (let repeat = 0; repeat < (quick ? 1 : REPEATS); repeat++) {
      await record.row({ part: 'times', model, runtime, threads, repeat }, async () => {
        const { stdout } = await promisify(execFile)(process.execPath, [once, model, runtime, `${threads}`]);
        return JSON.parse(stdout);
      });
    }
  }
}
