/** Gradients of matrix products. */

import { sizes } from '../../math.js';
import type { Rule } from '../rule.js';

export const linear = {
  // d (alpha A'B' + beta C): A'B' = op(A) op(B); dA' = alpha dy B'^T, dB' = alpha A'^T dy, dC = beta dy
  Gemm: (c) => {
    const [a, b] = [c.x, c.inputs[1]!];
    const transA = c.attr('transA', 'int', 0) === 1;
    const transB = c.attr('transB', 'int', 0) === 1;
    const alpha = c.attr('alpha', 'float', 1);
    const da = () =>
      transA ? c.gemm(b, c.dy, { transA: transB, transB: true, alpha }) : c.gemm(c.dy, b, { transB: !transB, alpha });
    const db = () =>
      transB ? c.gemm(c.dy, a, { transA: true, transB: transA, alpha }) : c.gemm(a, c.dy, { transA: !transA, alpha });
    return [
      c.wanted(0) ? da() : undefined,
      c.wanted(1) ? db() : undefined,
      c.wanted(2) ? c.mul(c.dy, c.attr('beta', 'float', 1)) : undefined,
    ];
  },

  // d (A B) = dy B^T, A^T dy, batch axes broadcast
  MatMul: (c) => {
    const [a, b] = [c.x, c.inputs[1]!];
    const swapped = (rank: number) => Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
    // One matrix for the whole batch: fold the batch into the rows, so that its gradient is a single product.
    const folds = b.shape.length === 2 && a.shape.length > 2;
    const rows = (x: typeof a) => c.reshape(x, [-1, sizes(x).at(-1)!]);
    return [
      c.wanted(0) ? c.matmul(c.dy, c.transpose(b, swapped(b.shape.length))) : undefined,
      !c.wanted(1)
        ? undefined
        : folds
          ? c.gemm(rows(a), rows(c.dy), { transA: true })
          : c.matmul(c.transpose(a, swapped(a.shape.length)), c.dy),
    ];
  },
} as const satisfies Record<string, Rule>;
