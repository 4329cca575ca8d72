/** How a weight lies in TensorFlow.js, beside how it lies in our files: the same numbers in another order. */

import { filled, type Tensor } from '@denary/core';
import { transposed } from '../channels-last.js';

type Floats = Tensor<'float32'>;

export interface Layout {
  /** From our file to TensorFlow.js. */
  there(tensor: Floats): Floats;
  /** Back again. */
  here(tensor: Floats): Floats;
}

export const plain: Layout = { there: (tensor) => tensor, here: (tensor) => tensor };

/** A convolution's kernel: [filters, channels, height, width] here, [height, width, channels, filters] there. */
export const kernel2d: Layout = {
  there: (tensor) => transposed(tensor, [2, 3, 1, 0]),
  here: (tensor) => transposed(tensor, [3, 2, 0, 1]),
};

/** What has a row for each value of a flattened image: channels first here, channels last there. */
export function flattenedRows([height, width, channels]: readonly [number, number, number]): Layout {
  const reordered = (tensor: Floats, sizes: readonly number[], perm: readonly number[]): Floats => {
    const { data } = transposed({ ...tensor, shape: [...sizes, ...tensor.shape.slice(1)] }, [
      ...perm,
      ...tensor.shape.slice(1).map((_, i) => i + 3),
    ]);
    return { ...tensor, data };
  };
  return {
    there: (tensor) => reordered(tensor, [channels, height, width], [1, 2, 0]),
    here: (tensor) => reordered(tensor, [height, width, channels], [2, 0, 1]),
  };
}

/** An LSTM's kernels: [1, 4 units, inputs] with the gates i, o, f, c here, [inputs, 4 units] with i, f, c, o there. */
export const gates: Layout = {
  there: ({ shape: [, rows, inputs], ...rest }) =>
    transposed(gateRows({ ...rest, shape: [rows!, inputs!] }, [0, 2, 3, 1]), [1, 0]),
  here(tensor) {
    const rows = gateRows(transposed(tensor, [1, 0]), [0, 3, 1, 2]);
    return { ...rows, shape: [1, ...rows.shape] };
  },
};

/** An LSTM's bias: [1, 8 units] here, whose second half stays zero, [4 units] there. */
export const gateBias: Layout = {
  there: ({ data, ...rest }) =>
    gateRows({ ...rest, shape: [data.length / 2], data: data.subarray(0, data.length / 2) }, [0, 2, 3, 1]),
  here(tensor) {
    const bias = filled('float32', [1, 2 * tensor.data.length]);
    bias.data.set(gateRows(tensor, [0, 3, 1, 2]).data);
    return bias;
  },
};

/** The four blocks of rows in another order. */
function gateRows(tensor: Floats, order: readonly number[]): Floats {
  const block = tensor.data.length / 4;
  const data = new Float32Array(tensor.data.length);
  order.forEach((from, to) => {
    data.set(tensor.data.subarray(from * block, (from + 1) * block), to * block);
  });
  return { ...tensor, data };
}
