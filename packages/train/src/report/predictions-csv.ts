/** An evaluation as CSV: index, actual, predicted, confidence; one line an image. */

import type { Dataset } from '../data/dataset.js';
import type { Evaluation } from '../evaluate.js';

/**
 * The labels of several slots stand side by side, separated by spaces; their confidence is the product of the slots'.
 */
export function predictionsCsv({ probabilities }: Pick<Evaluation, 'probabilities'>, dataset: Dataset): string {
  const { labels, count, slots } = dataset;
  const classes = probabilities.length / (count * slots);
  const lines = Array.from({ length: count }, (_, i) => {
    const predicted: number[] = [];
    let confidence = 1;
    for (let slot = 0; slot < slots; slot++) {
      const row = probabilities.subarray((i * slots + slot) * classes, (i * slots + slot + 1) * classes);
      const largest = Math.max(...row);
      predicted.push(row.indexOf(largest));
      confidence *= largest;
    }
    const actual = labels.subarray(i * slots, (i + 1) * slots);
    return [i, actual.join(' '), predicted.join(' '), confidence.toFixed(6)].join(',');
  });
  return ['index,actual,predicted,confidence', ...lines, ''].join('\n');
}
