/** The optimizer's part of a training graph: the next value of each weight, and of what is remembered of it. */

import { averageOf, type Value } from '@denary/core';
import { elements, type Maths, sizes } from '../math.js';
import { type OptimizerSpec, optimizerOf, type StepScalars } from './optimizers.js';

interface UpdateParts {
  readonly trained: readonly Value[];
  readonly gradients: ReadonlyMap<string, Value>;
  readonly learningRate: Value;
  readonly step: Value;
  readonly optimizer: OptimizerSpec;
}

/** The next value of each trained weight, of the optimizer's memory of it, and of its average where one is kept. */
export function emitUpdates(math: Maths, { trained, gradients, learningRate, step, optimizer }: UpdateParts) {
  const { graph, add, mul, div, cast } = math;
  const done = cast(step, 'float32');
  const { decay = 0 } = optimizer;
  const scalars: StepScalars<Value> = {
    rate: decay ? div(learningRate, add(mul(done, decay), 1)) : learningRate,
    iteration: add(done, 1),
  };
  const row = optimizerOf(optimizer);
  const update = row.step<Value>(math, optimizer, scalars);
  const weights = new Map<string, Value>();
  const slots = new Map<string, { shape: readonly number[]; initial: number; after: Value }>();
  for (const { name, members } of groups(trained.filter((weight) => gradients.has(weight.name)))) {
    const w = joined(math, members);
    const g = joined(
      math,
      members.map((member) => gradients.get(member.name)!),
    );
    const memory = row.slots(optimizer).map(({ name: slot, scalar, initial = 0 }) => {
      const shape = scalar ? [] : sizes(w);
      return { initial, shape, before: graph.input(`${name}/${slot}`, w.dtype, shape) };
    });
    const [after, ...next] = update({ w, g, slots: memory.map(({ before }) => before) });
    parted(math, after!, members).forEach((part, i) => weights.set(members[i]!.name, part));
    memory.forEach(({ before, shape, initial }, i) => slots.set(before.name, { shape, initial, after: next[i]! }));
  }
  return { weights, slots, averages: emitAverages(math, weights, done, optimizer.emaMomentum) };
}

/** average = w + m (average - w) with the new w; m is 0 at the first step. By the name of the average. */
function emitAverages(
  { graph, add, sub, mul }: Maths,
  weights: ReadonlyMap<string, Value>,
  done: Value,
  momentum: number | undefined,
): ReadonlyMap<string, Value> {
  const averages = new Map<string, Value>();
  if (!momentum) return averages;
  const kept = mul(momentum, graph.op('Min', [done, graph.scalar(1)]));
  for (const [name, w] of weights) {
    const before = graph.input(averageOf(name), w.dtype, sizes(w));
    averages.set(before.name, add(w, mul(kept, sub(before, w))));
  }
  return averages;
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
  return members.length === 1
    ? members[0]!
    : concat(
        members.map((member) => reshape(member, [elements(member)])),
        0,
      );
}

function parted({ split, reshape }: Maths, flat: Value, members: readonly Value[]): readonly Value[] {
  if (members.length === 1) return [flat];
  return split(flat, 0, members.map(elements)).map((part, i) => reshape(part, sizes(members[i]!)));
}
