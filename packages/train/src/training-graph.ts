/**
 * The training graph: an ONNX file of standard operators that does one step (forward, loss, backward, optimizer, metrics),
 * derived from a model's inference graph. Weights, the optimizer's memory and the metrics go in and come out as state.
 */

import {
  DenaryError,
  fromNumbers,
  GraphBuilder,
  type Model,
  type StateSpec,
  type TrainingSpec,
  trainingMetadata,
  type Value,
} from '@denary/core';
import { differentiate } from './autodiff/differentiate.js';
import { rowKeysOf } from './lowering/dropout.js';
import { parametersOf } from './lowering/parameters.js';
import { appendForTraining, poolBeforeRelu } from './lowering/training-form.js';
import { elements, type Maths, maths, sizes } from './math.js';
import { type LossName, losses } from './objective/losses.js';
import { learningRateOf, optimizerOf, type OptimizerSpec, type StepScalars } from './objective/optimizers.js';
import { removeDeadNodes } from './passes/dead-nodes.js';

export interface Objective {
  readonly loss: LossName;
  readonly optimizer: OptimizerSpec;
  readonly batchSize: number;
  /** Which weights are trained, by name; all of them where left out. The others stay as they are. */
  readonly trainable?: (name: string) => boolean;
}

/**
 * Derives the training graph of a classifier: input `image` as the model has it, output `probabilities` [batch, classes].
 * Inputs: `image`, `label` int32 [batch], `sample_weight` float32 [batch], `learning_rate` float32 [], `seed` uint32 [];
 * output `loss` float32 [], the mean over the batch by weight. The rest is state, described in the file's metadata.
 * Throws `unsupported-operator` where a gradient would pass a node without a rule, `bad-model` where no weight is found.
 */
export function createTrainingGraph(model: Model, objective: Objective): Model {
  const { batchSize } = objective;
  const graph = new GraphBuilder(`${model.graph.name}/training`, model.opset);
  const math = maths(graph);
  const state: StateSpec[] = [];

  const [image] = model.graph.inputs;
  if (!image || model.graph.inputs.length !== 1 || model.graph.outputs.length !== 1) {
    throw badModel('one input and one output', `${model.graph.inputs.length} and ${model.graph.outputs.length}`);
  }
  graph.input(image.name, image.dtype, [batchSize, ...image.shape.slice(1)]);
  const label = graph.input('label', 'int32', [batchSize]);
  const sampleWeight = graph.input('sample_weight', 'float32', [batchSize]);
  const learningRate = graph.input('learning_rate', 'float32', []);
  const seed = graph.input('seed', 'uint32', []);
  const step = graph.input('step', 'uint32', []);

  const { weights, statistics } = parametersOf(model);
  const trained: Value[] = [];
  for (const [name, tensor] of model.graph.initializers) {
    if (!weights.has(name) && !statistics.has(name)) {
      graph.initializer(name, tensor);
      continue;
    }
    const value = graph.input(name, tensor.dtype, tensor.shape);
    if (weights.has(name) && (objective.trainable?.(name) ?? true)) trained.push(value);
  }
  if (trained.length === 0) throw badModel('a weight to train', 'none');

  const frozen = objective.trainable !== undefined;
  const nextStatistics = new Map<string, Value>();
  let rowKeys: Value | undefined;
  for (const node of poolBeforeRelu(model.graph.nodes)) {
    appendForTraining(node, {
      math,
      sampleWeight,
      rowKeys: () => {
        rowKeys ??= rowKeysOf(math, seed, step, batchSize);
        return rowKeys;
      },
      followsStatistics: () => !frozen,
      nextStatistic: (name, value) => nextStatistics.set(name, value),
    });
  }

  const probabilities = graph.value(model.graph.outputs[0]!.name);
  const { loss, metrics } = emitLoss(math, { probabilities, label, sampleWeight, loss: objective.loss });
  const gradients = differentiate(graph, loss, trained);
  const next = emitUpdates(math, { trained, gradients, learningRate, step, optimizer: objective.optimizer });

  const keep = (spec: Omit<StateSpec, 'output'>, after: Value | undefined): void => {
    if (!after) state.push(spec);
    else state.push({ ...spec, output: graph.output(after, `${spec.input}/next`).name });
  };
  for (const name of [...weights, ...statistics]) {
    const { shape } = graph.value(name);
    const kind = weights.has(name) ? 'weight' : 'statistic';
    keep({ input: name, kind, shape: shape as number[], dtype: 'float32' }, next.get(name) ?? nextStatistics.get(name));
  }
  for (const [input, { shape, after }] of next.slots) keep({ input, kind: 'slot', shape, dtype: 'float32' }, after);
  keep({ input: 'step', kind: 'step', shape: [], dtype: 'uint32' }, math.add(step, 1));
  const totals = graph.input('metrics', 'float32', [3]);
  keep({ input: 'metrics', kind: 'metric', shape: [3], dtype: 'float32' }, math.add(totals, metrics));
  graph.output(loss, 'loss');

  const classes = probabilities.shape[1] as number;
  const spec: TrainingSpec = {
    version: 1,
    batchSize,
    image: image.shape.slice(1) as number[],
    classes,
    loss: objective.loss,
    optimizer: objective.optimizer.name,
    learningRate: learningRateOf(objective.optimizer),
    state,
  };
  const built = graph.model(trainingMetadata(spec));
  return { ...built, graph: removeDeadNodes(built.graph) };
}

