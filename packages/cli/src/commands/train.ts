/** denary train NAME: trains a system, exports it, and measures the exported file on the test set. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DenaryError } from '@denary/core';
import { createSession, runtimeVersions } from '@denary/runtime-node';
import {
  type Callbacks,
  calibrateModel,
  dataOf,
  evaluate,
  findArchitecture,
  fit,
  parseSettings,
  withSettings,
} from '@denary/train';
import {
  type DatasetName,
  encodeModelFiles,
  loadDataset,
  readCheckpoint,
  writeCheckpoint,
  writeModelFolder,
} from '@denary/train/node';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { type EngineName, engineOption, pickEngine } from '../engine.js';
import { collect, datasetOptions, type TrainingDevice, trainingDeviceOption, whole } from '../options.js';
import type { Output } from '../output.js';
import { epochLine, progressLine } from '../progress.js';
import { writeReport } from '../report.js';
import { count, duration, percent } from '../text.js';
import { addTrainingOptions, settingsOf, type TrainingOptions } from '../training-options.js';

interface Options extends TrainingOptions {
  dataset?: string;
  set?: string[];
  seed: number;
  device: TrainingDevice;
  engine: EngineName;
  threads?: number;
  out?: string;
  report: boolean;
  resume?: boolean;
  cache?: string;
  json?: boolean;
}

/** Of how many epochs a line is written; of a training with more, evenly many. */
const EPOCH_LINES = 100;

export const trainCommand = (context: ContextOf) =>
  addTrainingOptions(
    new Command('train')
      .description('train a system, export it to ONNX and measure it on the test set')
      .argument('<name>', 'a name of `denary list`')
      .option('--dataset <name>', "a name of `denary data` (default: the system's own)"),
  )
    .option('--set <key=value>', 'change any other setting, or a field of a layer: dense.units=128', collect)
    .option('--seed <n>', 'of weights, order, dropout, augmentation and the validation split', whole(0), 0)
    .addOption(trainingDeviceOption())
    .addOption(engineOption())
    .option('--threads <n>', 'threads for a step (default: all cores)', whole(1))
    .option('--out <dir>', "the model's folder (default: out/NAME)")
    .option('--no-report', 'write no report.html and pictures/ into that folder')
    .option('--resume', 'go on from the checkpoint in that folder')
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object a line')
    .action(async (name: string, options: Options) => {
      const given = context(options);
      const { output, command, signal } = given;
      const architecture = withSettings(findArchitecture(name, options.dataset), parseSettings(options.set ?? []));
      const folder = resolve(options.out ?? `out/${name}`);
      const data = datasetOptions(options.cache);
      const set = (options.dataset ?? dataOf(architecture)) as DatasetName;
      const [train, testSet] = [await loadDataset(set, 'train', data), await loadDataset(set, 'test', data)];
      const { seed, threads } = options;
      const resume = options.resume ? await checkpointIn(folder) : undefined;
      const settings = settingsOf(architecture, options);
      const training = { architecture, train, ...settings, seed };
      const { device, probes, engine, ...picked } = await pickEngine(given, options, training);
      const trained = { device, ...(engine && { engine: engine.description }) };
      const facts = { name, folder, ...trained, ...(probes.length > 0 && { probes }) };
      const start = { event: 'start', ...facts, train: train.name, samples: train.count, seed };
      if (output.json) output.result({ ...start, ...architecture.training, ...settings }, '');
      else output.note(`Training ${name} on ${count(train.count)} images (${device}, seed ${seed}).`);

      const result = await fit({
        createSession,
        ...training,
        ...(threads && { threads }),
        ...(resume && { resume }),
        ...(engine && { engine }),
        device,
        signal,
        callbacks: reporter(output, (checkpoint) => writeCheckpoint(folder, checkpoint)),
      });
      if (!result.finished) throw stopped(folder, name, options.engine);

      const { validation } = result.data;
      const { 'model.onnx': raw } = encodeModelFiles({ architecture, result });
      const calibrated =
        validation && (await calibrateModel({ createSession, model: raw, train: result.data.train, validation }));
      const { 'model.onnx': model } = encodeModelFiles({ architecture, result, calibrated });
      const test = await evaluate({ createSession, model, dataset: testSet, loss: result.settings.loss });
      const versions = { ...runtimeVersions(), ...picked.versions };
      await writeModelFolder(folder, { architecture, result, calibrated, test, versions, probes });
      const report = options.report
        ? await writeReport(folder, {
            title: `${name} on ${testSet.name}`,
            command,
            settings: {
              system: name,
              data: result.data.train.name,
              samples: result.data.train.count,
              ...result.settings,
            },
            versions,
            training: result,
            test: { model, dataset: testSet, evaluation: test, createSession },
            seed,
            signal,
          })
        : undefined;
      const { parameters, seconds, imagesPerSecond, epoch } = result;
      const whole = test.slotAccuracy.length > 1 ? { testWholeAccuracy: test.wholeAccuracy } : {};
      const [testAccuracy, testLoss] = [test.accuracy, test.loss];
      output.result(
        {
          event: 'done',
          model: folder,
          testAccuracy,
          testLoss,
          seconds,
          imagesPerSecond,
          parameters,
          epoch,
          ...whole,
          ...(report && { report }),
        },
        `${folder}: test accuracy ${percent(testAccuracy)}, loss ${testLoss.toFixed(4)}, ` +
          `trained in ${duration(seconds)} at ${count(imagesPerSecond)} images/s` +
          (result.settings.keep === 'best' ? `, the weights of epoch ${epoch}` : '') +
          (report ? `\n${report}` : ''),
      );
    });

async function checkpointIn(folder: string) {
  const checkpoint = await readCheckpoint(folder);
  if (checkpoint) return checkpoint;
  throw new DenaryError({
    code: 'not-found',
    who: 'denary train --resume',
    expected: `a checkpoint in ${folder}`,
    received: existsSync(folder) ? 'a folder without one' : 'no such folder',
    remedy: 'Leave out --resume to start from the beginning, or name the right folder with --out.',
  });
}

function reporter(output: Output, onCheckpoint: NonNullable<Callbacks['onCheckpoint']>): Callbacks {
  let epochs = 1;
  return {
    onCheckpoint,
    onProgress: (progress) => {
      epochs = progress.epochs;
      output.live(progressLine(progress));
    },
    onEpoch: (log) => {
      if (output.json) return output.result({ event: 'epoch', ...log }, '');
      if (log.epoch % Math.ceil(epochs / EPOCH_LINES) !== 0 && log.epoch !== epochs) return;
      output.note(epochLine(log));
    },
  };
}

function stopped(folder: string, name: string, engine: EngineName): DenaryError {
  const again = `denary train ${name} --resume --out ${folder}${engine === 'onnx' ? '' : ` --engine ${engine}`}`;
  return new DenaryError({
    code: 'aborted',
    who: 'denary train',
    expected: 'to train to the end',
    received: 'a stop',
    remedy: `A checkpoint is kept. Go on with: ${again}`,
  });
}
