/** denary evaluate MODEL: accuracy and loss of a model file on a data set. */

import { basename, resolve } from 'node:path';
import { calibrationIn, type Manifest, openModel, type SessionFactory } from '@denary/core';
import { type DeviceChoice, openSession, readModel, runtimeVersions } from '@denary/runtime-node';
import {
  atTemperature,
  eceOf,
  evaluate,
  type LossName,
  madeOutsiders,
  measureRejection,
  predictionsCsv,
} from '@denary/train';
import { type DatasetName, loadDataset, type Split, writeAtomically } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { measuredBy } from '../measured-by.js';
import { datasetOptions, variantOption, whole } from '../options.js';
import { writeReport } from '../report.js';
import { count, percent } from '../text.js';

interface Options {
  variant?: string;
  dataset?: DatasetName;
  split: Split;
  device: DeviceChoice;
  batchSize: number;
  loss?: LossName;
  csv?: string;
  report?: string | true;
  outsiders?: boolean;
  cache?: string;
  json?: boolean;
}

export const evaluateCommand = (context: ContextOf) =>
  new Command('evaluate')
    .description('measure the accuracy and loss of a model on a data set')
    .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file")
    .addOption(variantOption())
    .option('--dataset <name>', "a name of `denary data` (default: the one that the model's system is made for)")
    .addOption(new Option('--split <split>', 'which part of it').choices(['train', 'test']).default('test'))
    .addOption(
      new Option('--device <device>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'),
    )
    .option('--batch-size <n>', 'images in one run', whole(1), 128)
    .option('--loss <name>', "the loss to report (default: the model's own)")
    .option('--csv <file>', 'write index, actual, predicted and confidence of every image')
    .option('--report [dir]', 'write report.html and pictures/ into that folder (default: out/report-MODEL)')
    .option(
      '--outsiders',
      'measure how well letters, scribbles, blank paper, textures and other pictures that are no digits are refused',
    )
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object')
    .action(async (name: string, options: Options) => {
      const { output, command, signal } = context(options);
      const { bytes, path, manifest } = await readModel(name, options.variant);
      const { model, contract } = openModel(bytes, path);
      const own = measuredBy(manifest);
      const dataset = await loadDataset(options.dataset ?? own.dataset, options.split, datasetOptions(options.cache));
      const { loss = own.loss } = options;
      const { batchSize } = options;
      const createSession: SessionFactory = async (model) =>
        (await openSession(model, options.device, contract)).session;
      const evaluation = await evaluate({ createSession, model: bytes, dataset, loss, batchSize, signal });
      if (options.csv) await writeAtomically(options.csv, predictionsCsv(evaluation, dataset));
      const rejection = options.outsiders
        ? await measureRejection({ createSession, model: bytes, digits: dataset, outsiders: madeOutsiders(dataset) })
        : undefined;
      const { temperature } = calibrationIn(model, path);
      const raw = { probabilities: evaluation.probabilities, labels: dataset.labels };
      const calibrationError = { before: eceOf(raw), after: eceOf(atTemperature(raw, temperature)) };
      const report =
        options.report &&
        (await writeReport(
          resolve(options.report === true ? `out/report-${basename(name, '.onnx')}` : options.report),
          {
            title: `${manifest?.name ?? basename(path)} on ${dataset.name}`,
            command,
            settings: {
              model: path,
              data: dataset.name,
              images: dataset.count,
              loss,
              batchSize,
              ...settingsOf(manifest),
            },
            versions: runtimeVersions(),
            test: { model: bytes, dataset, evaluation, createSession, rejection },
            signal,
          },
        ));
      const { accuracy, ...rest } = evaluation;
      const { seconds, imagesPerSecond, slotAccuracy, wholeAccuracy } = rest;
      const several = slotAccuracy.length > 1;
      const slots = several
        ? `; whole images ${percent(wholeAccuracy)}, slots ${slotAccuracy.map(percent).join(' ')}`
        : '';
      output.result(
        {
          accuracy,
          loss: rest.loss,
          count: rest.count,
          seconds,
          imagesPerSecond,
          temperature,
          calibrationError,
          ...(rejection && { rejection }),
          ...(several && { slotAccuracy, wholeAccuracy }),
          ...(report && { report }),
        },
        `${path} on ${dataset.name}: accuracy ${percent(accuracy)}, loss ${rest.loss.toFixed(4)}${slots}, ` +
          `${count(rest.count)} images in ${seconds.toFixed(2)} s (${count(imagesPerSecond)} images/s)` +
          `\ncalibration error ${percent(calibrationError.after)} at temperature ${temperature.toFixed(3)}, ` +
          `${percent(calibrationError.before)} without` +
          (rejection ?? [])
            .map(({ kind, refused, auto }) => {
              const shares = refused.map(({ digits, share }) => `${percent(share)} at ${percent(digits)}`);
              return `\n${kind.padEnd(20)} refused: ${shares.join(', ')} of digits${Number.isNaN(auto) ? '' : `; auto ${percent(auto)}`}`;
            })
            .join('') +
          (report ? `\n${report}` : ''),
      );
    });

/** How the model was trained, the seed included, where its manifest tells. */
const settingsOf = (manifest: Manifest | undefined) => (manifest?.training ? { training: manifest.training } : {});
