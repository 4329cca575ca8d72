/**
 * Low-rank adaptation (E. Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021): in place of a matrix W two
 * thin factors of what is added to it are trained. W itself stays as it is; W + left right takes its place afterwards.
 */

import {
  type Attribute,
  filled,
  type LowRankSpec,
  type Model,
  type Node,
  sizeOf,
  trainingMetadata,
  trainingSpecOf,
} from '@denary/core';
import { namesIn } from '../passes/fold-constants.js';
import { parametersOf } from './parameters.js';

export interface Adaptation {
  /** The model with a detour through two factors, so far of zeros, beside each product with one of the matrices. */
  readonly model: Model;
  readonly matrices: readonly LowRankSpec[];
  /** Whether a weight is to be trained: a factor, or what was chosen and has none. */
  readonly trainable: (name: string) => boolean;
  /** The same training graph, saying which matrices its factors change and what they start from. */
  readonly described: (training: Model) => Model;
}

/**
 * Of the chosen weights those get factors that one `Gemm`, `MatMul` or `Conv` reads as they are, and that factors of this
 * rank have fewer numbers than; the others are trained whole.
 */
export function adaptedByRank(model: Model, chosen: (name: string) => boolean, rank: number): Adaptation {
  const { graph } = model;
  const taken = new Set(namesIn(graph));
  const { uses } = parametersOf(model);
  const isShared = (name: string) => uses.filter(({ weight }) => weight === name).length > 1;
  const initializers = new Map(graph.initializers);
  const matrices: LowRankSpec[] = [];
  /** The deviation that each factor is drawn with. */
  const deviations = new Map<string, number>();

  const nodes = graph.nodes.flatMap((node): Node[] => {
    const weight = node.inputs[1] ?? '';
    const tensor = graph.initializers.get(weight);
    const detour = tensor && chosen(weight) && !isShared(weight) && detourOf(node, tensor.shape, rank);
    if (!detour) return [node];
    const { shapes, steps } = detour;
    const names = { left: freeName(`${weight}/left`, taken), right: freeName(`${weight}/right`, taken) };
    matrices.push({ weight, ...names });
    for (const side of ['left', 'right'] as const) initializers.set(names[side], filled('float32', shapes[side]));
    const [near, far] = steps;
    // The factor that the input meets first keeps its size; the other one starts from 0, and so does the change.
    deviations.set(names[near.factor], Math.sqrt(rank / sizeOf(shapes[near.factor])));
    deviations.set(names[far.factor], 0);
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    const made = (part: string) => freeName(`${output}/${part}`, taken);
    const [whole, narrow, change] = [made('whole'), made('narrow'), made('change')];
    return [
      { ...node, outputs: [whole] },
      { ...nodeOf(near, narrow), inputs: [input, names[near.factor]] },
      { ...nodeOf(far, change), inputs: [narrow, names[far.factor]] },
      { name: made('sum'), op: 'Add', domain: '', inputs: [whole, change], outputs: [output], attributes: {} },
    ];
  });

  const whole = new Set(matrices.map(({ weight }) => weight));
  return {
    model: { ...model, graph: { ...graph, nodes, initializers } },
    matrices,
    trainable: (name) => deviations.has(name) || (chosen(name) && !whole.has(name)),
    described: (training) => described(training, matrices, deviations),
  };
}

interface Step {
  readonly factor: 'left' | 'right';
  readonly op: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** How an input goes through two factors beside a matrix: nearest first. */
interface Detour {
  readonly shapes: Readonly<Record<Step['factor'], readonly number[]>>;
  readonly steps: readonly [Step, Step];
}

/** Undefined for a node or a shape that has none. The matrix is that of the weight's first axis and all the others. */
function detourOf({ op, attributes }: Node, [rows = 0, ...rest]: readonly number[], rank: number): Detour | undefined {
  const columns = sizeOf(rest);
  if (rank * (rows + columns) >= rows * columns) return undefined;
  if (op === 'Conv') {
    if (Number(attributes.group?.value ?? 1) !== 1) return undefined;
    const shapes = { left: [rows, rank, ...rest.slice(1).map(() => 1)], right: [rank, ...rest] };
    return {
      shapes,
      steps: [
        { factor: 'right', op, attributes },
        { factor: 'left', op, attributes: {} },
      ],
    };
  }
  const { transA, transB, alpha } = attributes;
  const plain = op === 'MatMul' || (op === 'Gemm' && !transA?.value && Number(alpha?.value ?? 1) === 1);
  if (!plain || rest.length !== 1) return undefined;
  const shapes = { left: [rows, rank], right: [rank, columns] };
  if (!transB?.value)
    return {
      shapes,
      steps: [
        { factor: 'left', op, attributes: {} },
        { factor: 'right', op, attributes: {} },
      ],
    };
  return {
    shapes,
    steps: [
      { factor: 'right', op, attributes: { transB } },
      { factor: 'left', op, attributes: { transB } },
    ],
  };
}

const nodeOf = ({ op, attributes }: Step, output: string): Omit<Node, 'inputs'> => ({
  name: output,
  op,
  domain: '',
  outputs: [output],
  attributes,
});

function freeName(wanted: string, taken: Set<string>): string {
  const name = taken.has(wanted) ? freeName(`${wanted}_`, taken) : wanted;
  taken.add(name);
  return name;
}

function described(training: Model, lowRank: readonly LowRankSpec[], deviations: ReadonlyMap<string, number>): Model {
  const spec = trainingSpecOf(training);
  const state = spec.state.map((slot) => {
    const deviation = deviations.get(slot.input);
    return deviation === undefined ? slot : { ...slot, kind: 'factor' as const, ...(deviation > 0 && { deviation }) };
  });
  return { ...training, metadata: { ...training.metadata, ...trainingMetadata({ ...spec, lowRank, state }) } };
}
