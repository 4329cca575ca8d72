/** One timed tuning, in a process of its own: `node time-once.mjs MODEL node|wasm THREADS` prints what it took as JSON. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeReplay, Tuner } from '@denary/core';
import * as node from '@denary/runtime-node';
import * as web from '@denary/runtime-web';
import { corrections, setting } from './setting.mjs';

const [name, runtime, threads] = process.argv.slice(2);
const { personas } = await setting({ quick: true });
const given = corrections(personas[0], 10);
const { bytes, path } = await node.readModel(name);
const beside = (file) => readFile(join(dirname(path), file));
const replay = await beside('replay.bin');

const began = performance.now();
const tuner = new Tuner({
  createSession: runtime === 'wasm' ? web.createSession : node.createSession,
  device: runtime === 'wasm' ? 'wasm' : 'cpu',
  threads: Number(threads),
  model: bytes,
  training: await Promise.all(
    ['training.onnx', 'training.last-blocks.onnx', 'training.head.onnx'].map(async (name) => ({
      name,
      bytes: await beside(name),
    })),
  ),
  replay: await decodeReplay(replay),
  preprocess: 'none',
  decode: (image) => image,
  clock: { soon: setImmediate },
  digest: async () => '',
  seconds: Number.POSITIVE_INFINITY,
});
tuner.addAll(given);
let last;
for await (const progress of tuner.run({ steps: tuner.strategy.steps })) last = progress;
const seconds = (performance.now() - began) / 1000;
const { step: steps, strategy, outcome, accuracy } = last;
await tuner.close();
console.log(JSON.stringify({ seconds, steps, strategy, outcome, accuracy }));
process.exit(0);
