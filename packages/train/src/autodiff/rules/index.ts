/** Every operator's gradient: exhaustive over the operators that denary knows, so that a missing row does not compile. */

import type { Operator } from '@denary/core';
import { nonDifferentiable, type Rule } from '../rule.js';
import { activations } from './activations.js';
import { convolution } from './convolution.js';
import { elementwise } from './elementwise.js';
import { linear } from './linear.js';
import { normalization } from './normalization.js';
import { recurrent } from './recurrent.js';
import { reduction } from './reduction.js';
import { shape } from './shape.js';

const discrete = {
  And: nonDifferentiable,
  ArgMax: nonDifferentiable,
  DequantizeLinear: nonDifferentiable,
  Equal: nonDifferentiable,
  Floor: nonDifferentiable,
  Greater: nonDifferentiable,
  GreaterOrEqual: nonDifferentiable,
  Less: nonDifferentiable,
  LessOrEqual: nonDifferentiable,
  Not: nonDifferentiable,
  Or: nonDifferentiable,
  QuantizeLinear: nonDifferentiable,
} as const;

export const rules: { readonly [O in Operator]: Rule | typeof nonDifferentiable } = {
  ...elementwise,
  ...activations,
  ...linear,
  ...convolution,
  ...reduction,
  ...normalization,
  ...shape,
  ...recurrent,
  ...discrete,
};
