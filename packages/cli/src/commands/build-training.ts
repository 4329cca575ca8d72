/** denary build-training MODEL: the training graph of any classifier, so that it can be fine-tuned where it runs. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Manifest, problem } from '@denary/core';
import { createSession, readModel } from '@denary/runtime-node';
import {
  type BuiltTraining,
  buildTraining,
  createCoreSet,
  type LossName,
  losses,
  type OptimizerName,
  type OptimizerSpec,
  optimizers,
  type Target,
  type TrainableChoice,
  TUNING_OPTIMIZER,
  tuningOptimizer,
} from '@denary/train';
import { type DatasetName, loadDataset, withFilesBeside, writeTrainingFolder } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { datasetOptions, fraction, modelName, positive, whole } from '../options.js';
import { count, fileSize, table } from '../text.js';
import {
  addWrappingOptions,
  batchSizes,
  names,
  trainableList,
  type WrappingOptions,
  wrapOf,
} from '../wrapping-options.js';

interface Options extends WrappingOptions {
  trainable: TrainableChoice[];
  weights?: string[];
  blocks?: number;
  rank?: number;
  loss?: LossName;
  optimizer?: OptimizerName;
  learningRate?: number;
  momentum?: number;
  dropout?: boolean;
  coreSet?: DatasetName;
  cache?: string;
  batchSize: number[];
  target: Target;
  out?: string;
  json?: boolean;
}

export const buildTrainingCommand = (context: ContextOf) =>
  addWrappingOptions(
    new Command('build-training')
      .description('make training.onnx for any classifier, ours or an ONNX file from PyTorch or Keras')
      .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file")
      .addOption(
        new Option(
          '--trainable <choices>',
          'all, head (the last layer), last-blocks, low-rank (of the last blocks by thin factors), biases-and-norms, or several with commas: all becomes training.onnx, another one training.CHOICE.onnx, and the first of them also training.onnx where all is not among them or cannot be had',
        )
          .argParser(trainableList)
          .default(['all', 'last-blocks', 'head'], 'all,last-blocks,head'),
      )
      .option(
        '--weights <names>',
        'in place of --trainable: weights by name, with commas; * stands for anything',
        names,
      )
      .option('--blocks <n>', 'how many the last blocks are: layers with what follows them (default: 2)', whole(1))
      .option('--rank <n>', 'of the factors of low-rank (default: 4)', whole(1))
      .addOption(
        new Option(
          '--loss <name>',
          "by its Keras name (default: the model's own, or sparse_categorical_crossentropy)",
        ).choices(Object.keys(losses)),
      )
      .addOption(new Option('--optimizer <name>', 'by its Keras name (default: SGD)').choices(Object.keys(optimizers)))
      .option(
        '--learning-rate <rate>',
        "default: 0.04 of SGD (by the labels of an image), else the optimizer's own",
        positive,
      )
      .option('--momentum <part>', 'of SGD (default: 0.9)', fraction)
      .option('--dropout', "keep the model's dropout; for a few steps it is left out")
      .option(
        '--batch-size <sizes>',
        'samples in a step; of several, with commas, the first is training.onnx and another one training.bSIZE.onnx, which tune takes where --training names it',
        batchSizes,
        [64],
      )
      .addOption(
        new Option('--target <what>', 'what is to train: a graph for a GPU runs anywhere')
          .choices(['cpu', 'gpu'])
          .default('cpu'),
      ),
  )
    .option(
      '--core-set <data>',
      'choose replay.bin, which is rehearsed, from the training images of `denary data` of that name',
    )
    .option('--cache <dir>', 'folder for data sets')
    .option('--out <dir>', "the new model's folder (default: out/NAME)")
    .option('--json', 'one JSON object')
    .addHelpText('after', `\n${help}`)
    .action(async (given: string, options: Options) => {
      const { output, signal } = context(options);
      const { path, manifest, ...file } = await readModel(given);
      const bytes = await withFilesBeside(file.bytes, path);
      const name = options.name ?? manifest?.name ?? modelName(path);
      const folder = resolve(options.out ?? join('out', name));
      const built = buildTraining(bytes, {
        ...objectiveOf(options, manifest),
        ...(options.weights ? { weights: options.weights } : { trainable: options.trainable }),
        ...(options.blocks && { blocks: options.blocks }),
        ...(options.rank && { rank: options.rank }),
        batchSizes: options.batchSize,
        target: options.target,
        ...(options.dropout && { dropout: true }),
        wrap: wrapOf(options, name),
      });
      const replay = await coreSetOf(built, join(dirname(path), 'replay.bin'), options, signal);
      const others: Record<string, Uint8Array> = replay ? { 'replay.bin': replay } : {};
      await writeTrainingFolder(folder, { built, given: bytes, name, manifest, others });
      output.result(factsOf(built, folder), textOf(built, folder));
    });

const help = `A foreign classifier is wrapped first: image uint8 [batch, height, width] in, probabilities out. Its pixels are
(image / scale - mean) / std. The weights keep their names and are not in training.onnx, which is small; the folder
is a model for createRecognizer, createTuner, denary evaluate, predict and tune.

Examples:
  denary build-training mnist.onnx --mean 0.1307 --std 0.3081 --core-set mnist
  denary build-training keras.onnx --layout nhwc --trainable head --batch-size 32,128
  denary build-training out/cnn --weights 'dense_1/*' --optimizer Adam`;

function objectiveOf({ loss, optimizer, learningRate, momentum }: Options, manifest: Manifest | undefined) {
  const isDefault = !optimizer || optimizer === TUNING_OPTIMIZER.name;
  const base = isDefault ? tuningOptimizer(manifest?.slots ?? 1) : { name: optimizer };
  if (momentum && base.name !== 'SGD') {
    throw problem('bad-argument', '--momentum', 'the optimizer SGD', base.name, 'Add --optimizer SGD.');
  }
  return {
    loss: loss ?? (manifest?.training?.loss as LossName | undefined) ?? 'sparse_categorical_crossentropy',
    optimizer: { ...base, ...(learningRate && { learningRate }), ...(momentum && { momentum }) } as OptimizerSpec,
  };
}

/** Chosen anew where it is asked for, else that of the model, where it has one. */
async function coreSetOf({ bytes }: BuiltTraining, path: string, { coreSet, cache }: Options, signal: AbortSignal) {
  if (coreSet) {
    const dataset = await loadDataset(coreSet, 'train', datasetOptions(cache));
    return createCoreSet({ createSession, model: bytes, dataset, signal });
  }
  return existsSync(path) ? new Uint8Array(await readFile(path)) : undefined;
}

