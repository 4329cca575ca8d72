/** denary list: the systems that can be trained by name. */

import { catalogue, summarize } from '@denary/train';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { count, table } from '../text.js';

export const listCommand = (context: ContextOf) =>
  new Command('list')
    .description('list the systems that can be trained by name')
    .option('--json', 'one JSON object a line')
    .action((options: { json?: boolean }) => {
      const { output } = context(options);
      const rows = catalogue.map((architecture) => ({
        name: architecture.name,
        description: architecture.description,
        parameters: summarize(architecture).parameters,
        ...architecture.training,
      }));
      if (output.json) {
        for (const row of rows) output.result(row, '');
        return;
      }
      const cells = rows.map(({ name, parameters, optimizer, batchSize, epochs, description }) => [
        name,
        count(parameters),
        optimizer.name,
        `${batchSize}`,
        `${epochs}`,
        description,
      ]);
      output.result({}, table(['name', 'parameters', 'optimizer', 'batch', 'epochs', 'layers'], cells));
    });
