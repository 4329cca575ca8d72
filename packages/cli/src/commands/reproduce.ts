/** denary reproduce [NAME...]: trains systems with their notebooks' own settings and sets them beside what was reported. */

import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DenaryError, encodeModel } from '@denary/core';
import { createSession, readModel, runtimeVersions } from '@denary/runtime-node';
import {
  dataOf,
  type Entry,
  entries,
  evaluate,
  type FitResult,
  fit,
  formatReproduction,
  quick,
  type Run,
  reproductionRow,
} from '@denary/train';
import {
  type DatasetName,
  datasetStatus,
  loadDataset,
  readCheckpoint,
  writeAtomically,
  writeCheckpoint,
} from '@denary/train/node';
import { Command } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { datasetOptions, positive, whole } from '../options.js';
import { progressLine } from '../progress.js';
import { duration, percent } from '../text.js';

interface Options {
  quick?: boolean;
  seeds: number;
  long: number;
  threads?: number;
  out?: string;
  cache?: string;
  json?: boolean;
}

export const reproduceCommand = (context: ContextOf) =>
  new Command('reproduce')
    .description("train systems with their notebooks' own settings and set them beside what was reported")
    .argument('[names...]', 'names of `denary list` (default: all of them)')
    .option('--quick', 'a tenth of the training images and a twentieth of the epochs: minutes in place of hours')
    .option('--seeds <n>', 'trainings of each system', whole(1), 3)
    .option('--long <seconds>', 'what takes longer is trained once', positive, 5 * 60)
    .option('--threads <n>', 'threads for a step (default: all cores)', whole(1))
    .option('--out <dir>', 'where reproduction.md and reproduction.json go (default: docs, with --quick out/quick)')
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object a line')
    .action(async (names: string[], options: Options) => {
      const given = context(options);
      const { output } = given;
      const folder = resolve(options.out ?? (options.quick ? 'out/quick' : 'docs'));
      const record = join(folder, 'reproduction.json');
      const runs = await runsIn(record);
      const save = async () => {
        // What another process has added in the meantime stays.
        const isNew = (run: Run) => !runs.some(({ id, seed }) => id === run.id && seed === run.seed);
        runs.push(...(await runsIn(record)).filter(isNew));
        const rows = entries.map((entry) => reproductionRow(entry, runs));
        const command = `denary reproduce${options.quick ? ' --quick' : ''}`;
        const sorted = runs.toSorted((a, b) => a.id.localeCompare(b.id) || a.seed - b.seed);
        await writeAtomically(record, `${JSON.stringify({ quick: options.quick === true, runs: sorted }, null, 2)}\n`);
        await writeAtomically(
          join(folder, 'reproduction.md'),
          formatReproduction(rows, { quick: options.quick === true, command }),
        );
      };
      await requireData(chosen(names), options);
      for (const entry of chosen(names)) {
        const have = () => runs.filter(({ id }) => id === entry.id);
        const shipped = options.quick ? undefined : await shippedRun(entry);
        if (shipped && !have().some(({ seed }) => seed === shipped.seed)) runs.push(shipped);
        for (let seed = 1; seed <= options.seeds; seed++) {
          if (have().some((run) => run.seed === seed)) continue;
          if (have().some(({ seconds }) => seconds > options.long)) break;
          const run = await train(entry, seed, given, options);
          runs.push(run);
          await save();
          output.result(
            { event: 'run', ...run },
            `${entry.id}, seed ${seed}: accuracy ${percent(run.accuracy)}, ${duration(run.seconds)}`,
          );
        }
      }
      await save();
      for (const entry of chosen(names)) {
        const row = reproductionRow(entry, runs);
        const { accuracy: { mean, deviation } = { mean: Number.NaN, deviation: undefined } } = row;
        const spread = deviation === undefined ? '' : ` ± ${(deviation * 100).toFixed(2)}`;
        const before = row.reported ? `; reported ${percent(row.reported.accuracy)}` : '';
        output.result({ event: 'row', ...row }, `${entry.id}: ${percent(mean)}${spread}${before}`);
      }
      output.note(`${join(folder, 'reproduction.md')} is written.`);
    });

