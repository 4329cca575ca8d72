/**
 * The main job, from nothing to answers: trains mlp (10 epochs) and cnn (1 epoch) on all of MNIST, exports both to ONNX,
 * measures the exported files on the 10,000 test images, and reads a few drawings.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRecognizer } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const denary = join(root, 'packages', 'cli', 'bin', 'denary.js');
const here = (path) => relative(process.cwd(), path) || '.';

/** Trains through the command line, as a user would, and gives what it reports at the end. */
function train(name, epochs) {
  const out = join(root, 'out', name);
  const args = [denary, 'train', name, '--epochs', `${epochs}`, '--out', out, '--json'];
  console.log(`\n$ denary train ${name} --epochs ${epochs} --out ${here(out)}`);
  const lines = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  const events = lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const { epoch, accuracy, loss, seconds } of events.filter(({ event }) => event === 'epoch')) {
    console.log(`  epoch ${epoch}: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}, ${seconds.toFixed(1)} s`);
  }
  console.log(`  a page with curves, mistakes and more: ${here(events.at(-1).report)}`);
  return events.at(-1);
}

/** Predicts the 10,000 test images through the recognizer that a service would embed. */
async function predictTestSet(model, test) {
  const recognizer = await createRecognizer({ model, preprocess: 'none' });
  const area = test.height * test.width;
  const images = Array.from({ length: test.count }, (_, i) => ({
    data: test.images.subarray(i * area, (i + 1) * area),
    width: test.width,
    height: test.height,
    channels: 1,
  }));
  await recognizer.predict(images.slice(0, 256));
  const began = performance.now();
  const predictions = await recognizer.predict(images);
  const seconds = (performance.now() - began) / 1000;
  await recognizer.close();
  const right = predictions.filter(({ digit }, i) => digit === test.labels[i]).length;
  return { accuracy: right / test.count, imagesPerSecond: test.count / seconds };
}

async function readDrawings(model) {
  const folder = join(root, 'examples', 'images');
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.png'))
    .sort();
  const recognizer = await createRecognizer({ model });
  const predictions = await recognizer.predict(files.map((name) => join(folder, name)));
  await recognizer.close();
  console.log(`\nDrawings in ${here(folder)}, read by cnn:`);
  files.forEach((name, i) => {
    const { digit, confidence } = predictions[i];
    console.log(`  ${name.padEnd(14)} ${digit ?? 'empty'}  (${percent(confidence)})`);
  });
}

const percent = (fraction) => `${(fraction * 100).toFixed(2)}%`;
const count = (value) => Math.round(value).toLocaleString('en-US');

function printTable(header, rows) {
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ');
  console.log(`\n${[line(header), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n')}`);
}

console.log('denary: training, exporting and running digit recognition on ONNX Runtime alone.');
const test = await loadDataset('mnist', 'test');
const rows = [];
for (const [name, epochs] of [
  ['mlp', 10],
  ['cnn', 1],
]) {
  const { model, parameters, imagesPerSecond } = train(name, epochs);
  const predicted = await predictTestSet(model, test);
  rows.push([
    name,
    count(parameters),
    percent(predicted.accuracy),
    count(imagesPerSecond),
    count(predicted.imagesPerSecond),
    `${count(statSync(join(model, 'model.onnx')).size / 1000)} kB`,
  ]);
}
await readDrawings(join(root, 'out', 'cnn'));
printTable(['model', 'parameters', 'test accuracy', 'training images/s', 'prediction images/s', 'file size'], rows);
console.log(`
Try next:
  npx denary predict my-drawing.png           read a digit with the shipped cnn
  npx denary train cnn --out out/cnn          train it in full: 10 epochs, about 99.1%
  npx denary evaluate out/mlp                 measure a model that you trained
  npx denary list                             all systems that can be trained
`);
