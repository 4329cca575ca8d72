/**
 * Training and prediction speed against named peers, all in one run and in turn: `npm run bench [-- --rounds N]`.
 * Writes docs/benchmarks.md and docs/benchmarks.json. Peers run in their own Python environment (test/interop).
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import setup, { interpreter } from '../test/interop/venv.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, threads: { type: 'string', default: '2' } },
});
const [rounds, threads] = [Number(values.rounds), values.threads];
const here = fileURLToPath(new URL('.', import.meta.url));
await setup();

function measure(command, args) {
  const printed = execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(printed.trim().split('\n').at(-1));
}
const denaryWith = (changes) => (name, steps) =>
  measure(process.execPath, [join(here, 'denary-train.mjs'), name, steps, threads, ...changes]);
const denary = denaryWith([]);
const pytorch = (mode) => (name, steps) =>
  measure(interpreter, [join(here, 'peers', 'pytorch.py'), name, steps, threads, mode]);
const contestants = { denary, 'PyTorch eager': pytorch('eager'), 'PyTorch compile': pytorch('compile') };
const works = [
  { name: 'mlp', batch: 128, steps: '1600' },
  { name: 'cnn', batch: 128, steps: '40' },
  { name: 'hrnn', batch: 64, steps: '60' },
];

const affine = { rotate: 10, shift: 0.08, shear: 10, zoom: 0.1 };
const everything = { ...affine, elastic: { alpha: 34, sigma: 4 }, strokeWidth: 0.5 };
const augmentations = {
  none: denary,
  'rotate, shift, shear, zoom': denaryWith([JSON.stringify(affine)]),
  'and elastic, stroke width': denaryWith([JSON.stringify(everything)]),
};

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const count = (value) => Math.round(value).toLocaleString('en-US');
const spread = (numbers) => `${count(Math.min(...numbers))}-${count(Math.max(...numbers))}`;

const versions = {};

/** Images a second of everybody, in turn, and the medians of the rounds. */
function race(runners, { name, batch, steps }) {
  const speeds = Object.fromEntries(Object.keys(runners).map((who) => [who, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const [who, run] of Object.entries(runners)) {
      const result = run(name, steps);
      Object.assign(versions, result.versions ?? { PyTorch: result.version });
      speeds[who].push((batch / result.milliseconds) * 1000);
      console.error(`round ${round}: ${name}, ${who}: ${count(speeds[who].at(-1))} images/s`);
    }
  }
  const medians = Object.fromEntries(Object.entries(speeds).map(([who, numbers]) => [who, median(numbers)]));
  return { name, batch, speeds, medians };
}

const training = works.map((work) => {
  const { medians, ...rest } = race(contestants, work);
  const ratio = medians.denary / Math.max(medians['PyTorch eager'], medians['PyTorch compile']);
  return { ...rest, medians, ratio };
});
const augmented = race(augmentations, works[1]);

const prediction = measure(process.execPath, [join(here, 'predict.mjs'), 'cnn', `${rounds}`]);
const { bare, predict, normalise } = prediction.imagesPerSecond;

const cell = ({ speeds, medians }, who) => `${count(medians[who])} (${spread(speeds[who])})`;
const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
const text = `# Benchmarks

Made by \`npm run bench -- --rounds ${rounds}\` on ${cpus()[0].model.trim()}, ${threads} threads, a shared machine: compare within a row.
${named.join(', ')}. All contestants in turn, ${rounds} rounds; the median of the rounds' median steps, and their range.

## Training, images a second
Batch preparation from uint8 pixels, dropout and the system's own optimizer included. The ratio is to the better PyTorch.

| system | batch | denary | PyTorch eager | PyTorch compile | ratio |
|---|---|---|---|---|---|
${training
  .map((row) => {
    const cells = Object.keys(contestants).map((who) => cell(row, who));
    return `| \`${row.name}\` | ${row.batch} | ${cells.join(' | ')} | ${row.ratio.toFixed(2)} |`;
  })
  .join('\n')}

## Training \`cnn\` with augmentation, images a second
The images are changed on the thread that steps the training graph, between two steps.

| changes | images/s | ratio |
|---|---|---|
${Object.keys(augmentations)
  .map(
    (who) => `| ${who} | ${cell(augmented, who)} | ${(augmented.medians[who] / augmented.medians.none).toFixed(2)} |`,
  )
  .join('\n')}

## Prediction with \`cnn\`, images a second
10,000 raw images in batches of ${prediction.batch}. Bare is a loop over \`session.run\` of onnxruntime-node on the same batches.

| bare onnxruntime-node | \`predict\`, \`preprocess: 'none'\` | ratio | \`predict\` with normalisation | ratio |
|---|---|---|---|---|
| ${count(bare)} | ${count(predict)} | ${(predict / bare).toFixed(2)} | ${count(normalise)} | ${(normalise / bare).toFixed(2)} |
`;
writeFileSync(join(here, '..', 'docs', 'benchmarks.md'), text);
writeFileSync(
  join(here, '..', 'docs', 'benchmarks.json'),
  `${JSON.stringify({ versions, threads, rounds, training, augmented, prediction }, null, 2)}\n`,
);
console.log(text);
