/**
 * Loops as TensorFlow's converter lowers them, into Enter, Merge, Switch, NextIteration and Exit, put back into one While: the
 * nodes stay where they are, and become the body of functions whose arguments are the Merges.
 */

import { Attributes, type FunctionDef, type GraphDef, type NodeDef, refOf } from './graph-def.js';

/** The same graph with a While for each frame of nodes. */
export function withLoops({ nodes, functions }: GraphDef, who: string): GraphDef {
  const frames = new Map<string, NodeDef[]>();
  for (const node of nodes.values()) {
    if (node.op !== 'Enter') continue;
    const frame = node.attributes.text('frame_name');
    frames.set(frame, [...(frames.get(frame) ?? []), node]);
  }
  if (frames.size === 0) return { nodes, functions };
  const raised = new Map(nodes);
  const added = new Map<string, FunctionDef>();
  for (const [frame, enters] of frames) raiseLoop(frame, enters, raised, added, who);
  return { nodes: raised, functions: new Map([...functions, ...added]) };
}

function raiseLoop(
  frame: string,
  enters: readonly NodeDef[],
  nodes: Map<string, NodeDef>,
  functions: Map<string, FunctionDef>,
  who: string,
): void {
  const all = [...nodes.values()];
  const producer = (input: string) => nodes.get(refOf(input).node);
  const takers = (name: string, op: string) =>
    all.filter((node) => node.op === op && node.inputs.some((input) => refOf(input).node === name));
  const entered = new Set(enters.map(({ name }) => name));
  // What goes round: an Enter, its Merge, and what the next step gives that.
  const merges = all.filter(
    ({ op, inputs }) => op === 'Merge' && inputs.some((input) => entered.has(refOf(input).node)),
  );
  const round = merges.map((merge) => {
    const [start, next] = [true, false].map((isStart) =>
      merge.inputs.map(producer).find((node) => node && entered.has(node.name) === isStart),
    );
    return { merge, start: start!, next: next?.inputs[0] ?? merge.name };
  });
  const starts = new Set(round.map(({ start }) => start.name));
  const fixed = enters.filter(({ name }) => !starts.has(name));
  const inputs = [...merges, ...fixed].map(({ name }) => name);
  const switches = round.map(({ merge }) => takers(merge.name, 'Switch')[0]);
  const condition = switches.flatMap((node) => (node ? [node.inputs[1]!] : []))[0];
  const define = (name: string, outputs: readonly string[]) => functions.set(name, { name, inputs, outputs, nodes });
  define(`${frame}/cond`, condition ? [condition] : []);
  define(`${frame}/body`, [...round.map(({ next }) => next), ...fixed.map(({ name }) => name)]);
  const called = { cond: { func: { name: `${frame}/cond` } }, body: { func: { name: `${frame}/body` } } };
  const name = `${frame}/While`;
  nodes.set(name, {
    name,
    op: 'While',
    inputs: [...round.map(({ start }) => start.inputs[0]!), ...fixed.map((enter) => enter.inputs[0]!)],
    attributes: new Attributes(called, `${who}: loop "${frame}"`),
  });
  switches.forEach((node, i) => {
    for (const exit of node ? takers(node.name, 'Exit') : [])
      nodes.set(exit.name, { ...exit, op: 'Identity', inputs: [`${name}:${i}`] });
  });
}
