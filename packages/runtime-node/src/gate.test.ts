import { Call } from '@denary/core';
import { expect, it } from 'vitest';
import { Gate } from './gate.js';

/** So many enter; who is in, by number, in the order of entry. */
function visits(gate: Gate, count: number) {
  const inside: number[] = [];
  const leave: (() => void)[] = [];
  const calls = Array.from({ length: count }, () => new Call());
  const entries = calls.map(async (call, visitor) => {
    leave[visitor] = await gate.enter(call);
    inside.push(visitor);
  });
  return { inside, leave, calls, entries };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many in at once, and the others in their order as places become free', async () => {
  const { inside, leave } = visits(new Gate(2), 4);
  await settled();
  expect(inside).toEqual([0, 1]);
  leave[1]!();
  await settled();
  expect(inside).toEqual([0, 1, 2]);
  leave[0]!();
  leave[2]!();
  await settled();
  expect(inside).toEqual([0, 1, 2, 3]);
});

it('has all its places again when all have left', async () => {
  const gate = new Gate(2);
  const first = visits(gate, 3);
  await settled();
  first.leave[0]!();
  first.leave[1]!();
  await settled();
  first.leave[2]!();
  const { inside } = visits(gate, 3);
  await settled();
  expect(inside).toEqual([0, 1]);
});

it('drops a call that ends while it waits, and who was behind it moves up', async () => {
  const { inside, leave, calls, entries } = visits(new Gate(1), 3);
  calls[1]!.end(new Error('enough'));
  await expect(entries[1]).rejects.toThrow('enough');
  leave[0]!();
  await settled();
  expect(inside).toEqual([0, 2]);
});

it('takes no notice of the end of a call that is in, until it leaves', async () => {
  const { inside, leave, calls } = visits(new Gate(1), 2);
  await settled();
  calls[0]!.end(new Error('enough'));
  await settled();
  expect(inside).toEqual([0]);
  leave[0]!();
  await settled();
  expect(inside).toEqual([0, 1]);
});

it('takes as many more as take less than a place, still in their order', async () => {
  const gate = new Gate(2);
  const inside: string[] = [];
  const leave: (() => void)[] = [];
  const enter = async (name: string, share: number, call = new Call()) => {
    leave.push(await gate.enter(call, share));
    inside.push(name);
  };
  const [whole, waiting] = [new Call(), 'a whole one does not fit'];
  void enter('half', 0.5);
  void enter('one', 1);
  enter('whole', 1, whole).catch(() => inside.push(waiting));
  void enter('quarter', 0.25);
  await settled();
  expect(inside).toEqual(['half', 'one']);
  whole.end(new Error('enough'));
  await settled();
  expect(inside.toSorted()).toEqual([waiting, 'half', 'one', 'quarter']);
  for (const go of leave) go();
  const { inside: next } = visits(gate, 3);
  await settled();
  expect(next).toEqual([0, 1]);
});

it('lets no call in that has ended', async () => {
  const gate = new Gate(1);
  const call = new Call();
  call.end(new Error('enough'));
  await expect(gate.enter(call)).rejects.toThrow('enough');
  const { inside } = visits(gate, 1);
  await settled();
  expect(inside).toEqual([0]);
});
