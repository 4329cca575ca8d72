/** Operators that make, move, cut or join values; shapes themselves are known while the model is converted. */

import { type Dimension, filled, fromNumbers, type Tensor, type Value } from '@denary/core';
import type { Edge } from '../channels-last.js';
import { bilinear, type Coordinates } from '../resize.js';
import { axesOf, frontAxis, withoutAxes } from './reduction.js';
import { computed, edgeRow, type GraphRow, type GraphRows, isNumbers, type NodeContext, wholes } from './row.js';
import { slice, stridedSlice } from './slice.js';

const reshape: GraphRow = (c) => {
  const target = c.known(1)?.values ?? c.unsupported('a shape that is computed');
  const known = c.known(0);
  if (known && target.length <= 1 && isNumbers(known.values)) return wholes(known.values, target.length === 0);
  const x = c.edge(0);
  return computed(c.layout.fromLast(c.op('Reshape', [flatOf(c, x), c.graph.int64s(shapeFor(c, x, target))])));
};

/** A value whose elements lie in TensorFlow's order; with one place only, the order of axes does not change that. */
function flatOf(c: NodeContext, x: Edge): Value {
  const onePlace = x.shape.slice(1, -1).every((size) => size === 1);
  return onePlace && !x.constant ? c.layout.any(x) : c.layout.last(x);
}

/** A target as ONNX takes it: -1 for what is left, 0 for a size that stays where it is. */
function shapeFor(c: NodeContext, x: Edge, target: readonly Dimension[]): number[] {
  const open = target.filter((size) => typeof size === 'string').length;
  const free = target.includes(-1) ? 0 : 1;
  if (open <= free) return target.map((size) => (typeof size === 'string' ? -1 : size));
  return target.map((size, axis) => {
    if (typeof size === 'number') return size;
    return size === x.shape[axis] ? 0 : c.unsupported('a shape with several sizes that are open');
  });
}

const squeeze: GraphRow = (c) => {
  const known = c.known(0);
  if (known) return wholes(known.values, true);
  const x = c.edge(0);
  const given = c.attributes.numbers(c.attributes.has('squeeze_dims') ? 'squeeze_dims' : 'axis');
  const axes = given.length
    ? given.map((axis) => frontAxis(c, axis, x.shape.length))
    : x.shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (axes.length === 0) return computed(x);
  return computed(withoutAxes(c, x, axes, (value, at) => c.op('Squeeze', [value, c.graph.int64s(at)])));
};

const expandDims: GraphRow = (c) => {
  const known = c.known(0);
  if (known?.scalar) return wholes(known.values);
  const x = c.edge(0);
  const axis = frontAxis(c, c.number(1), x.shape.length + 1);
  return computed(unsqueezed(c, x, axis));
};

/** With an axis of size 1; between the batch and the channels, channels that come first stay there. */
function unsqueezed(c: NodeContext, x: Edge, axis: number): Edge {
  if (x.constant) {
    const shape = x.constant.shape.toSpliced(axis, 0, 1);
    return c.layout.constant({ ...x.constant, shape } as Tensor);
  }
  const inside = axis > 0 && axis < x.shape.length;
  if (!x.last && x.first && inside) return c.layout.fromFirst(c.op('Unsqueeze', [x.first, c.graph.int64s([axis + 1])]));
  return c.layout.fromLast(c.op('Unsqueeze', [c.layout.last(x), c.graph.int64s([axis])]));
}

const concat = (c: NodeContext, inputs: readonly number[], axisInput: number) => {
  const parts = inputs.map((i) => c.known(i));
  if (parts.every((part) => part && !part.scalar)) return wholes(parts.flatMap((part) => part!.values));
  const edges = inputs.map((i) => c.edge(i)).filter((edge) => !edge.shape.includes(0));
  const axis = c.number(axisInput);
  if (edges.length === 1) return computed(edges[0]!);
  return computed(c.layout.zip(edges, (values, axisOf) => c.op('Concat', values, { axis: axisOf(axis) })));
};

