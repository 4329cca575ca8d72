/** The weights nearest to the pixels: a convolution's filters, what each unit of a dense layer looks at, an LSTM's gates. */

import { attribute, type Model, type Node, type Tensor } from '@denary/core';

/** A matrix to be shown as an image. */
export interface Tile {
  readonly label: string;
  readonly height: number;
  readonly width: number;
  at(row: number, column: number): number;
}

export interface FirstLayer {
  readonly name: string;
  /** What one tile shows. */
  readonly what: string;
  readonly tiles: readonly Tile[];
}

/** The first layer whose weights are in the file as numbers; none where they are computed, as in a quantized model. */
export function firstLayer({ graph }: Model, image: { height: number; width: number }): FirstLayer | undefined {
  for (const node of graph.nodes) {
    const weight = graph.initializers.get(node.inputs[1] ?? '');
    const tilesOf = Object.hasOwn(layers, node.op) ? layers[node.op] : undefined;
    if (!tilesOf || weight?.dtype !== 'float32' || weight.shape.length < 2) continue;
    return { name: node.name, ...tilesOf(weight as Tensor<'float32'>, node, image) };
  }
  return undefined;
}

/** Inputs and units in one matrix, at most. */
const MOST_SHOWN = 256;

type Reader = (
  weight: Tensor<'float32'>,
  node: Node,
  image: { height: number; width: number },
) => Omit<FirstLayer, 'name'>;

const dense: Reader = ({ data, shape }, node, { height, width }) => {
  const transposed = node.op === 'Gemm' && attribute(node.attributes, 'transB', 'int') === 1;
  const [inputs, units] = (transposed ? shape.toReversed() : shape) as [number, number];
  const weight = (input: number, unit: number) => data[transposed ? unit * inputs + input : input * units + unit]!;
  if (inputs !== height * width) {
    const [rows, columns] = [Math.min(inputs, MOST_SHOWN), Math.min(units, MOST_SHOWN)];
    return {
      what: `weights from the first ${rows} of ${inputs} inputs (rows) to the first ${columns} of ${units} units (columns)`,
      tiles: [{ label: '', height: rows, width: columns, at: weight }],
    };
  }
  const tile = (unit: number) => ({
    label: '',
    height,
    width,
    at: (y: number, x: number) => weight(y * width + x, unit),
  });
  return {
    what: 'weights of a unit, each at the pixel that it is for',
    tiles: Array.from({ length: units }, (_, unit) => tile(unit)),
  };
};

const layers: Readonly<Record<string, Reader>> = {
  Conv: ({ data, shape }) => {
    const [filters, channels, height, width] = shape as [number, number, number, number];
    const tile = (i: number) => ({
      label: '',
      height,
      width,
      at: (y: number, x: number) => data[(i * height + y) * width + x]!,
    });
    return { what: 'a filter', tiles: Array.from({ length: filters * channels }, (_, i) => tile(i)) };
  },
  Gemm: dense,
  MatMul: dense,
  LSTM: ({ data, shape }) => {
    const [, rows, inputs] = shape as [number, number, number];
    const units = rows / 4;
    const tile = (label: string, gate: number) => ({
      label,
      height: inputs,
      width: units,
      at: (input: number, unit: number) => data[(gate * units + unit) * inputs + input]!,
    });
    return {
      what: 'weights from the inputs (rows) to the units (columns) of a gate',
      tiles: ['input', 'output', 'forget', 'cell'].map(tile),
    };
  },
};
