/**
 * Trains systems with their own settings over several seeds and reports mean and deviation of the test accuracy:
 * `npm run accuracy -- [--seeds N] NAME...`. Finished runs are kept in docs/accuracy.json and not done again; a shipped
 * model is such a run, of the seed that its manifest names.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '3' } },
  allowPositionals: true,
});
const names = positionals.length > 0 ? positionals : ['mlp', 'cnn'];
const record = join(root, 'docs', 'accuracy.json');
let runs = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : [];

for (const name of names) {
  const manifest = join(root, 'models', name, 'manifest.json');
  if (existsSync(manifest)) {
    const { training, metrics, parameters } = JSON.parse(readFileSync(manifest, 'utf8'));
    const { accuracy: testAccuracy, loss: testLoss } = metrics.test;
    const run = { name, seed: training.seed, testAccuracy, testLoss, seconds: training.seconds, parameters };
    runs = [...runs.filter((other) => other.name !== name || other.seed !== run.seed), run];
  }
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    if (runs.some((run) => run.name === name && run.seed === seed)) continue;
    const out = join(root, 'out', 'accuracy', `${name}-${seed}`);
    const denary = join(root, 'packages', 'cli', 'bin', 'denary.js');
    const args = [denary, 'train', name, '--seed', `${seed}`, '--out', out, '--json'];
    const lines = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    const { testAccuracy, testLoss, seconds, parameters } = JSON.parse(lines.trim().split('\n').at(-1));
    runs.push({ name, seed, testAccuracy, testLoss, seconds: Math.round(seconds * 10) / 10, parameters });
    rmSync(out, { recursive: true });
    writeFileSync(record, `${JSON.stringify(runs, null, 2)}\n`);
    console.log(`${name}, seed ${seed}: ${testAccuracy}`);
  }
}

runs.sort((a, b) => a.name.localeCompare(b.name) || a.seed - b.seed);
writeFileSync(record, `${JSON.stringify(runs, null, 2)}\n`);

const statistics = (numbers) => {
  const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
  const squares = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: numbers.length > 1 ? Math.sqrt(squares / (numbers.length - 1)) : undefined };
};
const rows = [...new Set(runs.map(({ name }) => name))].map((name) => {
  const own = runs.filter((run) => run.name === name);
  const { mean, deviation } = statistics(own.map(({ testAccuracy }) => testAccuracy));
  const spread = deviation === undefined ? '' : ` ± ${deviation.toFixed(4)}`;
  const loss = statistics(own.map(({ testLoss }) => testLoss)).mean;
  const seconds = statistics(own.map((run) => run.seconds)).mean;
  const parameters = own[0].parameters.toLocaleString('en-US');
  return `| \`${name}\` | ${parameters} | ${own.length} | ${mean.toFixed(4)}${spread} | ${loss.toFixed(4)} | ${seconds.toFixed(0)} |`;
});
const text = `# Test accuracy

Each system with its own settings (\`denary list\`) on all 60,000 training images, the last epoch's weights, measured once
on the 10,000 test images. Made by \`npm run accuracy\`; every run is in accuracy.json. Seconds are of training, on two
cores of a shared machine.

| system | parameters | seeds | test accuracy | test loss | seconds |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
writeFileSync(join(root, 'docs', 'accuracy.md'), text);
console.log(text);
