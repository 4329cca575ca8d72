/**
 * The whole-number arithmetic by which exporters compute shapes (Shape, Gather, Concat, ...), done on plain lists. A number
 * may be a symbol: the shape of [batch, 7, 7, 16] is a list like any other.
 */

import {
  attribute,
  type Dimension,
  type DType,
  dtypeOf,
  joined,
  type Node,
  type Tensor,
  toNumbers,
} from '@denary/core';

/** A scalar or a list of whole numbers that is known when the graph is built. */
export interface Whole {
  readonly dtype: DType;
  readonly values: readonly Dimension[];
  readonly scalar: boolean;
}

interface Given {
  readonly node: Node;
  /** The node's inputs; undefined where an input is left out, or is not known. */
  readonly inputs: readonly (Whole | undefined)[];
  /** The first input's shape, which may be known where its values are not. */
  readonly shape: readonly Dimension[] | undefined;
}

type Evaluation = (given: Given) => Whole | undefined;

const integer = (node: Node, name: string, fallback: number) => attribute(node.attributes, name, 'int') ?? fallback;
const list = (values: readonly Dimension[], dtype: DType = 'int64'): Whole => ({ dtype, values, scalar: false });
const isNumber = (size: Dimension): size is number => typeof size === 'number';

/** All of a list, where none of it is a symbol. */
const numbersOf = (whole: Whole | undefined): number[] | undefined => {
  const numbers = whole?.values.filter(isNumber);
  return numbers?.length === whole?.values.length ? numbers : undefined;
};

/** One list from two, a scalar (or a list of one) beside each element of the other. */
function pairwise(of: (a: Dimension, b: Dimension) => Dimension | undefined): Evaluation {
  return ({ inputs: [a, b] }) => {
    if (!a || !b) return undefined;
    const length = Math.max(a.values.length, b.values.length);
    if ([a, b].some(({ values }) => values.length !== length && values.length !== 1)) return undefined;
    const at = ({ values }: Whole, i: number) => values[values.length === 1 ? 0 : i]!;
    const values = Array.from({ length }, (_, i) => of(at(a, i), at(b, i)));
    return values.includes(undefined)
      ? undefined
      : { dtype: a.dtype, values: values as Dimension[], scalar: a.scalar && b.scalar };
  };
}

/** For numbers alone: nothing comes of symbols. */
const ofNumbers = (of: (a: number, b: number) => number) =>
  pairwise((a, b) => (isNumber(a) && isNumber(b) ? of(a, b) : undefined));

/** The list again, whatever it is held in: lists of lists do not occur here. */
const asList =
  (scalar: (given: Given) => boolean): Evaluation =>
  (given) =>
    given.inputs[0] && { ...given.inputs[0], scalar: given.inputs[0].values.length === 1 && scalar(given) };

const evaluations: Readonly<Record<string, Evaluation>> = {
  Add: ofNumbers((a, b) => a + b),
  Cast: ({ node, inputs: [x] }) => {
    const dtype = dtypeOf(integer(node, 'to', 0), 'Cast');
    return x && isWholeType(dtype) ? { ...x, dtype } : undefined;
  },
  Concat: ({ inputs }) =>
    inputs.every((part) => part !== undefined) && inputs.length > 0
      ? list(
          inputs.flatMap((part) => part.values),
          inputs[0]!.dtype,
        )
      : undefined,
  ConstantOfShape: ({ node, inputs: [lengths] }) => {
    const [length, ...more] = numbersOf(lengths) ?? [];
    const value = attribute(node.attributes, 'value', 'tensor');
    if (length === undefined || more.length > 0 || !value || !isWholeType(value.dtype)) return undefined;
    return list(new Array<number>(length).fill(toNumbers(value)[0]!), value.dtype);
  },
  Div: pairwise((a, b) => {
    if (isNumber(a) && isNumber(b)) return Math.trunc(a / b);
    return b === 1 ? a : undefined;
  }),
  Gather: ({ inputs: [x, at] }) => {
    const indices = numbersOf(at);
    if (!x || x.scalar || !indices) return undefined;
    return { dtype: x.dtype, values: indices.map((i) => x.values.at(i)!), scalar: at!.scalar };
  },
  Identity: ({ inputs: [x] }) => x,
  Mul: pairwise((a, b) => joined([a, b])),
  Range: ({ inputs }) => {
    const [start, limit, step] = inputs.map((input) => numbersOf(input)?.[0]);
    if (start === undefined || limit === undefined || !step) return undefined;
    const length = Math.max(0, Math.ceil((limit - start) / step));
    return list(
      Array.from({ length }, (_, i) => start + i * step),
      inputs[0]!.dtype,
    );
  },
  ReduceProd: ({ inputs: [x] }) => x && { dtype: x.dtype, values: [joined(x.values)], scalar: false },
  Reshape: asList(({ inputs }) => inputs[1]?.values.length === 0),
  Shape: ({ node, shape }) => shape && list(shape.slice(integer(node, 'start', 0), integer(node, 'end', shape.length))),
  Size: ({ shape }) => shape && { dtype: 'int64', values: [joined(shape)], scalar: true },
  Slice: ({ inputs: [x, ...limits] }) => {
    const [start, end, axis = 0, step = 1] = limits.map((limit) => numbersOf(limit)?.[0]);
    if (!x || start === undefined || end === undefined || axis !== 0 || step !== 1) return undefined;
    return { ...x, values: x.values.slice(start, end) };
  },
  Squeeze: asList(() => true),
  Sub: ofNumbers((a, b) => a - b),
  Unsqueeze: asList(() => false),
} satisfies Record<string, Evaluation>;

export const isWholeType = (dtype: DType): boolean => dtype === 'int64' || dtype === 'int32';

/** A constant as such a list: undefined for floats, and for what has more than one axis. */
export function wholeOf({ dtype, shape, data }: Tensor): Whole | undefined {
  if (!isWholeType(dtype) || shape.length > 1) return undefined;
  return { dtype, values: toNumbers({ dtype, shape, data } as Tensor), scalar: shape.length === 0 };
}

/** What a node gives, where that is known already; undefined where it is not, and for any other operator. */
export const evaluate = (given: Given): Whole | undefined => evaluations[given.node.op]?.(given);

/** Whether nodes of that operator can be folded away. */
export const folds = (op: string): boolean => Object.hasOwn(evaluations, op);
