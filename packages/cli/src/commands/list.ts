/** denary list: the systems that can be trained by name. */

import { catalogue, dataOf, summarize, type TrainingSettings } from '@denary/train';
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
        data: dataOf(architecture),
      }));
      if (output.json) {
        for (const row of rows) output.result(row, '');
        return;
      }
      const cells = rows.map(({ name, data, parameters, description, ...training }) => [
        name,
        data,
        count(parameters),
        training.optimizer.name,
        batchOf(training),
        training.steps ? `${count(training.steps)} steps` : count(training.epochs),
        description,
      ]);
      output.result({}, table(['name', 'data', 'parameters', 'optimizer', 'batch', 'epochs', 'layers'], cells));
    });

function batchOf({ batchSize, minibatches }: TrainingSettings): string {
  if (minibatches === 1) return 'all';
  return minibatches ? `1/${minibatches}` : `${batchSize}`;
}
