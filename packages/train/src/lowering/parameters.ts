/** Which initializers of a model are its weights: told by where they stand, so that it works for anybody's ONNX file. */

import { DenaryError, type Model } from '@denary/core';

/** The inputs of an operator that hold trained weights. */
const weightInputs: Readonly<Record<string, readonly number[]>> = {
  Add: [0, 1],
  BatchNormalization: [1, 2],
  Conv: [1, 2],
  Gemm: [1, 2],
  LSTM: [1, 2, 3],
  MatMul: [0, 1],
};

/** The inputs that hold moving statistics: kept by training, not trained by it. */
const statisticInputs: Readonly<Record<string, readonly number[]>> = { BatchNormalization: [3, 4] };

export interface Parameters {
  readonly weights: ReadonlySet<string>;
  readonly statistics: ReadonlySet<string>;
}

/** Throws `bad-model` where one initializer is both, as exporters do that merge equal tensors. */
export function parametersOf({ graph }: Model): Parameters {
  const found = (table: typeof weightInputs) =>
    new Set(
      graph.nodes.flatMap(({ op, inputs }) =>
        (table[op] ?? []).flatMap((index) => {
          const name = inputs[index];
          const tensor = name ? graph.initializers.get(name) : undefined;
          return name && tensor?.dtype === 'float32' && tensor.shape.length > 0 ? [name] : [];
        }),
      ),
    );
  const parameters = { weights: found(weightInputs), statistics: found(statisticInputs) };
  const tied = [...parameters.weights].find((name) => parameters.statistics.has(name));
  if (tied === undefined) return parameters;
  throw new DenaryError({
    code: 'bad-model',
    who: 'parametersOf',
    expected: 'weights and moving statistics in initializers of their own',
    received: `"${tied}", which is both`,
    remedy: 'Export the model without merging equal initializers.',
  });
}