const pack: GraphRow = (c) => {
  const parts = c.inputs.map((_, i) => c.known(i));
  if (parts.every((part) => part?.scalar)) return wholes(parts.flatMap((part) => part!.values));
  return computed(
    stacked(
      c,
      c.inputs.map((_, i) => c.edge(i)),
      c.attributes.number('axis', 0),
    ),
  );
};

/** Values of one shape along a new axis. */
export function stacked(c: NodeContext, edges: readonly Edge[], axis: number): Edge {
  const at = frontAxis(c, axis, edges[0]!.shape.length + 1);
  const parts = edges.map((edge) => c.op('Unsqueeze', [c.layout.last(edge), c.graph.int64s([at])]));
  return c.layout.fromLast(parts.length === 1 ? parts[0]! : c.op('Concat', parts, { axis: at }));
}

/** The values along an axis, which goes away. */
export function unstacked(c: NodeContext, x: Edge, axis: number): Edge[] {
  const value = c.layout.last(x);
  const ones = new Array<number>(c.fixed(x.shape[axis])).fill(1);
  return c.math
    .split(value, axis, ones)
    .map((part) => c.layout.fromLast(c.op('Squeeze', [part, c.graph.int64s([axis])])));
}

const parts = (c: NodeContext, x: Edge, axis: number, lengths: readonly number[]) => {
  const values: Edge[] = [];
  const joint = c.layout.map(x, (value, axisOf) => {
    const split = c.math.split(value, axisOf(axis), lengths);
    const isFirst = value === x.first && value !== x.last;
    values.push(...split.map((part) => (isFirst ? c.layout.fromFirst(part) : c.layout.fromLast(part))));
    return split[0]!;
  });
  return values.length ? values.map(computed) : [computed(joint)];
};

const gather: GraphRow = (c) => {
  const known = c.known(0);
  const indices = c.known(1);
  if (known && indices && isNumbers(indices.values)) {
    return wholes(
      indices.values.map((i) => known.values[i < 0 ? i + known.values.length : i] ?? c.fail('an index inside', `${i}`)),
      indices.scalar,
    );
  }
  const x = c.edge(0);
  const axis = c.inputs.length > 2 ? frontAxis(c, c.number(2), x.shape.length) : 0;
  return computed(c.layout.fromLast(c.op('Gather', [c.layout.last(x), c.layout.last(c.edge(1))], { axis })));
};

/** Paddings [before, after] of each axis, in the order of the value at hand. */
const pad = (mode: 'constant' | 'reflect' | 'symmetric'): GraphRow =>
  edgeRow((c) => {
    if (mode === 'symmetric') return c.unsupported('symmetric padding');
    const x = c.edge(0);
    const rank = x.shape.length;
    const paddings = c.edge(1).constant ?? c.unsupported('paddings that are computed');
    const value = c.inputs.length > 2 ? c.layout.last(c.edge(2)) : undefined;
    return c.layout.map(x, (v, axisOf) => {
      const pads = new Array<number>(2 * rank).fill(0);
      for (let axis = 0; axis < rank; axis++) {
        pads[axisOf(axis)] = Number(paddings.data[2 * axis]);
        pads[rank + axisOf(axis)] = Number(paddings.data[2 * axis + 1]);
      }
      return c.op('Pad', [v, c.graph.int64s(pads), ...(value ? [value] : [])], { mode });
    });
  });

const mirrorPad: GraphRow = (c) => pad(c.attributes.text('mode') === 'REFLECT' ? 'reflect' : 'symmetric')(c);

const fill: GraphRow = (c) => {
  const sizes = c.known(0)?.values ?? c.unsupported('a shape that is computed');
  const value = c.edge(1);
  // A size that is open broadcasts from 1: what a loop starts from is the same for all of a batch.
  const shape = sizes.map((size) => (typeof size === 'number' ? size : 1));
  const content = value.constant ?? c.unsupported('a value that is computed');
  const known = content.dtype !== 'float32' && shape.length <= 1;
  if (known && isNumbers(sizes))
    return wholes(new Array<number>(shape[0] ?? 1).fill(Number(content.data[0])), !shape.length);
  return computed(c.layout.constant(filled(content.dtype, shape, Number(content.data[0]))));
};

