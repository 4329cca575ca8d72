/** Gradients of operators that work element by element. Broadcasting is the walk's business. */

import type { Value } from '@denary/core';
import { nonDifferentiable, type Rule, type RuleContext } from '../rule.js';

/** A row for an operator of one input: dx from dy. */
const unary =
  (gradient: (context: RuleContext) => Value): Rule =>
  (context) => [gradient(context)];

const second = ({ inputs }: RuleContext): Value => inputs[1]!;

/** 1 where the condition holds, else 0, in the type of dy. */
const indicator = ({ cast, dy }: RuleContext, condition: Value): Value => cast(condition, dy.dtype);

/** 1 where a y that is nowhere negative is positive, else 0; in float32 by one kernel (y times the largest number, cut to 0..1). */
const positive = (c: RuleContext): Value =>
  c.y.dtype === 'float32'
    ? c.graph.op('HardSigmoid', [c.y], { alpha: 3.4028234663852886e38, beta: 0 })
    : indicator(c, c.greater(c.y, 0));

/** The largest (or smallest) gets the gradient; of equal ones, the first. */
const extreme: Rule = (c) => {
  const gradients: Value[] = [];
  let rest = c.dy;
  for (const input of c.inputs) {
    const chosen = c.mul(rest, indicator(c, c.equal(input!, c.y)));
    gradients.push(chosen);
    rest = c.sub(rest, chosen);
  }
  return gradients;
};

export const elementwise = {
  // d |x| = dy sign(x)
  Abs: unary(({ dy, x, mul, sign }) => mul(dy, sign(x))),
  // d (a + b) = dy, dy
  Add: ({ dy }) => [dy, dy],
  // d cast(x) = cast back dy; whole numbers have no gradient
  Cast: ({ dy, x, cast }) => [x.dtype.startsWith('float') ? cast(dy, x.dtype) : undefined],
  // d clip(x) = dy where x was not cut
  Clip: (c) => [c.mul(c.dy, indicator(c, c.equal(c.x, c.y)))],
  // d (a / b) = dy / b, -dy y / b
  Div: (c) => {
    const quotient = c.div(c.dy, second(c));
    return [quotient, c.wanted(1) ? c.neg(c.mul(quotient, c.y)) : undefined];
  },
  // d elu(x) = dy where x > 0, else dy (y + alpha)
  Elu: unary((c) => c.mul(c.dy, c.where(c.greater(c.x, 0), 1, c.add(c.y, c.attr('alpha', 'float', 1))))),
  // d exp(x) = dy y
  Exp: unary(({ dy, y, mul }) => mul(dy, y)),
  // d hardsigmoid(x) = dy alpha where 0 < y < 1
  HardSigmoid: unary((c) => {
    const inside = c.mul(indicator(c, c.greater(c.y, 0)), indicator(c, c.less(c.y, 1)));
    return c.mul(c.dy, c.mul(inside, c.attr('alpha', 'float', 0.2)));
  }),
  // d identity(x) = dy
  Identity: unary(({ dy }) => dy),
  // d log(x) = dy / x
  Log: unary(({ dy, x, div }) => div(dy, x)),
  Max: extreme,
  Min: extreme,
  // d (a b) = dy b, dy a
  Mul: (c) => [c.wanted(0) ? c.mul(c.dy, second(c)) : undefined, c.wanted(1) ? c.mul(c.dy, c.x) : undefined],
  // d (-x) = -dy
  Neg: unary(({ dy, neg }) => neg(dy)),
  // d a^b = dy b a^(b-1), dy y log(a)
  Pow: (c) => [
    c.wanted(0) ? c.mul(c.dy, c.mul(second(c), c.pow(c.x, c.sub(second(c), 1)))) : undefined,
    c.wanted(1) ? c.mul(c.dy, c.mul(c.y, c.log(c.x))) : undefined,
  ],
  // d (1 / x) = -dy y^2
  Reciprocal: unary(({ dy, y, neg, mul, square }) => neg(mul(dy, square(y)))),
  // d relu(x) = dy where y > 0
  Relu: unary((c) => c.mul(c.dy, positive(c))),
  // d sigmoid(x) = dy y (1 - y)
  Sigmoid: unary(({ dy, y, mul, sub, square }) => mul(dy, sub(y, square(y)))),
  Sign: nonDifferentiable,
  // d softsign(x) = dy / (1 + |x|)^2
  Softsign: unary((c) => c.div(c.dy, c.square(c.add(c.graph.op('Abs', [c.x]), 1)))),
  // d sqrt(x) = dy / 2y
  Sqrt: unary(({ dy, y, div, add }) => div(dy, add(y, y))),
  // d (a - b) = dy, -dy
  Sub: ({ dy, neg, wanted }) => [dy, wanted(1) ? neg(dy) : undefined],
  // d (a + b + ...) = dy, dy, ...
  Sum: ({ dy, inputs }) => inputs.map(() => dy),
  // d tanh(x) = dy (1 - y^2)
  Tanh: unary(({ dy, y, sub, mul, square }) => sub(dy, mul(dy, square(y)))),
  // d where(c, a, b) = -, dy where c, dy elsewhere
  Where: ({ dy, x, where }) => [undefined, where(x, dy, 0), where(x, 0, dy)],
} as const satisfies Record<string, Rule | typeof nonDifferentiable>;
