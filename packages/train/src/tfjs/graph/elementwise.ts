/** Operators that work element by element, with NumPy's broadcasting; those on known whole numbers are computed here. */

import { type Dimension, filled, type Operator, type Value } from '@denary/core';
import type { Edge } from '../channels-last.js';
import {
  computed,
  edgeRow,
  type GraphRow,
  type GraphRows,
  mapRow,
  type NodeContext,
  type Wholes,
  wholes,
} from './row.js';

type Whole = (a: number, b: number) => number;

/** Both operands in one type: TensorFlow's graph has them so, but for whole numbers that were known. */
const pair = (c: NodeContext): [Edge, Edge] => [c.edge(0), c.edge(1)];

/** The result on whole numbers, where both are known; a product may have the name of a size in it. */
function folded(c: NodeContext, fold: Whole, dtype: Wholes['dtype']): Wholes | undefined {
  const [a, b] = [c.known(0), c.known(1)];
  if (!a || !b) return undefined;
  const length = Math.max(a.values.length, b.values.length);
  const at = ({ values }: Wholes, i: number) => values[values.length === 1 ? 0 : i]!;
  const values = Array.from({ length }, (_, i): Dimension | undefined => {
    const [x, y] = [at(a, i), at(b, i)];
    if (typeof x === 'number' && typeof y === 'number') return fold(x, y);
    if (/^Mul$/.test(c.node.op)) return x === 1 ? y : y === 1 ? x : x === 0 || y === 0 ? 0 : `${x}*${y}`;
    if (/^Add(V2)?$|^Sub$/.test(c.node.op) && y === 0) return x;
    if (/^Add(V2)?$/.test(c.node.op) && x === 0) return y;
    if (/^(Maximum|Minimum)$/.test(c.node.op) && x === y) return x;
    return undefined;
  });
  if (values.some((value) => value === undefined)) return c.unsupported('arithmetic on a size that is open');
  return wholes(values as Dimension[], a.scalar && b.scalar, dtype);
}

const binary =
  (emit: (c: NodeContext, a: Value, b: Value) => Value, fold?: Whole, dtype: Wholes['dtype'] = 'int32'): GraphRow =>
  (c) =>
    (fold && folded(c, fold, dtype)) ?? computed(c.layout.zip(pair(c), ([a, b]) => emit(c, a!, b!)));

const operator = (op: Operator, fold?: Whole): GraphRow => binary((c, a, b) => c.op(op, [a, b]), fold);
const comparison = (op: Operator, test: (a: number, b: number) => boolean): GraphRow =>
  binary(
    (c, a, b) => c.op(op, [a, b]),
    (a, b) => (test(a, b) ? 1 : 0),
    'bool',
  );
const unary = (op: Operator): GraphRow => mapRow((c, x) => c.op(op, [x]));
const formula = (emit: (c: NodeContext['math'], x: Value) => Value): GraphRow => mapRow((c, x) => emit(c.math, x));

const add = operator('Add', (a, b) => a + b);
const quotient = (c: NodeContext, a: Value, b: Value): Value => c.op('Div', [a, b]);

/** TensorFlow's division of whole numbers goes to the lower one, ONNX's towards zero. */
const floorDivision = binary(
  (c, a, b) => (a.dtype === 'int32' ? c.unsupported('division of whole numbers') : c.op('Floor', [quotient(c, a, b)])),
  (a, b) => Math.floor(a / b),
);

/** x - floor(x / y) y */
const floorModulus = binary(
  (c, a, b) =>
    a.dtype === 'int32'
      ? c.unsupported('division of whole numbers')
      : c.math.sub(a, c.math.mul(c.op('Floor', [quotient(c, a, b)]), b)),
  (a, b) => a - Math.floor(a / b) * b,
);