function factsOf({ files, skipped, frozen, wrapped, parameters }: BuiltTraining, folder: string) {
  return {
    model: folder,
    parameters,
    ...(wrapped && { wrapped }),
    files: files.map(({ bytes, ...file }) => ({ ...file, bytes: bytes.length })),
    skipped,
    frozen,
  };
}

function textOf({ files, skipped, frozen, wrapped, parameters, contract }: BuiltTraining, folder: string): string {
  const rows = files.map(({ name, trainable, batchSize, parameters, bytes }) => [
    name,
    trainable,
    `${batchSize}`,
    count(parameters),
    fileSize(bytes.length),
  ]);
  const { height, width, classes } = contract;
  const format = wrapped?.format;
  return [
    `${folder}: ${count(parameters)} parameters, images of ${width}x${height}, ${classes} classes` +
      (format
        ? `; wrapped: ${format.layout}, (image / ${format.scale} - ${format.mean}) / ${format.std}, gives ${wrapped.output}`
        : ''),
    table(['file', 'trains', 'batch', 'parameters', 'size'], rows),
    ...(skipped.length > 0 ? ['Not made:', ...skipped.map(({ trainable, why }) => `  ${trainable}: ${why}`)] : []),
    ...(frozen.length > 0
      ? ['Not trained:', ...frozen.map(({ name, parameters, why }) => `  ${name} (${count(parameters)}): ${why}`)]
      : []),
  ].join('\n');
}
