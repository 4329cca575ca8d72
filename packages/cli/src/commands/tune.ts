/** denary tune MODEL --data DIR: fine-tunes a model from labelled images, and writes another one. */

import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  type Device,
  openModel,
  type Preprocess,
  problem,
  type StrategyName,
  strategies,
  type Trainable,
  type TuningProgress,
  trainingFileOf,
} from '@denary/core';
import { createTuner, readModel } from '@denary/runtime-node';
import { accuraciesOf, type FineTuned, type FineTuneStart, fineTune } from '@denary/train';
import { findLabelledImages, writeTunedFolder } from '@denary/train/node';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { modelName, positive, whole } from '../options.js';
import { strategiesText } from '../strategies-text.js';
import { bar, count, duration, percent, table } from '../text.js';

interface Options {
  data: string;
  strategy: 'auto' | StrategyName;
  steps?: number;
  seconds?: number;
  holdout: number;
  preprocess?: Preprocess;
  training?: string;
  replay: string | boolean;
  device: Exclude<Device, 'wasm'>;
  threads?: number;
  seed: number;
  out?: string;
  json?: boolean;
}

export const tuneCommand = (context: ContextOf) =>
  new Command('tune')
    .description('fine-tune a model from labelled images, and write another one; the model itself stays as it is')
    .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file with its training.onnx beside it")
    .requiredOption(
      '--data <path>',
      'a folder with a folder of images for each digit (DIR/3/a.png), or a CSV: path,label, or pixels and label',
    )
    .addOption(
      new Option('--strategy <name>', 'how it learns: see below')
        .choices(['auto', ...Object.keys(strategies)])
        .default('auto'),
    )
    .option('--steps <n>', "how long (default: the strategy's own, however long they take)", whole(1))
    .option('--seconds <n>', 'how long, loading and measuring included', positive)
    .option(
      '--holdout <fraction>',
      'part of each digit that is measured before and after, and not learned',
      partial,
      0.2,
    )
    .addOption(
      new Option(
        '--preprocess <how>',
        'normalise drawings and photos of one digit, or take images as they are (default: by the model)',
      ).choices(['normalise', 'none']),
    )
    .option(
      '--training <file>',
      'the training graph in place of those beside the model; the strategy goes by what it trains',
    )
    .option('--replay <file>', 'another core set (default: replay.bin beside the model, where there is one)')
    .option('--no-replay', 'rehearse nothing: it may then forget, and nothing is rolled back')
    .addOption(
      new Option('--device <device>', 'where to learn; another than cpu wants a training graph made for it')
        .choices(['cpu', 'cuda', 'webgpu'])
        .default('cpu'),
    )
    .option('--threads <n>', 'threads for a step (default: all cores)', whole(1))
    .option('--seed <n>', 'of what is held out, order and augmentation', whole(0), 0)
    .option('--out <dir>', "the new model's folder (default: out/tuned-NAME)")
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      () =>
        `\nCtrl-C ends learning and keeps what was learned; a second one ends at once and writes nothing more.\n\n${strategiesText()}`,
    )
    .action(async (given: string, options: Options) => {
      const { output, signal } = context(options);
      const { bytes, path, manifest } = await readModel(given);
      const name = manifest?.name ?? modelName(path);
      const folder = resolve(options.out ?? join('out', `tuned-${name}`));
      requireOther(folder, dirname(path));
      const images = await findLabelledImages(options.data, openModel(bytes, path).contract);
      const { strategy, preprocess, training, replay, device, threads, seed, steps, seconds, holdout } = options;
      await using tuner = await createTuner({
        model: path,
        strategy,
        device,
        seed,
        ...(preprocess && { preprocess }),
        ...(training && { training }),
        ...(replay !== true && { replay }),
        ...(threads && { threads }),
      });
      const tuned = await fineTune({
        tuner,
        images,
        holdout,
        seed,
        ...(steps && { steps }),
        ...(seconds && { seconds }),
        stopped: () => signal.aborted,
        onUnusable: (file, error) =>
          output.note(`left out: ${error.message.startsWith(file) ? '' : `${file}: `}${error.message}`),
        ...reporterOf({ output }, name),
      });
      output.settle();
      const { model, held } = tuned;
      if (model) {
        const others = await companions(dirname(path), options, tuner.strategy.trainable);
        await writeTunedFolder(folder, { model, name: basename(folder), manifest, others, held: held?.after });
      }
      output.result({ event: 'done', ...factsOf(tuned), model: model ? folder : null }, textOf(tuned, model && folder));
      if (!model) throw nothingLearned(tuned);
    });

