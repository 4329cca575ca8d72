/**
 * The models that are shipped in models/: `npm run models [-- NAME...]` trains them, with each system's own settings or better
 * ones; `-- --refresh [NAME...]` keeps their weights, derives their training graphs anew and measures them again;
 * `-- --calibrate [NAME...]` fits their temperatures and limits, with a twin that is trained on nine tenths of the same data;
 * `-- --tuning [NAME...]` makes what they are tuned with: training graphs and a core set;
 * `-- --quantize [NAME...]` makes them in eight bits.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel, parseManifest, withCalibration } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  buildModel,
  calibrateModel,
  calibrationRecord,
  createTrainingGraph,
  createTuningFiles,
  domainOf,
  evaluate,
  validationSplit,
} from '@denary/train';
import { loadDataset } from '@denary/train/node';

/** Where a system's own settings leave something to be had; one choice, not the best of several. */
const better = { pair: ['--epochs', '14', '--schedule', 'one-cycle', '--learning-rate', '0.002'] };

const [held, seed] = [0.1, 1];
const domains = {};

/** How models are tuned, where it is not by the default: `mlp` is small enough to train all of it, gently. */
const tunings = { cnn: {}, 'cnn-pool4': {}, mlp: { blocks: 3, learningRate: 0.02 }, hrnn: {}, pair: {}, string: {} };

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  options: {
    refresh: { type: 'boolean' },
    calibrate: { type: 'boolean' },
    tuning: { type: 'boolean' },
    quantize: { type: 'boolean' },
  },
  allowPositionals: true,
});
/** Recurrent layers gain nothing by eight bits. */
const quantized = ['mlp', 'cnn', 'cnn-pool4', 'pair', 'string'];
const all = values.tuning ? Object.keys(tunings) : values.quantize ? quantized : [...quantized, 'hrnn'];
const jobs = { calibrate, refresh, tuning: prepareTuning, quantize };
const job = Object.entries(jobs).find(([name]) => values[name])?.[1] ?? train;
for (const name of positionals.length > 0 ? positionals : all) await job(join(root, 'models', name), name);

function train(folder, name) {
  trainInto(folder, name, better[name]);
}

function quantize(folder) {
  denary('quantize', folder, '--out', folder);
}

function trainInto(folder, name, more = []) {
  denary('train', name, '--seed', `${seed}`, ...more, '--no-report', '--out', folder);
  rmSync(join(folder, 'checkpoint.safetensors'), { force: true });
}

function denary(...args) {
  const command = join(root, 'packages', 'cli', 'bin', 'denary.js');
  execFileSync(process.execPath, [command, ...args], { stdio: 'inherit' });
}

/**
 * The shipped models have seen all training images, and are surer of them than they may be of others. A twin, that is the same
 * system, trained in the same way on nine tenths, has not seen the last tenth: its temperature and limits are taken.
 */
async function calibrate(folder, name) {
  const twin = join(root, 'out', 'twins', name);
  const file = join(twin, 'model.onnx');
  if (!existsSync(file)) trainInto(twin, name, ['--validation-split', `${held}`, ...(better[name] ?? [])]);
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const { epochs } = parseManifest(readFileSync(join(twin, 'manifest.json'), 'utf8')).training;
  const data = await loadDataset(manifest.architecture.training.data ?? 'mnist', 'train');
  const split = validationSplit(data, held, seed);
  // Models of the same digits share one.
  domains[split.train.name] ??= await domainOf({ createSession, ...split });
  const domain = domains[split.train.name];
  const calibrated = await calibrateModel({ createSession, model: readFileSync(file), ...split, domain });
  const { count } = split.train;
  const on = `${split.validation.name}, read by a twin: trained alike on the other ${count} images, for ${epochs} epochs`;
  manifest.calibration = calibrationRecord(calibrated, on);
  const model = withCalibration(decodeModel(readFileSync(join(folder, 'model.onnx'))), calibrated.calibration);
  writeFiles(folder, manifest, { 'model.onnx': encodeModel(model) });
  // It says the same of itself.
  if (quantized.includes(name)) quantize(folder);
  const { temperature, nll, ece } = manifest.calibration;
  console.log(
    `${name}: temperature ${temperature}, nll ${nll.before} -> ${nll.after}, ece ${ece.before} -> ${ece.after}`,
  );
}

async function refresh(folder, name) {
  const read = (file) => readFileSync(join(folder, file));
  const manifest = parseManifest(String(read('manifest.json')));
  const model = read('model.onnx');
  const { loss, reduction, optimizer, batchSize } = manifest.training;
  const { regularizers } = buildModel(manifest.architecture);
  const objective = { loss, optimizer, batchSize, regularizers, ...(reduction && { reduction }) };
  const training = encodeModel(createTrainingGraph(decodeModel(model), objective));
  const dataset = await loadDataset(manifest.architecture.training.data ?? 'mnist', 'test');
  const { accuracy, slotAccuracy, wholeAccuracy, ...test } = await evaluate({ createSession, model, dataset, loss });
  const slots = slotAccuracy.length > 1 ? { slotAccuracy, wholeAccuracy } : {};
  manifest.metrics.test = { ...manifest.metrics.test, accuracy, ...slots, loss: test.loss };
  writeFiles(folder, manifest, { 'training.onnx': training });
  console.log(`${name}: accuracy ${accuracy}`);
}

async function prepareTuning(folder, name) {
  const manifest = parseManifest(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  const model = readFileSync(join(folder, 'model.onnx'));
  const dataset = await loadDataset(manifest.architecture.training.data ?? 'mnist', 'train');
  const files = await createTuningFiles({ createSession, model, dataset, ...tunings[name] });
  writeFiles(folder, manifest, files);
  const sizes = Object.entries(files).map(([file, { length }]) => `${file} ${length}`);
  console.log(`${name}: ${sizes.join(', ')} bytes`);
}

/** Writes files of a model, and its manifest with their digests. */
function writeFiles(folder, manifest, files) {
  for (const [file, content] of Object.entries(files)) {
    manifest.files[file] = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
    write(join(folder, file), content);
  }
  write(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function write(path, content) {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
