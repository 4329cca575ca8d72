/** denary search NAME: tries settings of a system by cross-validation on its training data, and tells which did best. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DenaryError } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import {
  type Architecture,
  bestOf,
  type Dataset,
  dataOf,
  drawSamples,
  findArchitecture,
  parseGrid,
  parseRandom,
  planSettings,
  resumeSearch,
  type SearchMetric,
  type SearchRecord,
  search,
  searchIdentity,
  type TrialResult,
  withSettings,
} from '@denary/train';
import { type DatasetName, loadDataset, readSearch, writeSearch } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { pickDevice } from '../device.js';
import { collect, datasetOptions, type TrainingDevice, trainingDeviceOption, whole } from '../options.js';
import type { Output } from '../output.js';
import { bestLine, progressLine, resultTable, trialLine } from '../search-text.js';
import { count } from '../text.js';

interface Options {
  grid?: string[];
  random?: string[];
  trials: number;
  folds: number;
  epochs?: number;
  samples?: number;
  dataset?: string;
  metric: SearchMetric;
  seed: number;
  device: TrainingDevice;
  threads?: number;
  out?: string;
  resume?: boolean;
  cache?: string;
  json?: boolean;
}

export const searchCommand = (context: ContextOf) =>
  new Command('search')
    .description('try settings of a system by cross-validation on the training data, and tell which did best')
    .argument('<name>', 'a name of `denary list`')
    .option('--grid <key=values>', 'values to try, between commas; once for each key, all combinations', collect)
    .option('--random <key=low..high>', 'a range to draw from, with :log evenly in its logarithm', collect)
    .option('--trials <n>', 'draws from the ranges', whole(1), 10)
    .option('--folds <n>', 'parts that are held out in turn; 1 holds out a fifth, once', whole(0), 3)
    .option('--epochs <n>', "passes over the training data (default: the system's own)", whole(1))
    .option('--samples <n>', 'so many of the training images, drawn at random (default: all)', whole(1))
    .option('--dataset <name>', "a name of `denary data` (default: the system's own)")
    .addOption(new Option('--metric <name>', 'what to choose by').choices(['accuracy', 'loss']).default('accuracy'))
    .option('--seed <n>', 'of samples, folds, draws and trainings', whole(0), 0)
    .addOption(trainingDeviceOption())
    .option('--threads <n>', 'threads for a step (default: all cores)', whole(1))
    .option('--out <file>', 'where the results are kept (default: out/search-NAME/search.json)')
    .option('--resume', 'go on with the search in that file')
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', KEYS)
    .action(async (name: string, options: Options) => {
      const given = context(options);
      const { output, signal } = given;
      const { folds, seed, metric, threads } = options;
      const named = findArchitecture(name, options.dataset);
      const architecture = options.epochs ? withSettings(named, { epochs: options.epochs }) : named;
      const space = spaceOf(name, options);
      const settings = planSettings(space);
      const train = await trainingData(architecture, options);
      const file = resolve(options.out ?? `out/search-${name}/search.json`);
      const identity = searchIdentity({ architecture, train, folds, ...space });
      const done = options.resume ? resumeSearch(await searchIn(file), identity) : [];
      const foldsDone = done.reduce((sum, trial) => sum + trial.folds.length, 0);
      const { device } = await pickDevice(given, options.device, { architecture, train, seed }, threads);
      announce(output, { name, settings: settings.length, folds, samples: train.count, seed, device, foldsDone, file });

      const keep = (trials: readonly TrialResult[], finished: boolean) => {
        const best = bestOf(trials, metric)?.settings;
        const record = { version: 1, search: identity, metric, finished, ...(best && { best }), trials } as const;
        return writeSearch(file, record);
      };
      const result = await search({
        createSession,
        architecture,
        train,
        settings,
        folds,
        metric,
        seed,
        done,
        signal,
        device,
        ...(threads && { threads }),
        callbacks: {
          onProgress: (progress) => output.live(progressLine(progress)),
          onResults: (trials) => keep(trials, false),
          onTrial: (trial, number) => {
            if (output.json) output.result({ event: 'trial', number, ...trial }, '');
            else output.note(trialLine(trial, number, settings.length));
          },
        },
      });
      const { trials, best, finished } = result;
      if (!finished) {
        if (trials.length > 0) output.note(`\n${resultTable(trials, folds)}\n`);
        throw stopped(file, trials);
      }
      await keep(trials, true);
      output.result(
        { event: 'done', file, best, trials },
        `\n${resultTable(trials, folds)}\n\n${best ? `${bestLine(best)}\n` : ''}${file}`,
      );
      if (!best) throw noneLeft(settings.length);
    });

const KEYS = `
Keys:
  optimizer, optimizer.momentum, learningRate, schedule, loss, batchSize, epochs, augment.rotate and any other training
  setting; and the fields of a layer by its name in \`denary summary\`: dense.units, dropout.rate, conv2d_1.filters,
  dense.kernelRegularizer.l2. Values are numbers, true, false, names, or JSON. A range of whole numbers gives whole numbers.

Examples:
  denary search dnn --grid optimizer=SGD,RMSprop,Adam --folds 4 --epochs 3
  denary search mlp --random learningRate=1e-4..1e-1:log --random dense.units=32..256 --trials 20 --samples 10000`;

function spaceOf(name: string, { grid = [], random = [], trials, seed }: Options) {
  if (grid.length + random.length > 0) return { grid: parseGrid(grid), random: parseRandom(random), trials, seed };
  throw new DenaryError({
    code: 'bad-argument',
    who: 'denary search',
    expected: 'something to choose between, by --grid or --random',
    received: 'neither',
    remedy: `For example: denary search ${name} --grid optimizer=SGD,RMSprop,Adam --random learningRate=1e-4..1e-2:log`,
  });
}

async function trainingData(architecture: Architecture, { dataset, samples, seed, cache }: Options): Promise<Dataset> {
  const all = await loadDataset((dataset ?? dataOf(architecture)) as DatasetName, 'train', datasetOptions(cache));
  return samples === undefined ? all : drawSamples(all, samples, seed);
}

async function searchIn(file: string): Promise<SearchRecord> {
  const record = await readSearch(file);
  if (record) return record;
  throw new DenaryError({
    code: 'not-found',
    who: 'denary search --resume',
    expected: `a search in ${file}`,
    received: existsSync(file) ? 'something that cannot be read' : 'no such file',
    remedy: 'Leave out --resume to start from the beginning, or name the right file with --out.',
  });
}

interface Facts extends Readonly<Record<string, string | number>> {
  readonly name: string;
  readonly settings: number;
  readonly folds: number;
  readonly samples: number;
  readonly seed: number;
  readonly foldsDone: number;
}

function announce(output: Output, facts: Facts): void {
  const { name, settings, folds, samples, seed, foldsDone } = facts;
  if (output.json) output.result({ event: 'start', ...facts }, '');
  const held = folds > 1 ? `by ${folds} folds of` : 'on a fifth, held out, of';
  const done = foldsDone > 0 ? `; ${foldsDone} done before` : '';
  output.note(`Trying ${settings} setting(s) of ${name} ${held} ${count(samples)} images (seed ${seed})${done}.`);
}

function stopped(file: string, trials: readonly TrialResult[]): DenaryError {
  const remedy = trials.length
    ? `The folds done are kept in ${file}. Go on with the same command and --resume.`
    : 'No fold was done yet: start again.';
  const [expected, received] = ['to search to the end', 'a stop'];
  return new DenaryError({ code: 'aborted', who: 'denary search', expected, received, remedy });
}

const noneLeft = (settings: number) =>
  new DenaryError({
    code: 'not-finite',
    who: 'denary search',
    expected: 'a setting with which the training does not diverge',
    received: `${settings} with which it does`,
    remedy: 'Try lower learning rates.',
  });