function partial(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to below 1.');
}

function requireOther(folder: string, input: string): void {
  if (folder !== resolve(input)) return;
  throw problem('bad-argument', 'denary tune', "another folder than the model's own", folder, 'Name one with --out.');
}

/** What goes from the model's folder to the new one: training graphs, and the core set. One that was named is that of `trained`. */
async function companions(
  folder: string,
  { training, replay }: Options,
  trained: Trainable,
): Promise<Record<string, Uint8Array>> {
  const names = await readdir(folder);
  const paths = Object.fromEntries(
    names.filter((name) => /^(training.*\.onnx|replay\.bin)$/.test(name)).map((name) => [name, join(folder, name)]),
  );
  if (training) paths[trainingFileOf(trained)] = training;
  if (typeof replay === 'string') paths['replay.bin'] = replay;
  const files = await Promise.all(
    Object.entries(paths).map(async ([name, path]) => [name, new Uint8Array(await readFile(path))] as const),
  );
  return Object.fromEntries(files);
}

const reporterOf = ({ output }: Pick<Context, 'output'>, name: string) => ({
  onStart(start: FineTuneStart) {
    if (output.json) return output.result({ event: 'start', name, ...start }, '');
    const { corrections, heldOut, strategy } = start;
    output.note(`Tuning ${name} on ${count(corrections)} images, ${count(heldOut)} held out (strategy ${strategy}).`);
  },
  onProgress({ before, ...progress }: TuningProgress) {
    if (output.json) return output.result({ event: 'progress', ...progress }, '');
    const { step, steps, loss, accuracy, coreAccuracy, seconds } = progress;
    const core = coreAccuracy === undefined ? '' : `  core set ${percent(coreAccuracy)}`;
    const numbers = `loss ${loss.toFixed(4)}  corrections ${percent(accuracy)}${core}`;
    output.live(`step ${step}/${steps} ${bar(step / steps)} ${numbers}  ${duration(seconds)}`);
  },
});

function factsOf(tuned: FineTuned) {
  const { progress, strategy, corrections, heldOut, unusable } = tuned;
  const { outcome, reason, step, seconds } = progress;
  return {
    outcome,
    reason,
    strategy,
    corrections,
    heldOut,
    unusable,
    steps: step,
    seconds,
    accuracies: accuraciesOf(tuned),
  };
}

function textOf(tuned: FineTuned, folder: string | undefined): string {
  const { progress, unusable } = tuned;
  const rows = accuraciesOf(tuned).map(({ of, images, before, after }) => [
    of,
    images === undefined ? '' : count(images),
    percent(before!),
    percent(after!),
  ]);
  return [
    `${progress.reason} (${progress.seconds.toFixed(1)} s)${unusable > 0 ? ` ${count(unusable)} images could not be used.` : ''}`,
    table(['accuracy on', 'images', 'before', 'after'], rows),
    ...(folder ? [folder] : []),
  ].join('\n');
}

const nothingLearned = ({ progress }: FineTuned) =>
  problem(
    'bad-data',
    'denary tune',
    'corrections that can be learned without forgetting',
    progress.reason?.replace(/\.$/, '') ?? 'none',
    'Nothing was written. Look at the labels, give more images, or another --strategy.',
  );
