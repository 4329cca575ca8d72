/** Slices: of values of the graph along each axis, of shapes right away. */

import type { Edge } from '../channels-last.js';
import { withoutAxes } from './reduction.js';
import { computed, type GraphRow, type NodeContext, wholes } from './row.js';

/** Of one axis, as TensorFlow's strided slice says it. */
interface AxisSlice {
  readonly kind: 'range' | 'index' | 'new';
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

const FULL: AxisSlice = { kind: 'range', start: 0, end: Number.POSITIVE_INFINITY, step: 1 };

/** What is asked of each axis; an ellipsis stands for all that are not named. */
function axisSlices(c: NodeContext, rank: number): AxisSlice[] {
  const [begins, ends, steps] = [c.numbers(1), c.numbers(2), c.numbers(3)];
  const bit = (key: string, i: number) => ((c.attributes.number(key, 0) >> i) & 1) === 1;
  const named = begins.filter((_, i) => !bit('new_axis_mask', i) && !bit('ellipsis_mask', i)).length;
  const list = begins.flatMap((begin, i): AxisSlice[] => {
    if (bit('ellipsis_mask', i)) return new Array<AxisSlice>(rank - named).fill(FULL);
    if (bit('new_axis_mask', i)) return [{ ...FULL, kind: 'new' }];
    if (bit('shrink_axis_mask', i)) return [{ kind: 'index', start: begin, end: begin + 1, step: 1 }];
    const step = steps[i]!;
    const [first, past] = step > 0 ? [0, Number.POSITIVE_INFINITY] : [-1, Number.NEGATIVE_INFINITY];
    return [
      {
        kind: 'range',
        start: bit('begin_mask', i) ? first : begin,
        end: bit('end_mask', i) ? past : ends[i]!,
        step,
      },
    ];
  });
  const covered = list.filter(({ kind }) => kind !== 'new').length;
  return [...list, ...new Array<AxisSlice>(Math.max(rank - covered, 0)).fill(FULL)];
}

const isFull = ({ start, end, step }: AxisSlice): boolean =>
  start === 0 && end === Number.POSITIVE_INFINITY && step === 1;

/** The ends of the largest slices, as ONNX takes them. */
const MOST = 2 ** 31 - 1;

function cut(c: NodeContext, x: Edge, wanted: readonly AxisSlice[]): Edge {
  const axes = wanted.flatMap((slice, axis) => (isFull(slice) ? [] : [axis]));
  if (axes.length === 0) return x;
  return c.layout.map(x, (value, axisOf) =>
    c.math.slice(
      value,
      axes.map(axisOf),
      axes.map((axis) => wanted[axis]!.start),
      // The last element, counted from the end, has no end after it.
      axes.map((axis) => {
        const { kind, start, end } = wanted[axis]!;
        if (kind === 'index' && start === -1) return MOST;
        return Math.min(Math.max(end, -MOST - 1), MOST);
      }),
      axes.map((axis) => wanted[axis]!.step),
    ),
  );
}

export const stridedSlice: GraphRow = (c) => {
  const known = c.known(0);
  if (known && !known.scalar) {
    const [one] = axisSlices(c, 1);
    const { values } = known;
    if (one!.kind === 'index')
      return wholes([values.at(one!.start) ?? c.fail('an index inside', `${one!.start}`)], true);
    if (one!.kind === 'range' && one!.step === 1)
      return wholes(values.slice(one!.start, Math.min(one!.end, values.length)));
    if (one!.kind === 'range' && one!.step === -1 && !Number.isFinite(one!.end)) return wholes(values.toReversed());
  }
  const x = c.edge(0);
  const all = axisSlices(c, x.shape.length);
  const own = all.filter(({ kind }) => kind !== 'new');
  const sliced = cut(c, x, own);
  const lost = own.flatMap(({ kind }, axis) => (kind === 'index' ? [axis] : []));
  const kept = lost.length
    ? withoutAxes(c, sliced, lost, (value, at) => c.op('Squeeze', [value, c.graph.int64s(at)]))
    : sliced;
  const added = all.filter(({ kind }) => kind !== 'index').flatMap(({ kind }, axis) => (kind === 'new' ? [axis] : []));
  if (added.length === 0) return computed(kept);
  return computed(c.layout.fromLast(c.op('Unsqueeze', [c.layout.last(kept), c.graph.int64s(added)])));
};

/** From `begin`, so many as `size` says, -1 for all that follow. */
export const slice: GraphRow = (c) => {
  const begins = c.numbers(1);
  const sizes = c.known(2)?.values ?? c.unsupported('sizes that are computed');
  const known = c.known(0);
  const wanted = begins.map((start, axis): AxisSlice => {
    const size = sizes[axis]!;
    const whole = size === -1 || typeof size === 'string';
    return { kind: 'range', start, end: whole ? Number.POSITIVE_INFINITY : start + size, step: 1 };
  });
  if (known && !known.scalar)
    return wholes(known.values.slice(wanted[0]!.start, Math.min(wanted[0]!.end, known.values.length)));
  return computed(cut(c, c.edge(0), wanted));
};