const tile: GraphRow = edgeRow((c) => {
  const x = c.edge(0);
  const value = c.layout.last(x);
  return c.layout.fromLast(
    c.numbers(1).reduce((v, times, axis) => {
      return times === 1 ? v : c.op('Concat', new Array<Value>(times).fill(v), { axis });
    }, value),
  );
});

const resize = (emit: (c: NodeContext, image: Value, to: readonly [number, number], how: Coordinates) => Value) =>
  edgeRow((c) => {
    const to = c.numbers(1) as readonly number[] as [number, number];
    const { attributes } = c;
    const how: Coordinates = attributes.flag('align_corners')
      ? 'align-corners'
      : attributes.flag('half_pixel_centers')
        ? 'half-pixel'
        : 'asymmetric';
    return c.layout.fromFirst(emit(c, c.layout.first(c.edge(0)), to, how));
  });

/** Along each axis, the pixels that are nearest. */
function nearest(c: NodeContext, image: Value, to: readonly [number, number], how: Coordinates): Value {
  return to.reduce((value, size, i) => {
    const axis = 2 + i;
    const from = c.fixed(value.shape[axis]);
    if (from === size) return value;
    const places = Array.from({ length: size }, (_, at) => {
      if (how === 'align-corners') return Math.round((at * (from - 1)) / Math.max(size - 1, 1));
      const place = Math.fround(from / size) * (how === 'half-pixel' ? at + 0.5 : at);
      return Math.min(Math.floor(place), from - 1);
    });
    return c.op('Gather', [value, c.graph.int64s(places)], { axis });
  }, image);
}

/** The batch by blocks of the image: [batch, h b, w b, c] as [b b batch, h, w, c], zeros added before. */
const spaceToBatch: GraphRow = edgeRow((c) => {
  const x = c.edge(0);
  const [blocks, pads] = [c.numbers(1), c.edge(2).constant ?? c.unsupported('paddings that are computed')];
  const rank = x.shape.length;
  const [n, rest] = [blocks.length, x.shape.slice(blocks.length + 1).map((size) => c.fixed(size))];
  const around = new Array<number>(2 * rank).fill(0);
  blocks.forEach((_, i) => {
    around[i + 1] = Number(pads.data[2 * i]);
    around[rank + i + 1] = Number(pads.data[2 * i + 1]);
  });
  const padded = c.math.pad(c.layout.last(x), around);
  const sizes = blocks.map((block, i) => c.fixed(padded.shape[i + 1]) / block);
  const apart = c.op('Reshape', [
    padded,
    c.graph.int64s([-1, ...sizes.flatMap((size, i) => [size, blocks[i]!]), ...rest]),
  ]);
  const places = blocks.map((_, i) => 2 * i + 1);
  const perm = [...places.map((at) => at + 1), 0, ...places, ...rest.map((_, i) => 2 * n + 1 + i)];
  const turned = c.op('Transpose', [apart], { perm });
  return c.layout.fromLast(c.op('Reshape', [turned, c.graph.int64s([-1, ...sizes, ...rest])]));
});

/** The way back, and then cut. */
const batchToSpace: GraphRow = edgeRow((c) => {
  const x = c.edge(0);
  const [blocks, crops] = [c.numbers(1), c.edge(2).constant ?? c.unsupported('crops that are computed')];
  const n = blocks.length;
  const [sizes, rest] = [x.shape.slice(1, n + 1), x.shape.slice(n + 1)].map((part) =>
    part.map((size) => c.fixed(size)),
  );
  const apart = c.op('Reshape', [c.layout.last(x), c.graph.int64s([...blocks, -1, ...sizes!, ...rest!])]);
  const perm = [n, ...blocks.flatMap((_, i) => [n + 1 + i, i]), ...rest!.map((_, i) => 2 * n + 1 + i)];
  const whole = sizes!.map((size, i) => size * blocks[i]!);
  const joined = c.op('Reshape', [c.op('Transpose', [apart], { perm }), c.graph.int64s([-1, ...whole, ...rest!])]);
  const axes = blocks.map((_, i) => i + 1);
  const starts = blocks.map((_, i) => Number(crops.data[2 * i]));
  const ends = whole.map((size, i) => size - Number(crops.data[2 * i + 1]));
  return c.layout.fromLast(c.math.slice(joined, axes, starts, ends));
});