/** By TensorFlow's names, as fused operators list them, too. */
export const activations: Readonly<Record<string, (c: NodeContext, x: Value) => Value>> = {
  Relu: (c, x) => c.op('Relu', [x]),
  Relu6: (c, x) => c.op('Clip', [x, c.graph.scalar(0), c.graph.scalar(6)]),
  Elu: (c, x) => c.op('Elu', [x], { alpha: 1 }),
  Selu: (c, x) => c.op('Selu', [x], { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  LeakyRelu: (c, x) =>
    c.op('LeakyRelu', [x], {
      alpha: c.attributes.number(c.attributes.has('alpha') ? 'alpha' : 'leakyrelu_alpha', 0.2),
    }),
  Sigmoid: (c, x) => c.op('Sigmoid', [x]),
  Tanh: (c, x) => c.op('Tanh', [x]),
  Softplus: (c, x) => c.op('Softplus', [x]),
  Softsign: (c, x) => c.op('Softsign', [x]),
};

/** x where it is positive, else slope x; the slopes broadcast along the last axes. */
export const prelu = (c: NodeContext, x: Edge, slope: Edge): Edge =>
  c.layout.zip([x, slope], ([value, slopes]) => c.op('PRelu', [value!, slopes!]));

const lastAxis = (op: 'Softmax' | 'LogSoftmax'): GraphRow =>
  edgeRow((c) => c.layout.map(c.edge(0), (x, axisOf) => c.op(op, [x], { axis: axisOf(-1) })));

/** Select's condition may be a vector beside values of a higher rank: it then picks along their first axis. */
const select: GraphRow = (c) => {
  const chosen = c.known(0);
  if (chosen?.values.length === 1 && chosen.scalar) return c.inputs[chosen.values[0] ? 1 : 2]!;
  const [condition, a, b] = [c.edge(0), c.edge(1), c.edge(2)];
  const extra = c.node.op === 'Select' && condition.shape.length === 1 ? a.shape.length - 1 : 0;
  const extended =
    extra > 0
      ? c.layout.fromLast(
          c.op('Unsqueeze', [c.layout.last(condition), c.graph.int64s(Array.from({ length: extra }, (_, i) => i + 1))]),
        )
      : condition;
  return computed(c.layout.zip([extended, a, b], ([test, x, y]) => c.op('Where', [test!, x!, y!])));
};

const identity: GraphRow = (c) => c.inputs[0]!;

const zerosOrOnes = (value: 0 | 1): GraphRow =>
  edgeRow((c) => {
    const x = c.edge(0);
    if (x.shape.every((size) => typeof size === 'number'))
      return c.layout.constant(filled(x.dtype, x.shape as number[], value));
    return c.layout.map(x, (v) => c.math.add(c.math.mul(v, 0), value));
  });

export const elementwiseRows = {
  Add: add,
  AddV2: add,
  AddN: edgeRow((c) =>
    c.layout.zip(
      c.inputs.map((_, i) => c.edge(i)),
      (values) => c.op('Sum', values),
    ),
  ),
  Sub: operator('Sub', (a, b) => a - b),
  Mul: operator('Mul', (a, b) => a * b),
  RealDiv: binary(quotient),
  Div: binary(quotient, (a, b) => Math.floor(a / b)),
  DivNoNan: binary((c, a, b) => {
    const zero = c.op('Equal', [b, 0]);
    return c.math.where(zero, 0, c.math.div(a, c.math.where(zero, 1, b)));
  }),
  FloorDiv: floorDivision,
  FloorMod: floorModulus,
  Maximum: operator('Max', Math.max),
  Minimum: operator('Min', Math.min),
  Pow: operator('Pow'),
  SquaredDifference: binary((c, a, b) => c.math.square(c.math.sub(a, b))),
  Prelu: edgeRow((c) => prelu(c, c.edge(0), c.edge(1))),

  Greater: comparison('Greater', (a, b) => a > b),
  GreaterEqual: comparison('GreaterOrEqual', (a, b) => a >= b),
  Less: comparison('Less', (a, b) => a < b),
  LessEqual: comparison('LessOrEqual', (a, b) => a <= b),
  Equal: comparison('Equal', (a, b) => a === b),
  NotEqual: binary(
    (c, a, b) => c.op('Not', [c.op('Equal', [a, b])]),
    (a, b) => (a === b ? 0 : 1),
    'bool',
  ),
  LogicalAnd: comparison('And', (a, b) => a !== 0 && b !== 0),
  LogicalOr: comparison('Or', (a, b) => a !== 0 || b !== 0),
  LogicalNot: (c) => {
    const known = c.known(0);
    if (known)
      return wholes(
        known.values.map((value) => (value === 0 ? 1 : 0)),
        known.scalar,
        'bool',
      );
    return computed(c.layout.map(c.edge(0), (x) => c.op('Not', [x])));
  },
  Select: select,
  SelectV2: select,

  ...Object.fromEntries(Object.entries(activations).map(([name, emit]): [string, GraphRow] => [name, mapRow(emit)])),
  Abs: unary('Abs'),
  Ceil: mapRow((c, x) => c.math.neg(c.op('Floor', [c.math.neg(x)]))),
  Erf: unary('Erf'),
  Exp: unary('Exp'),
  Expm1: formula((m, x) => m.sub(m.exp(x), 1)),
  Floor: unary('Floor'),
  Inv: unary('Reciprocal'),
  Log: unary('Log'),
  Log1p: formula((m, x) => m.log(m.add(x, 1))),
  LogSoftmax: lastAxis('LogSoftmax'),
  Neg: unary('Neg'),
  Reciprocal: unary('Reciprocal'),
  Rsqrt: formula((m, x) => m.div(1, m.sqrt(x))),
  Sign: unary('Sign'),
  Softmax: lastAxis('Softmax'),
  Sqrt: unary('Sqrt'),
  Square: formula((m, x) => m.square(x)),
  OnesLike: zerosOrOnes(1),
  ZerosLike: zerosOrOnes(0),
  ClipByValue: edgeRow((c) =>
    c.layout.zip([c.edge(0), c.edge(1), c.edge(2)], ([x, low, high]) => c.op('Min', [c.op('Max', [x!, low!]), high!])),
  ),
  Cast: (c) => {
    const known = c.known(0);
    const to = c.attributes.dtype('DstT');
    if (known && to === 'int32') return wholes(known.values, known.scalar);
    const edge = c.edge(0);
    // TensorFlow cuts the fraction off, as ONNX does.
    return computed(c.cast(edge, to));
  },

  Identity: identity,
  IdentityN: (c) => c.inputs,
  StopGradient: identity,
  PreventGradient: identity,
  CheckNumerics: identity,
  Snapshot: identity,
  EnsureShape: identity,
} satisfies GraphRows;
