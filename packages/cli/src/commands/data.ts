/** denary data: which data sets are here, which are missing, and how to get those. */

import { datasetStatus } from '@denary/train/node';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { datasetOptions } from '../options.js';

export const dataCommand = (context: ContextOf) =>
  new Command('data')
    .description('tell which data sets are here, which are missing, and how to get them')
    .option('--cache <dir>', 'folder for data sets (default: DENARY_CACHE, or the user cache folder)')
    .option('--json', 'one JSON object a line')
    .action(async (options: { cache?: string; json?: boolean }) => {
      const { output } = context(options);
      for (const status of await datasetStatus(datasetOptions(options.cache))) {
        const { name, description, available, where, remedy } = status;
        const state = available ? `here: ${where}` : `missing. ${remedy}`;
        output.result(status, `${name}: ${description}\n  ${state}`);
      }
    });
