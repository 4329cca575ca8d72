import { encodeModel, fromNumbers, GraphBuilder, toNumbers } from '@denary/core';
import { createSession } from '@denary/runtime-node';
import { describe, expect, it } from 'vitest';
import { removeDeadNodes } from './dead-nodes.js';
import { mergeRepeatedNodes } from './repeated-nodes.js';

/** x and y, the same things computed of them more than once, and things that nobody reads. */
function build() {
  const graph = new GraphBuilder('graph');
  const [x, y] = [graph.input('x', 'float32', [2, 3]), graph.input('y', 'float32', [2, 3])];
  const squares = [0, 1].map(() => graph.op('Mul', [x, x]));
  const roots = squares.map((square) => graph.op('Sqrt', [square]));
  const halves = [0, 1, 1].map((axis) => graph.op('ReduceSum', [roots[axis]!, graph.int64s([axis])], { keepdims: 1 }));
  const parts = [0, 1].map((i) =>
    graph.ops('Split', [y, graph.int64s([1, 2])], { axis: 1 }, { outputs: [`a${i}`, `b${i}`] }),
  );
  graph.op('Exp', [graph.op('Neg', [graph.initializer('unread', fromNumbers('float32', [1], []))])]);
  graph.output(graph.op('Add', [roots[0]!, roots[1]!]), 'sum');
  graph.output(graph.op('Concat', [...halves.slice(1), parts[0]![0]!, parts[1]![0]!], { axis: 1 }), 'joined');
  graph.output(graph.op('Add', [halves[0]!, roots[1]!]), 'other');
  graph.output(graph.op('Mul', [x, x]), 'square');
  return graph.model();
}

const ops = ({ nodes }: { nodes: readonly { op: string }[] }) => nodes.map(({ op }) => op).sort();

async function run(model: ReturnType<typeof build>) {
  const session = await createSession(encodeModel(model), { threads: 1 });
  const results = await session.run({
    x: fromNumbers('float32', [1, -2, 3, 4, -5, 6], [2, 3]),
    y: fromNumbers('float32', [7, 8, 9, 10, 11, 12], [2, 3]),
  });
  await session.close();
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, [...toNumbers(tensor)]]));
}

describe('common-subexpression elimination', () => {
  it('keeps one node of each kind, those of several outputs too, and every output of the graph', () => {
    const merged = mergeRepeatedNodes(build().graph);
    expect(ops(merged).join()).toBe(
      'Add,Add,Concat,Exp,Mul,Mul,Neg,ReduceSum,ReduceSum,Split,Sqrt'.split(',').sort().join(),
    );
    expect(merged.outputs).toEqual(build().graph.outputs);
    expect(mergeRepeatedNodes(merged).nodes).toEqual(merged.nodes);
  });

  it('changes no result', async () => {
    const model = build();
    expect(await run({ ...model, graph: mergeRepeatedNodes(model.graph) })).toEqual(await run(model));
  });
});

describe('dead-node elimination', () => {
  it('leaves out what no output depends on, initializers too, and changes no result', async () => {
    const model = build();
    const graph = removeDeadNodes(model.graph);
    expect(ops(graph)).toEqual(ops(model.graph).filter((op) => op !== 'Exp' && op !== 'Neg'));
    expect(graph.initializers.has('unread')).toBe(false);
    expect(await run({ ...model, graph })).toEqual(await run(model));
  });
});
