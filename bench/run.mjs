/** `npm run bench`: denary and its peers on the same work, in turn and in one run; writes docs/benchmarks.md and .json. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import setup from '../test/interop/venv.mjs';
import { contest } from './contest.mjs';
import { contestants } from './contestants.mjs';
import { markdown } from './report.mjs';
import { judge, summarize } from './statistics.mjs';
import { aims, augmentations, memoryWork, works } from './works.mjs';

const usage = `Usage: npm run bench -- [options]

  --rounds N      how often each has its turn; default 3 (a whole run: some 45 minutes on two cores)
  --threads N     of those that are not named with another number; default 2
  --seconds S     of measuring one batch size; default 1 in training and in a browser, 0.5 in inference
  --only TASK     training, inference or browser (inference in Chromium)
  --system NAME   ${[...new Set(works.map(({ system }) => system))].join(', ')}; may be given several times
  --peer NAME     denary and those whose name begins so; may be given several times:
                  ${[...new Set(contestants.map(({ name }) => name))].join('; ')}
  --json          prints JSON

A run of all writes docs/benchmarks.md and docs/benchmarks.json; a run of a part prints what it measured.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    system: { type: 'string', multiple: true },
    peer: { type: 'string', multiple: true },
    json: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const { only, system, peer } = values;
const [rounds, threads] = [Number(values.rounds), Number(values.threads)];
const whole = !only && !system && !peer;

const asked = works.filter((work) => (!only || work.task === only) && (!system || system.includes(work.system)));
const lined = contestants.filter(
  ({ name }) => !peer || name.startsWith('denary') || peer.some((p) => name.startsWith(p)),
);
if (
  !(rounds >= 1) ||
  !(threads >= 1) ||
  asked.length === 0 ||
  (peer && lined.every(({ name }) => name.startsWith('denary')))
) {
  console.error(usage);
  process.exit(2);
}

await setup();
for (const contestant of lined) {
  try {
    contestant.extra = await contestant.prepare?.();
  } catch (error) {
    contestant.unavailable = error.message.split('\n')[0];
  }
}

const versions = { node: process.versions.node };
const options = {
  rounds,
  threads,
  seconds: values.seconds && Number(values.seconds),
  report({ round, work, who, result }) {
    Object.assign(versions, result.versions);
    const said = result.error ?? `${((result.batch / result.milliseconds) * 1000).toFixed(1)} images/s`;
    console.error(`round ${round}: ${work.task}, ${work.system}, batch ${result.batch}: ${who}: ${said}`);
  },
};

const willing = (task, system) =>
  lined.filter(({ tasks, systems }) => tasks.includes(task) && (!systems || systems.includes(system)));

async function measure(work, who = willing(work.task, work.system)) {
  const model = path(`../models/${work.system}/model.onnx`);
  return (await contest({ ...work, model }, who, options)).map(summarize);
}

/** What only concerns denary: training on augmented images, and `predict` against a bare loop over the runtime. */
async function measureOwn() {
  const variants = augmentations.map(({ name, augment }) => ({ ...contestants[0], name, extra: { augment } }));
  const augmented = await measure(memoryWork, variants);
  const printed = execFileSync(process.execPath, [path('predict.mjs'), 'cnn', `${rounds}`], { encoding: 'utf8' });
  return { augmented, prediction: JSON.parse(printed) };
}

const own = whole ? await measureOwn() : {};
const results = { training: [], inference: [], browser: [] };
for (const work of asked) {
  const { task, system, batches } = work;
  results[task].push({ task, system, batches, cells: await measure(work) });
}
const memory = asked.some(({ task, system }) => task === 'training' && system === 'cnn')
  ? await measure(memoryWork, willing('memory', memoryWork.system))
  : [];

const measured = {
  command: `npm run bench -- --rounds ${rounds}`,
  machine: {
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    threads,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
  },
  versions,
  rounds,
  ...results,
  memory,
  aims: judge(aims, results),
  ...own,
};
const text = markdown(measured);
const json = `${JSON.stringify(measured, null, 2)}\n`;
if (whole) {
  writeFileSync(path('../docs/benchmarks.md'), text);
  writeFileSync(path('../docs/benchmarks.json'), json);
}
console.log(values.json ? json : text);
