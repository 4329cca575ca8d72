/** denary data [SET]: which data sets are here and how to get the others; one of them in numbers and as a gallery. */

import { DenaryError } from '@denary/core';
import { writeImage } from '@denary/runtime-node';
import { composeGallery } from '@denary/train';
import { type DatasetName, datasetStatus, loadDataset, type Split } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { Context, ContextOf } from '../context.js';
import { datasetOptions, whole } from '../options.js';
import { count } from '../text.js';

interface Options {
  split: Split;
  gallery?: string;
  count?: number;
  seed: number;
  cache?: string;
  json?: boolean;
}

export const dataCommand = (context: ContextOf) =>
  new Command('data')
    .description('tell which data sets are here and how to get the others; or show one of them')
    .argument('[set]', 'the name of a data set, to load it and show what is in it')
    .addOption(new Option('--split <split>', 'which part of it').choices(['train', 'test']).default('test'))
    .option('--gallery <file>', 'draw samples with their labels as a PNG file')
    .option('--count <n>', 'samples in the gallery (default: 50)', whole(1))
    .option('--seed <n>', 'of the samples drawn, and of pairs and strings', whole(0), 0)
    .option('--cache <dir>', 'folder for data sets (default: DENARY_CACHE, or the user cache folder)')
    .option('--json', 'one JSON object a line')
    .action((name: string | undefined, options: Options) =>
      name === undefined ? list(context(options), options) : show(context(options), name as DatasetName, options),
    );

async function list({ output }: Context, options: Options): Promise<void> {
  if (options.gallery) {
    const [expected, received] = ['the name of a data set', 'none'];
    const remedy = 'For example: denary data mnist --gallery mnist.png';
    throw new DenaryError({ code: 'bad-argument', who: 'denary data --gallery', expected, received, remedy });
  }
  for (const status of await datasetStatus(datasetOptions(options.cache))) {
    const { name, description, available, where, remedy } = status;
    const state = available ? `here: ${where}` : `missing. ${remedy}`;
    output.result(status, `${name}: ${description}\n  ${state}`);
  }
}

async function show({ output }: Context, name: DatasetName, options: Options): Promise<void> {
  const { split, seed, gallery: file } = options;
  const places = datasetOptions(options.cache);
  const seeded = (await datasetStatus(places)).find((status) => status.name === name)?.takes.includes('seed');
  const dataset = await loadDataset(name, split, { ...places, ...(seeded && { seed }) });
  const { height, width, classes, slots } = dataset;
  const facts = { name: dataset.name, split, count: dataset.count, height, width, classes, slots };
  const slotText = slots === 1 ? '' : `, ${slots} slots`;
  const text = `${dataset.name}: ${count(dataset.count)} images of ${height}x${width}, ${classes} classes${slotText}`;
  if (file === undefined) {
    output.result(facts, text);
    return;
  }
  const sheet = composeGallery(dataset, { seed, count: options.count });
  await writeImage(file, { ...sheet, channels: 1 });
  const { indices } = sheet;
  output.result({ ...facts, gallery: file, indices }, `${text}\n${indices.length} of them are drawn in ${file}`);
}
