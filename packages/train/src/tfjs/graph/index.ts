/** The table of graph operators: all that is converted, by TensorFlow's names. */

import { controlRows } from './control.js';
import { convolutionRows } from './convolution.js';
import { elementwiseRows } from './elementwise.js';
import { reductionRows } from './reduction.js';
import type { GraphRow, GraphRows } from './row.js';
import { shapeRows } from './shape.js';
import { sourceRows } from './sources.js';

export const graphOperators = {
  ...sourceRows,
  ...elementwiseRows,
  ...convolutionRows,
  ...reductionRows,
  ...shapeRows,
  ...controlRows,
} satisfies GraphRows;

/** An operator of TensorFlow's that is converted. */
export type GraphOperator = keyof typeof graphOperators;

export const graphRowOf = (op: string): GraphRow | undefined =>
  Object.hasOwn(graphOperators, op) ? graphOperators[op as GraphOperator] : undefined;
