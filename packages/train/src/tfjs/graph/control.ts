/**
 * Functions, loops, branches and the lists in which loops keep their steps. A loop whose counter is known while the model is
 * converted is unrolled, as recurrent layers over sequences of a fixed length are.
 */

import {
  computed,
  DEAD,
  type GraphRow,
  type GraphRows,
  type Item,
  type List,
  type NodeContext,
  wholes,
} from './row.js';
import { stacked, unstacked } from './shape.js';

/** More steps than a sequence has; a loop that goes on longer does not end by what is known. */
const MOST_STEPS = 10_000;

const list = (elements: List['elements']): List => ({ kind: 'list', elements });

/** Whether a condition holds, which must be known. */
export function holds(c: NodeContext, item: Item | undefined): boolean {
  if (item?.kind === 'wholes' && typeof item.values[0] === 'number') return item.values[0] !== 0;
  const constant = item?.kind === 'edge' ? item.edge.constant : undefined;
  return constant ? Number(constant.data[0]) !== 0 : c.unsupported('a condition that depends on the input');
}

const loop: GraphRow = (c) => {
  const [condition, body] = [c.attributes.function('cond'), c.attributes.function('body')];
  let state: readonly Item[] = c.inputs;
  for (let step = 0; holds(c, c.call(condition, state)[0]); step++) {
    if (step >= MOST_STEPS) return c.unsupported(`a loop of more than ${MOST_STEPS} steps`);
    state = c.call(body, state);
  }
  return state;
};

const branch: GraphRow = (c) =>
  c.call(c.attributes.function(holds(c, c.inputs[0]) ? 'then_branch' : 'else_branch'), c.inputs.slice(1));

const call: GraphRow = (c) => c.call(c.attributes.function('f'), c.inputs);

const empty = (count: number): List => list(new Array<undefined>(count).fill(undefined));

const element = (c: NodeContext, { elements }: List, index: number) =>
  elements[index] ?? c.unsupported('an element of a list that was not set');

export const controlRows = {
  While: loop,
  StatelessWhile: loop,
  If: branch,
  StatelessIf: branch,
  PartitionedCall: call,
  StatefulPartitionedCall: call,

  LoopCond: (c) => c.inputs[0]!,
  NextIteration: (c) => c.inputs[0]!,
  Switch: (c) => (holds(c, c.inputs[1]) ? [DEAD, c.inputs[0]!] : [c.inputs[0]!, DEAD]),
  Merge: (c) => {
    const taken = c.inputs.findIndex((item) => item !== DEAD);
    return taken < 0 ? DEAD : [c.inputs[taken]!, wholes([taken], true)];
  },

  EmptyTensorList: () => empty(0),
  TensorListReserve: (c) => empty(c.number(1)),
  TensorListFromTensor: (c) => list(unstacked(c, c.edge(0), 0)),
  TensorListGetItem: (c) => computed(element(c, c.list(0), c.number(1))),
  TensorListSetItem: (c) => list(c.list(0).elements.with(c.number(1), c.edge(2))),
  TensorListStack: (c) => {
    const given = c.list(0);
    return computed(
      stacked(
        c,
        given.elements.map((_, i) => element(c, given, i)),
        0,
      ),
    );
  },
  TensorListGather: (c) =>
    computed(
      stacked(
        c,
        c.numbers(1).map((i) => element(c, c.list(0), i)),
        0,
      ),
    ),
  TensorListPushBack: (c) => list([...c.list(0).elements, c.edge(1)]),
  TensorListPopBack: (c) => {
    const { elements } = c.list(0);
    return [list(elements.slice(0, -1)), computed(element(c, c.list(0), elements.length - 1))];
  },
  TensorListLength: (c) => wholes([c.list(0).elements.length], true),
  TensorListResize: (c) => list(Array.from({ length: c.number(1) }, (_, i) => c.list(0).elements[i])),
} satisfies GraphRows;