function chosen(names: readonly string[]): readonly Entry[] {
  const unknown = names.find((name) => !entries.some(({ id, architecture }) => [id, architecture.name].includes(name)));
  if (unknown !== undefined) {
    throw new DenaryError({
      code: 'not-found',
      who: 'denary reproduce',
      expected: `names among ${entries.map(({ id }) => id).join(', ')}`,
      received: `"${unknown}"`,
      remedy: 'See `denary list`.',
    });
  }
  return entries.filter(
    ({ id, architecture }) => names.length === 0 || names.includes(id) || names.includes(architecture.name),
  );
}

/** Tells of a missing data set before hours of training. */
async function requireData(rows: readonly Entry[], { cache }: Options): Promise<void> {
  const needed = new Set(rows.map(({ architecture }) => dataOf(architecture)));
  for (const { name, available, remedy } of await datasetStatus(datasetOptions(cache))) {
    if (available || !needed.has(name)) continue;
    throw new DenaryError({
      code: 'not-found',
      who: 'denary reproduce',
      expected: `the data set ${name}`,
      received: 'nothing',
      remedy,
    });
  }
}

async function runsIn(record: string): Promise<Run[]> {
  let text: string;
  try {
    text = await readFile(record, 'utf8');
  } catch {
    return [];
  }
  return (JSON.parse(text) as { runs: Run[] }).runs;
}

/** A shipped model that was trained as the row says is its run of that seed. */
async function shippedRun({ id, architecture }: Entry): Promise<Run | undefined> {
  const { manifest } = await readModel(architecture.name).catch(() => ({ manifest: undefined }));
  const { metrics: { test } = {}, training } = manifest ?? {};
  if (!manifest || !test || !training || JSON.stringify(manifest.architecture) !== JSON.stringify(architecture))
    return undefined;
  const { parameters, versions } = manifest;
  const { optimizer, epochs, loss } = architecture.training;
  const own = { optimizer: { ...optimizer }, epochs, loss };
  const made = { optimizer: training.optimizer, epochs: training.epochs, loss: training.loss };
  if (JSON.stringify(own) !== JSON.stringify(made)) return undefined;
  const { accuracy, slotAccuracy, wholeAccuracy } = test;
  const slots = slotAccuracy && wholeAccuracy !== undefined ? { slotAccuracy, wholeAccuracy } : {};
  const seconds = training.seconds as number;
  return { id, seed: training.seed, accuracy, loss: test.loss, ...slots, parameters, epochs, seconds, versions };
}

/** One training; it goes on where it was stopped before. */
async function train({ id, architecture }: Entry, seed: number, { output, signal }: Context, options: Options) {
  const data = datasetOptions(options.cache);
  const set = dataOf(architecture) as DatasetName;
  const [all, test] = [await loadDataset(set, 'train', data), await loadDataset(set, 'test', data)];
  const asked = options.quick ? quick(architecture, all) : { architecture, train: all };
  const folder = resolve('out/reproduce', `${id}-seed${seed}${options.quick ? '-quick' : ''}`);
  const resume = await readCheckpoint(folder);
  const result = await fit({
    createSession,
    ...asked,
    seed,
    signal,
    ...(options.threads && { threads: options.threads }),
    ...(resume && { resume }),
    callbacks: {
      onProgress: (progress) => output.live(`${id}, seed ${seed}: ${progressLine(progress)}`),
      onCheckpoint: (checkpoint) => writeCheckpoint(folder, checkpoint),
    },
  });
  if (!result.finished) throw stopped();
  const model = encodeModel(result.model);
  const evaluation = await evaluate({ createSession, model, dataset: test, loss: result.settings.loss, signal });
  await rm(folder, { recursive: true, force: true });
  return runOf(id, seed, result, evaluation);
}

function runOf(
  id: string,
  seed: number,
  { parameters, history, seconds }: FitResult,
  { accuracy, loss, slotAccuracy, wholeAccuracy }: Awaited<ReturnType<typeof evaluate>>,
): Run {
  return {
    id,
    seed,
    accuracy,
    loss,
    ...(slotAccuracy.length > 1 && { slotAccuracy, wholeAccuracy }),
    parameters,
    epochs: history.length,
    seconds: Math.round(seconds * 10) / 10,
    versions: runtimeVersions(),
  };
}

const stopped = () =>
  new DenaryError({
    code: 'aborted',
    who: 'denary reproduce',
    expected: 'to train to the end',
    received: 'a stop',
    remedy: 'What was done is kept. The same command goes on from there.',
  });
