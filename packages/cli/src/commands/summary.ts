/** denary summary NAME: the layers of a system, their output shapes and parameters, as Keras prints them. */

import { findArchitecture, formatSummary, summarize } from '@denary/train';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';

export const summaryCommand = (context: ContextOf) =>
  new Command('summary')
    .description("print a system's layers, output shapes and parameters")
    .argument('<name>', 'a name of `denary list`')
    .option('--dataset <name>', 'for a system that takes several data sets')
    .option('--json', 'one JSON object')
    .action((name: string, options: { dataset?: string; json?: boolean }) => {
      const { output } = context(options);
      const summary = summarize(findArchitecture(name, options.dataset));
      output.result(summary, formatSummary(summary));
    });
