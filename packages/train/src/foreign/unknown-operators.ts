/** All the nodes of a graph that denary does not know, at once, so that nobody finds them one after the other. */

import { describeNode, type Graph, isOperator, operators, problem } from '@denary/core';
import { folds } from '../passes/whole-numbers.js';

/** Throws `unsupported-operator`, naming every node with an operator that is neither in the table nor folded away. */
export function requireKnownOperators({ nodes }: Graph, who = 'wrapClassifier'): void {
  const unknown = nodes.filter(({ op }) => !isOperator(op) && !folds(op));
  if (unknown.length === 0) return;
  throw problem(
    'unsupported-operator',
    who,
    'operators that denary knows',
    unknown.map(describeNode).join(', '),
    `Replace them before exporting. Known are: ${Object.keys(operators).join(', ')}.`,
  );
}