const shapeOfInput = (c: NodeContext): readonly Dimension[] => {
  const known = c.known(0);
  return known ? (known.scalar ? [] : [known.values.length]) : c.edge(0).shape;
};

export const shapeRows = {
  Shape: (c) => wholes(shapeOfInput(c)),
  Rank: (c) => wholes([shapeOfInput(c).length], true),
  Size: (c) => wholes([shapeOfInput(c).reduce<number>((n, size) => n * c.fixed(size), 1)], true),
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expandDims,
  Transpose: edgeRow((c) => c.layout.fromLast(c.layout.permuted(c.edge(0), c.numbers(1)))),
  Pad: pad('constant'),
  PadV2: pad('constant'),
  MirrorPad: mirrorPad,
  ConcatV2: (c) =>
    concat(
      c,
      c.inputs.slice(0, -1).map((_, i) => i),
      c.inputs.length - 1,
    ),
  Concat: (c) =>
    concat(
      c,
      c.inputs.slice(1).map((_, i) => i + 1),
      0,
    ),
  Pack: pack,
  Unpack: (c) => {
    const known = c.known(0);
    if (known) return known.values.map((value) => wholes([value], true));
    const x = c.edge(0);
    return unstacked(c, x, frontAxis(c, c.attributes.number('axis', 0), x.shape.length)).map(computed);
  },
  Split: (c) => {
    const x = c.edge(1);
    const axis = frontAxis(c, c.number(0), x.shape.length);
    const count = c.attributes.number('num_split');
    return parts(c, x, axis, new Array<number>(count).fill(c.fixed(x.shape[axis]) / count));
  },
  SplitV: (c) => {
    const x = c.edge(0);
    const axis = frontAxis(c, c.number(2), x.shape.length);
    const lengths = [...c.numbers(1)];
    const open = lengths.indexOf(-1);
    if (open >= 0) lengths[open] = c.fixed(x.shape[axis]) - lengths.reduce((sum, n) => sum + n, 1);
    return parts(c, x, axis, lengths);
  },
  StridedSlice: stridedSlice,
  Slice: slice,
  Gather: gather,
  GatherV2: gather,
  Tile: tile,
  Fill: fill,
  BroadcastTo: edgeRow((c) => {
    const shape = c.known(1)?.values ?? c.unsupported('a shape that is computed');
    const sizes = shape.map((size) => (typeof size === 'number' ? size : 1));
    return c.layout.fromLast(c.op('Expand', [c.layout.last(c.edge(0)), c.graph.int64s(sizes)]));
  }),
  Range: (c) => {
    const [start, limit, delta] = [c.number(0), c.number(1), c.number(2)];
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    return wholes(Array.from({ length: count }, (_, i) => start + i * delta));
  },
  ReverseV2: edgeRow((c) => {
    const x = c.edge(0);
    const axes = axesOf(c, 1, x.shape.length);
    return c.layout.map(x, (value, axisOf) => {
      const turned = axes.map(axisOf);
      const [back, end, step] = [turned.map(() => -1), turned.map(() => -(2 ** 31)), turned.map(() => -1)];
      return c.math.slice(value, turned, back, end, step);
    });
  }),
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  OneHot: edgeRow((c) => {
    const depth = c.number(1);
    const [on, off] = [c.edge(2), c.edge(3)].map((edge) => edge.constant ?? c.unsupported('values that are computed'));
    const classes = c.graph.constant(
      fromNumbers(
        'int32',
        Array.from({ length: depth }, (_, i) => i),
      ),
    );
    const labels = c.layout.last(c.edge(0));
    const column = c.op('Unsqueeze', [labels, c.graph.int64s([labels.shape.length])]);
    const hit = c.op('Equal', [column, classes]);
    return c.layout.fromLast(c.op('Where', [hit, c.graph.constant(on!), c.graph.constant(off!)]));
  }),
  ResizeBilinear: resize((c, image, to, how) => bilinear(c.math, image, to, how)),
  ResizeNearestNeighbor: resize(nearest),
} satisfies GraphRows;
