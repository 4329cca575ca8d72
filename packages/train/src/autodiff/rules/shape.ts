/** Gradients of operators that only move elements. */

import type { Value } from '@denary/core';
import { sameShape, sizes } from '../../math.js';
import type { Rule } from '../rule.js';

/** d reshape(x) = dy in x's shape, whatever the operator that changed it. */
const back: Rule = ({ dy, x, reshape }) => [reshape(dy, sizes(x))];

export const shape = {
  // d concat(a, b, ...) = the slices of dy
  Concat: (c) => {
    const rank = c.y.shape.length;
    const axis = (c.attr('axis', 'int', 0) + rank) % rank;
    let start = 0;
    return c.inputs.map((input, i) => {
      const end = start + sizes(input!)[axis]!;
      const part = c.wanted(i) ? c.slice(c.dy, [axis], [start], [end]) : undefined;
      start = end;
      return part;
    });
  },
  // d expand(x) = dy, summed by the walk
  Expand: ({ dy }) => [dy],
  Flatten: back,
  Gather: (c) => c.unsupported('a Gather of values that are trained'),
  // d pad(x) = dy padded by the opposite: cut where x was padded, and zeros where it was cut
  Pad: (c) => {
    if (c.attr('mode', 'string', 'constant') !== 'constant') c.unsupported('padding that is not constant');
    const pads = c.inputs[1] ? c.constants(1) : c.attr('pads', 'ints', []);
    return [
      c.pad(
        c.dy,
        pads.map((size) => (size === 0 ? 0 : -size)),
      ),
    ];
  },
  Reshape: back,
  // d slice(x) = dy with zeros where x was left out
  Slice: (c) => {
    const rank = c.x.shape.length;
    const starts = c.constants(1);
    const axes = c.inputs[3] ? c.constants(3) : starts.map((_, i) => i);
    const steps = c.inputs[4] ? c.constants(4) : [];
    // d (x turned round) = dy turned round
    if (steps.every((step) => step === -1) && sameShape(sizes(c.x), sizes(c.y))) {
      return [c.slice(c.dy, axes, starts, c.constants(2), steps)];
    }
    if (steps.some((step) => step !== 1)) c.unsupported('a slice with steps');
    const before = new Array<number>(rank).fill(0);
    axes.forEach((given, i) => {
      const axis = given < 0 ? given + rank : given;
      const size = sizes(c.x)[axis]!;
      const start = starts[i]!;
      before[axis] = Math.min(Math.max(start < 0 ? start + size : start, 0), size);
    });
    const after = before.map((start, axis) => sizes(c.x)[axis]! - start - sizes(c.y)[axis]!);
    return [c.pad(c.dy, [...before, ...after])];
  },
  // d split(x) = the parts' gradients in a row, zeros where a part was not used
  Split: (c) => {
    const zeros = (part: Value) => c.expand(c.graph.scalar(0, part.dtype), sizes(part));
    return [
      c.concat(
        c.outputs.map((part, i) => c.dys[i] ?? zeros(part!)),
        c.attr('axis', 'int', 0),
      ),
    ];
  },
  Squeeze: back,
  // d transpose(x) = dy with the inverse permutation
  Transpose: (c) => {
    const rank = c.x.shape.length;
    const perm = c.attr(
      'perm',
      'ints',
      Array.from({ length: rank }, (_, i) => rank - 1 - i),
    );
    return [
      c.transpose(
        c.dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  Unsqueeze: back,
} as const satisfies Record<string, Rule>;
