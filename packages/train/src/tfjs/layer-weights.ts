/** Where a layer's weights are found among those of a file. */

import type { Tensor } from '@denary/core';

export interface LayerWeights {
  /**
   * The weight `name` of the layer whose scopes are given, from the outermost model's to its own. `index` counts the
   * layer's weights in Keras' order, for files that number them.
   */
  find(scopes: readonly string[], name: string, index: number): Tensor | undefined;
}

/**
 * By the names in a manifest of TensorFlow.js: `dense/kernel`. Models inside models may or may not have theirs in front, and
 * TensorFlow 2.2 and later put a cell's before the weight's: `lstm/lstm_cell/kernel`. Its `:0` at the end says nothing.
 */
export function namedWeights(tensors: ReadonlyMap<string, Tensor>): LayerWeights {
  const named = new Map([...tensors].map(([name, tensor]) => [name.replace(/:\d+$/, ''), tensor] as const));
  const withoutCells = new Map(
    [...named].map(([name, tensor]) => {
      const parts = name.split('/');
      return [[...parts.slice(0, -2), parts.at(-1)].join('/'), tensor] as const;
    }),
  );
  return {
    find: (scopes, name) => {
      for (const known of [named, withoutCells]) {
        for (let from = 0; from < scopes.length; from++) {
          const found = known.get([...scopes.slice(from), name].join('/'));
          if (found) return found;
        }
      }
      return undefined;
    },
  };
}
