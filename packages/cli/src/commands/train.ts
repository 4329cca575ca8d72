/** denary train NAME: trains a system, exports it, and measures the exported file on the test set. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DenaryError, type Device } from '@denary/core';
import { createSession, runtimeVersions } from '@denary/runtime-node';
import {
  type Architecture,
  type Callbacks,
  evaluate,
  findArchitecture,
  fit,
  type LossName,
  losses,
  type OptimizerName,
  type OptimizerSpec,
  optimizers,
  type Progress,
  validationSplit,
} from '@denary/train';
import {
  type DatasetName,
  encodeModelFiles,
  loadDataset,
  readCheckpoint,
  writeCheckpoint,
  writeModelFolder,
} from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { datasetOptions, fraction, positive, whole } from '../options.js';
import type { Output } from '../output.js';
import { bar, count, duration, percent } from '../text.js';

interface Options {
  dataset?: string;
  epochs?: number;
  batchSize?: number;
  optimizer?: OptimizerName;
  learningRate?: number;
  loss?: LossName;
  seed: number;
  device: 'auto' | Exclude<Device, 'wasm'>;
  threads?: number;
  validationSplit?: number;
  out?: string;
  resume?: boolean;
  cache?: string;
  json?: boolean;
}

export const trainCommand = (context: ContextOf) =>
  new Command('train')
    .description('train a system, export it to ONNX and measure it on the test set')
    .argument('<name>', 'a name of `denary list`')
    .option('--dataset <name>', "a name of `denary data` (default: the system's own)")
    .option('--epochs <n>', "passes over the training data (default: the system's own)", whole(1))
    .option('--batch-size <n>', "samples in a step (default: the system's own)", whole(1))
    .addOption(
      new Option('--optimizer <name>', "by its Keras name (default: the system's own)").choices(
        Object.keys(optimizers),
      ),
    )
    .option('--learning-rate <rate>', "default: the system's own, or the optimizer's", positive)
    .addOption(
      new Option('--loss <name>', "by its Keras name (default: the system's own)").choices(Object.keys(losses)),
    )
    .option('--seed <n>', 'of weights, order and dropout', whole(0), 0)
    .addOption(
      new Option('--device <device>', 'where to train; auto is the CPU')
        .choices(['auto', 'cpu', 'cuda', 'webgpu'])
        .default('auto'),
    )
    .option('--threads <n>', 'threads for a step (default: all cores)', whole(1))
    .option(
      '--validation-split <fraction>',
      'part of the training data to hold out and measure after each epoch',
      fraction,
    )
    .option('--out <dir>', "the model's folder (default: out/NAME)")
    .option('--resume', 'go on from the checkpoint in that folder')
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object a line')
    .action(async (name: string, options: Options) => {
      const { output, signal } = context(options);
      const architecture = findArchitecture(name);
      const folder = resolve(options.out ?? `out/${name}`);
      const data = datasetOptions(options.cache);
      const set = (options.dataset ?? architecture.training.data ?? 'mnist') as DatasetName;
      const [all, testSet] = [await loadDataset(set, 'train', data), await loadDataset(set, 'test', data)];
      const seed = options.seed;
      const split = options.validationSplit ? validationSplit(all, options.validationSplit, seed) : undefined;
      const train = split?.train ?? all;
      const optimizer = optimizerOf(architecture, options);
      const loss = options.loss ?? architecture.training.loss;
      const batchSize = options.batchSize ?? architecture.training.batchSize;
      const device: Device = options.device === 'auto' ? 'cpu' : options.device;
      const resume = options.resume ? await checkpointIn(folder) : undefined;
      announce(output, architecture, { folder, device, train: train.name, samples: train.count, seed, batchSize });

      const result = await fit({
        createSession,
        architecture,
        train,
        ...(split && { validation: split.validation }),
        optimizer,
        loss,
        batchSize,
        ...(options.epochs && { epochs: options.epochs }),
        ...(options.threads && { threads: options.threads }),
        ...(resume && { resume }),
        seed,
        device,
        signal,
        callbacks: reporter(output, (checkpoint) => writeCheckpoint(folder, checkpoint)),
      });
      if (!result.finished) throw stopped(folder, name);

      const { 'model.onnx': model } = encodeModelFiles({ architecture, result });
      const test = await evaluate({ createSession, model, dataset: testSet, loss });
      const trained = {
        architecture,
        result,
        train,
        loss,
        optimizer,
        batchSize,
        seed,
        test,
        versions: runtimeVersions(),
      };
      await writeModelFolder(folder, { ...trained, ...(split && { validation: split.validation }) });
      const { parameters, seconds, imagesPerSecond } = result;
      const whole = test.slotAccuracy.length > 1 ? { testWholeAccuracy: test.wholeAccuracy } : {};
      const [testAccuracy, testLoss] = [test.accuracy, test.loss];
      output.result(
        { event: 'done', model: folder, testAccuracy, testLoss, seconds, imagesPerSecond, parameters, ...whole },
        `${folder}: test accuracy ${percent(testAccuracy)}, loss ${testLoss.toFixed(4)}, ` +
          `trained in ${duration(seconds)} at ${count(imagesPerSecond)} images/s`,
      );
    });

/** The system's own optimizer with what is asked for changed; another one starts from its own defaults. */
function optimizerOf({ training }: Architecture, { optimizer, learningRate }: Options): OptimizerSpec {
  const base: OptimizerSpec =
    optimizer && optimizer !== training.optimizer.name ? { name: optimizer } : training.optimizer;
  return learningRate === undefined ? base : { ...base, learningRate };
}

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

function announce(output: Output, { name }: Architecture, facts: Readonly<Record<string, string | number>>): void {
  if (output.json) output.result({ event: 'start', name, ...facts }, '');
  else
    output.note(`Training ${name} on ${count(facts.samples as number)} images (${facts.device}, seed ${facts.seed}).`);
}

function reporter(output: Output, onCheckpoint: NonNullable<Callbacks['onCheckpoint']>): Callbacks {
  return {
    onCheckpoint,
    onProgress: (progress) => output.live(progressLine(progress)),
    onEpoch: (log) => {
      const validation =
        log.validationAccuracy === undefined
          ? ''
          : `  validation ${percent(log.validationAccuracy)} (loss ${log.validationLoss?.toFixed(4)})`;
      const text = `epoch ${log.epoch}  ${duration(log.seconds)}  accuracy ${percent(log.accuracy)}  loss ${log.loss.toFixed(4)}${validation}`;
      if (output.json) output.result({ event: 'epoch', ...log }, '');
      else output.note(text);
    },
  };
}

function progressLine({ epoch, epochs, step, steps, loss, accuracy, imagesPerSecond, eta }: Progress): string {
  const numbers = `accuracy ${percent(accuracy)}  loss ${loss.toFixed(4)}`;
  return `epoch ${epoch}/${epochs} ${bar(step / steps)} ${numbers}  ${count(imagesPerSecond)} images/s  ${duration(eta)} left`;
}

function stopped(folder: string, name: string): DenaryError {
  return new DenaryError({
    code: 'aborted',
    who: 'denary train',
    expected: 'to train to the end',
    received: 'a stop',
    remedy: `A checkpoint is kept. Go on with: denary train ${name} --resume --out ${folder}`,
  });
}
