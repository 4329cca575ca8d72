/** A model's folder on disk: model.onnx, training.onnx and manifest.json, each written whole or not at all. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { encodeModel, type Manifest, withCalibration } from '@denary/core';
import type { Architecture } from '../architectures/architecture.js';
import { planBatches } from '../batches.js';
import { type Calibrated, calibrationRecord } from '../calibrate-model.js';
import type { DeviceProbe } from '../devices/index.js';
import type { Evaluation } from '../evaluate.js';
import type { FitResult } from '../fit.js';
import { writeAtomically } from './cache.js';

export interface TrainedModel {
  readonly architecture: Architecture;
  readonly result: FitResult;
  /** On the data that were held out of the training. */
  readonly calibrated?: Calibrated | undefined;
  /** On the test set, read once when the training was over. */
  readonly test?: Evaluation;
  /** The devices that were tried to choose one. */
  readonly probes?: readonly DeviceProbe[];
  /** Of libraries, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** The bytes of a model's files, by name; `model.onnx` says in its own metadata what it is. */
export function encodeModelFiles({
  architecture,
  result,
  calibrated,
}: Pick<TrainedModel, 'architecture' | 'result' | 'calibrated'>) {
  const essentials = {
    name: architecture.name,
    classes: classNames(architecture.classes),
    slots: architecture.slots ?? 1,
    preprocessing: 'mnist',
  };
  const metadata = { ...result.model.metadata, 'denary.model': JSON.stringify(essentials) };
  const model = { ...result.model, metadata };
  return {
    'model.onnx': encodeModel(calibrated ? withCalibration(model, calibrated.calibration) : model),
    'training.onnx': encodeModel(result.training),
  };
}

/** Writes the folder of a model that was trained. */
export function writeModelFolder(folder: string, trained: TrainedModel): Promise<Manifest> {
  const files = encodeModelFiles(trained);
  return writeFiles(folder, files, manifestOf(trained, files));
}

/** What the manifest says of the files that the folder has. */
export const filesThere = (folder: string, manifest: Manifest | undefined): Manifest['files'] =>
  Object.fromEntries(Object.entries(manifest?.files ?? {}).filter(([name]) => existsSync(join(folder, name))));

/**
 * Writes files and the manifest that describes them. An older manifest goes first and the new one comes last, so that at no
 * time a manifest stands beside a file that is not the one that it describes.
 */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  described: Manifest,
): Promise<Manifest> {
  const manifest = ofItsVariants({ ...described, files: { ...described.files, ...fileRecord(files) } });
  await rm(join(folder, 'manifest.json'), { force: true });
  for (const [name, bytes] of Object.entries(files)) await writeAtomically(join(folder, name), bytes);
  await writeAtomically(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** The manifest without those variants that are not there, or were made from other weights. */
function ofItsVariants({ variants, ...manifest }: Manifest): Manifest {
  const { files } = manifest;
  const there = Object.entries(variants ?? {}).filter(
    ([name, { of }]) => files[`model.${name}.onnx`] && of === files['model.onnx']?.sha256,
  );
  return there.length > 0 ? { ...manifest, variants: Object.fromEntries(there) } : manifest;
}

function manifestOf(trained: TrainedModel, files: Readonly<Record<string, Uint8Array>>): Manifest {
  const { architecture, result, calibrated, test, probes = [], versions } = trained;
  const { model, history, settings, data } = result;
  const kept = history[result.epoch - 1];
  const best = settings.keep === 'best';
  const image = model.graph.inputs[0]!;
  return {
    version: 1,
    name: architecture.name,
    description: architecture.description,
    parameters: result.parameters,
    input: { name: image.name, dtype: 'uint8', shape: [...image.shape] },
    classes: classNames(architecture.classes),
    slots: architecture.slots ?? 1,
    preprocessing: 'mnist',
    metrics: {
      ...(test && {
        test: { ...metricsOf(test), how: 'the exported file on the whole test set, once, at the end' },
      }),
      ...(data.validation && {
        validation: {
          accuracy: kept?.validationAccuracy ?? Number.NaN,
          loss: kept?.validationLoss ?? Number.NaN,
          count: data.validation.count,
          how: `after epoch ${result.epoch}, on data held out of training`,
        },
      }),
    },
    ...(calibrated && data.validation && { calibration: calibrationRecord(calibrated, data.validation.name) }),
    training: {
      data: data.train.name,
      samples: data.train.count,
      ...settings,
      optimizer: { ...settings.optimizer },
      batchSize: planBatches(data.train.count, settings).batchSize,
      epochs: history.length,
      device: result.device,
      ...(result.engine && { engine: result.engine }),
      ...(probes.length > 0 && { probes: probes.map(({ remedy, ...found }) => found) }),
      chosen: best ? `epoch ${result.epoch} of ${history.length}, the best on the validation data` : 'the last epoch',
      seconds: Math.round(result.seconds * 10) / 10,
    },
    architecture,
    versions: { denary: versionOf('@denary/train'), ...versions },
    files: fileRecord(files),
  };
}

export const metricsOf = ({ accuracy, slotAccuracy, wholeAccuracy, loss, count }: Evaluation) => ({
  accuracy,
  ...(slotAccuracy.length > 1 && { slotAccuracy: [...slotAccuracy], wholeAccuracy }),
  loss,
  count,
});

export const classNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** What a manifest says of a folder's files. */
export const fileRecord = (files: Readonly<Record<string, Uint8Array>>): Manifest['files'] =>
  Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, { bytes: bytes.length, sha256: sha256(bytes) }]),
  );

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The version of an installed package. */
export const versionOf = (name: string): string =>
  (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