interface LossParts {
  readonly probabilities: Value;
  readonly label: Value;
  readonly sampleWeight: Value;
  readonly loss: LossName;
}

/** The weighted mean loss, and what this step adds to the metrics: [loss, right answers, samples], summed by weight. */
function emitLoss(math: Maths, { probabilities, label, sampleWeight, loss }: LossParts): { loss: Value; metrics: Value } {
  const { graph, mul, div, sum, cast, equal, reshape, concat } = math;
  const [batch, classes] = probabilities.shape as [number, number];
  if (probabilities.shape.length !== 2) throw badModel('an output [batch, classes]', `[${probabilities.shape}]`);
  const numbers = graph.constant(fromNumbers('int32', Array.from({ length: classes }, (_, i) => i), [1, classes]));
  const target = cast(equal(reshape(label, [batch, 1]), numbers), 'float32');
  const softmax = graph.build().nodes.find(({ op, outputs }) => op === 'Softmax' && outputs[0] === probabilities.name);
  const logits = softmax && graph.value(softmax.inputs[0]!);

  const weightSum = sum(sampleWeight, [0], false);
  const share = reshape(div(sampleWeight, weightSum), [batch, 1]);
  const mean = sum(mul(losses[loss].build(math, { probabilities, logits, target }), share), [0, 1], false);
  const best = graph.op('ArgMax', [logits ?? probabilities], { axis: 1, keepdims: 0 });
  const right = cast(equal(cast(best, 'int32'), label), 'float32');
  const sums = [mul(mean, weightSum), sum(mul(right, sampleWeight), [0], false), weightSum];
  return { loss: mean, metrics: concat(sums.map((value) => reshape(value, [1])), 0) };
}

interface UpdateParts {
  readonly trained: readonly Value[];
  readonly gradients: ReadonlyMap<string, Value>;
  readonly learningRate: Value;
  readonly step: Value;
  readonly optimizer: OptimizerSpec;
}

/** The next value of each trained weight, and of the optimizer's memory of it. */
function emitUpdates(math: Maths, { trained, gradients, learningRate, step, optimizer }: UpdateParts) {
  const { graph, add, mul, div, cast } = math;
  const done = cast(step, 'float32');
  const { decay = 0 } = optimizer;
  const scalars: StepScalars = {
    rate: decay ? div(learningRate, add(mul(done, decay), 1)) : learningRate,
    iteration: add(done, 1),
  };
  const row = optimizerOf(optimizer);
  const update = row.step(math, optimizer, scalars);
  const weights = new Map<string, Value>();
  const slots = new Map<string, { shape: readonly number[]; after: Value }>();
  for (const { name, members } of groups(trained.filter((weight) => gradients.has(weight.name)))) {
    const w = joined(math, members);
    const g = joined(math, members.map((member) => gradients.get(member.name)!));
    const names = row.slots(optimizer).map((slot) => `${name}/${slot}`);
    const before = names.map((slot) => graph.input(slot, w.dtype, w.shape));
    const [after, ...memory] = update({ w, g, slots: before });
    parted(math, after!, members).forEach((part, i) => weights.set(members[i]!.name, part));
    names.forEach((slot, i) => slots.set(slot, { shape: sizes(w), after: memory[i]! }));
  }
  return { get: (name: string) => weights.get(name), slots };
}

/** Up to so many elements it is the number of nodes that takes time, not their work. */
const SMALL = 2 ** 15;

/** What is updated together: a large weight by itself, all the small ones as one flat vector. */
function groups(trained: readonly Value[]): { name: string; members: readonly Value[] }[] {
  const small = trained.filter((weight) => elements(weight) <= SMALL);
  const alone = trained.filter((weight) => small.length < 2 || !small.includes(weight));
  return [
    ...alone.map((weight) => ({ name: weight.name, members: [weight] })),
    ...(small.length < 2 ? [] : [{ name: 'small_weights', members: small }]),
  ];
}

function joined({ concat, reshape }: Maths, members: readonly Value[]): Value {
  return members.length === 1 ? members[0]! : concat(members.map((member) => reshape(member, [elements(member)])), 0);
}

function parted({ graph, reshape }: Maths, flat: Value, members: readonly Value[]): readonly Value[] {
  if (members.length === 1) return [flat];
  const lengths = graph.int64s(members.map(elements));
  const outputs = members.map(() => graph.unique('Split'));
  const parts = graph.ops('Split', [flat, lengths], { axis: 0 }, { outputs });
  return parts.map((part, i) => reshape(part, sizes(members[i]!)));
}

function badModel(expected: string, received: string): DenaryError {
  return new DenaryError({
    code: 'bad-model',
    who: 'createTrainingGraph',
    expected,
    received,
    remedy: 'Give a classifier whose weights are initializers of Gemm, MatMul, Conv, Add or BatchNormalization.',
  });
}
