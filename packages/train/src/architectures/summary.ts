/** The table that Keras prints of a model: layer, output shape, parameters, totals. */

import { buildModel, type LayerReport } from '../forward/build-model.js';
import type { Architecture } from './architecture.js';

export interface SummaryRow {
  readonly name: string;
  readonly type: string;
  /** As Keras shows it: channels last, `null` for the batch. */
  readonly outputShape: readonly (number | null)[];
  readonly parameters: number;
}

export interface Summary {
  readonly name: string;
  readonly layers: readonly SummaryRow[];
  readonly parameters: number;
  readonly trainable: number;
  readonly nonTrainable: number;
}

export function summarize(architecture: Architecture): Summary {
  const { layers, parameters } = buildModel(architecture);
  const weights = layers.flatMap((layer) => layer.weights);
  const trainable = weights.reduce((sum, weight) => sum + (weight.trainable ? weight.parameters : 0), 0);
  return {
    name: architecture.name,
    layers: layers.map((layer) => ({
      name: layer.name,
      type: layer.type,
      outputShape: channelsLast(layer),
      parameters: layer.weights.reduce((sum, weight) => sum + weight.parameters, 0),
    })),
    parameters,
    trainable,
    nonTrainable: parameters - trainable,
  };
}

function channelsLast({ outputShape, type }: LayerReport): (number | null)[] {
  const sizes = outputShape.map((size) => (typeof size === 'number' ? size : null));
  return sizes.length === 4 && type !== 'TimeDistributed' ? [sizes[0]!, sizes[2]!, sizes[3]!, sizes[1]!] : sizes;
}

/** The table as text, as `model.summary()` prints it. */
export function formatSummary({ name, layers, parameters, trainable, nonTrainable }: Summary): string {
  const rows = layers.map((layer) => [
    `${layer.name} (${layer.type})`,
    `(${layer.outputShape.map((size) => size ?? 'None').join(', ')})`,
    layer.parameters.toLocaleString('en-US'),
  ]);
  const header = ['Layer (type)', 'Output Shape', 'Param #'];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    ` ${row.map((cell, column) => (column === 2 ? cell.padStart(widths[2]!) : cell.padEnd(widths[column]!))).join('   ')}`;
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 8));
  const total = (label: string, count: number) => ` ${label}: ${count.toLocaleString('en-US')}`;
  return [
    `Model: "${name}"`,
    rule,
    line(header),
    rule,
    ...rows.map(line),
    rule,
    total('Total params', parameters),
    total('Trainable params', trainable),
    total('Non-trainable params', nonTrainable),
  ].join('\n');
}
