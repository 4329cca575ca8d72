/**
 * Choices of what is trained, found from the graph alone. A layer is a product with a weight matrix (Gemm, MatMul, Conv,
 * LSTM); a block is a layer with what follows it up to the next one: its bias, its normalization.
 */

import { type Graph, type Model, problem, type Trainable } from '@denary/core';
import { parametersOf } from './lowering/parameters.js';

/**
 * `all` weights; those of the `head`, the last layer; of the `last-blocks`; those of the last blocks by factors of `low-rank`;
 * or all `biases-and-norms`, that is, no matrices.
 */
export const trainableChoices = [
  'all',
  'last-blocks',
  'head',
  'biases-and-norms',
  'low-rank',
] as const satisfies readonly Trainable[];
export type TrainableChoice = (typeof trainableChoices)[number];

/** How many blocks the last ones are, where nothing is said: the head and the one before it. */
export const LAST_BLOCKS = 2;

/**
 * The names of the weights of a choice, in the model's order. `choice` may also be patterns of names, in which * stands for
 * anything. Layers side by side, as the heads of a model of several slots, are equally near the end. Throws `bad-argument`
 * where nothing is left to train.
 */
export function trainableWeights(
  model: Model,
  choice: TrainableChoice | readonly string[],
  { blocks = LAST_BLOCKS }: { readonly blocks?: number } = {},
): ReadonlySet<string> {
  const { weights, uses } = parametersOf(model);
  const matrices = new Set(uses.flatMap(({ weight, kind }) => (kind === 'matrix' ? [weight] : [])));
  const layers = new Set(uses.flatMap(({ reader, kind }) => (kind === 'matrix' ? [reader.outputs[0]!] : [])));
  const behind = layersBehind(model.graph, layers);
  const near = (count: number) =>
    new Set(uses.filter(({ reader }) => behind(reader.outputs) < count).map(({ weight }) => weight));

  const chosen = (): ReadonlySet<string> => {
    if (typeof choice !== 'string') return matching(weights, choice);
    if (choice === 'head') return near(1);
    if (choice === 'last-blocks' || choice === 'low-rank') return near(blocks);
    if (choice === 'biases-and-norms') return new Set([...weights].filter((name) => !matrices.has(name)));
    return weights;
  };
  const found = chosen();
  if (found.size > 0) return found;
  const received = typeof choice === 'string' ? choice : choice.join(', ');
  throw problem(
    'bad-argument',
    'trainableWeights',
    'a choice with a weight in it',
    received,
    `Weights are: ${[...weights].join(', ')}.`,
  );
}

/** For values: the layers that lie behind them, on the way to the output that has the most. */
function layersBehind({ nodes }: Graph, layers: ReadonlySet<string>): (names: readonly string[]) => number {
  const counts = new Map<string, number>();
  const behind = (names: readonly string[]) => Math.max(...names.map((name) => counts.get(name) ?? 0));
  for (const { inputs, outputs } of nodes.toReversed()) {
    const count = behind(outputs) + (layers.has(outputs[0]!) ? 1 : 0);
    for (const name of inputs) counts.set(name, Math.max(counts.get(name) ?? 0, count));
  }
  return behind;
}

function matching(weights: ReadonlySet<string>, patterns: readonly string[]): ReadonlySet<string> {
  const found = patterns.flatMap((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
    const names = [...weights].filter((name) => new RegExp(`^${parts.join('.*')}$`).test(name));
    if (names.length > 0) return names;
    const remedy = `Weights are: ${[...weights].join(', ')}.`;
    throw problem(
      'bad-argument',
      'trainableWeights',
      'the name of a weight, or a pattern with *',
      `"${pattern}"`,
      remedy,
    );
  });
  return new Set([...weights].filter((name) => found.includes(name)));
}
