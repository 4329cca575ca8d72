/**
 * The models that are shipped in models/: `npm run models [-- NAME...]` trains them, with each system's own settings or better
 * ones, and `npm run models -- --refresh [NAME...]` keeps their weights, derives their training graphs anew and measures them
 * again.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decodeModel, encodeModel, parseManifest } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { buildModel, createTrainingGraph, evaluate } from '@denary/train';
import { loadDataset } from '@denary/train/node';

/** Where a system's own settings leave something to be had; one choice, not the best of several. */
const better = { pair: ['--epochs', '14', '--schedule', 'one-cycle', '--learning-rate', '0.002'] };

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({ options: { refresh: { type: 'boolean' } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : ['mlp', 'cnn', 'hrnn', 'cnn-pool4', 'pair', 'string'];
for (const name of names) await (values.refresh ? refresh : train)(join(root, 'models', name), name);

function train(folder, name) {
  const denary = join(root, 'packages', 'cli', 'bin', 'denary.js');
  const args = [denary, 'train', name, '--seed', '1', ...(better[name] ?? []), '--no-report', '--out', folder];
  execFileSync(process.execPath, args, { stdio: 'inherit' });
  rmSync(join(folder, 'checkpoint.safetensors'), { force: true });
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
  manifest.files['training.onnx'] = {
    bytes: training.length,
    sha256: createHash('sha256').update(training).digest('hex'),
  };
  write(join(folder, 'training.onnx'), training);
  write(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`${name}: accuracy ${accuracy}`);
}

function write(path, content) {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
