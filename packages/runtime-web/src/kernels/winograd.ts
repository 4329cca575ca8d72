/**
 * Convolutions of 3x3 by Winograd's F(4x4, 3x3): tiles of 4x4 outputs from 6x6 inputs with 36 products where 144 stand in the
 * definition (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016, section 4.3). A max-pool within the tiles goes along.
 */
import {
  add,
  advance,
  type Code,
  Definition,
  get,
  int,
  larger,
  lessThan,
  load,
  loop,
  minus,
  multiply,
  plus,
  quotient,
  relu,
  remainder,
  set,
  splat,
  store,
  subtract,
  times,
  when,
} from './assembler.js';
import { type Arithmetic, blockProduct, blocksOf, COLUMNS, pack } from './block.js';
import type { Kernel } from './kernel.js';
import type { Convolution, Shape } from './layers.js';
import { type Plane, paddedTo } from './plane.js';

const TILE = 4;
/** The side of what a tile is made of. */
const SIDE = TILE + 2;
const POSITIONS = SIDE * SIDE;

/** Tiles whose numbers fit into the second-level cache together, in floats. */
const WORKING = 128 * 1024;

/** G of the paper. */
const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];

/** G w Gᵀ for each pair of output and input: [36][outputs][inputs], in float64. */
function transformed(weights: Float32Array, pairs: number): Float64Array {
  const result = new Float64Array(POSITIONS * pairs);
  for (let pair = 0; pair < pairs; pair++) {
    for (let i = 0; i < POSITIONS; i++) {
      const [vertical, horizontal] = [G[Math.floor(i / SIDE)]!, G[i % SIDE]!];
      let sum = 0;
      for (let tap = 0; tap < 9; tap++) {
        sum += vertical[Math.floor(tap / 3)]! * horizontal[tap % 3]! * weights[9 * pair + tap]!;
      }
      result[i * pairs + pair] = sum;
    }
  }
  return result;
}

const tilesOf = ({ height, width }: Shape) => [Math.ceil(height / TILE), Math.ceil(width / TILE)] as const;

/** Rows and columns of zeros beyond a convolution's input that its last tiles read. */
export function overhang(output: Shape): { readonly bottom: number; readonly right: number } {
  const [down, across] = tilesOf(output);
  return { bottom: down * TILE - output.height, right: across * TILE - output.width };
}

/** Whether this way is worth its transformations: there must be channels, and tiles for the rows of a block. */
export const isWorthwhile = (
  { kernel, strides }: Convolution,
  { channels }: Shape,
  output: Shape,
  { rows }: Arithmetic,
): boolean => {
  const [down, across] = tilesOf(output);
  return (
    kernel.every((size) => size === 3) && strides.every((step) => step === 1) && channels >= 8 && down * across >= rows
  );
};

/** `pool` is 1, or the side of a max-pool that divides the tile. `convolved` is the convolution's output, `output` the pool's. */
export function winogradConvolution(
  arithmetic: Arithmetic,
  { weights, bias, relu: rectified }: Convolution,
  input: Plane,
  convolved: Shape,
  pool: 1 | 2 | 4,
  output: Plane,
): Kernel {
  const { multiplyAdd, rows } = arithmetic;
  const inputs = input.pitch;
  const outputs = paddedTo(bias.length);
  const { channels } = input.shape;
  const [down, across] = tilesOf(convolved);
  const tiles = down * across;
  const most = Math.max(1, Math.floor(WORKING / POSITIONS / (inputs + outputs) / rows)) * rows;
  const batch = Math.min(most, Math.ceil(tiles / rows) * rows);

  const all = transformed(weights, bias.length * channels);
  const packed = Array.from({ length: POSITIONS }, (_, position) =>
    pack(inputs, outputs, (k, output) =>
      k < channels && output < bias.length ? all[(position * bias.length + output) * channels + k]! : 0,
    ),
  );
  const flat = new Float32Array(POSITIONS * packed[0]!.length);
  packed.forEach((part, position) => {
    flat.set(part, position * part.length);
  });
  const padded = new Float32Array(outputs);
  padded.set(bias);

  const make = ([weights, bias, scratch]: readonly number[]) => {
    const definition = new Definition(2);
    const [from, to] = [0, 1];
    const local = () => definition.local('i32');
    const [first, count, tile, channel, p, q] = [local(), local(), local(), local(), local(), local()];
    // [36][tiles][channels] before the products, and after them.
    const before = scratch!;
    const after = before + 4 * POSITIONS * batch * inputs;
    const tileRow = quotient(plus(get(first), get(tile)), int(across));
    const tileColumn = remainder(plus(get(first), get(tile)), int(across));
    const tileIn = (plane: Plane, base: Code, side: number) =>
      plus(base, plus(times(tileRow, int(side * plane.rowBytes)), times(tileColumn, int(side * plane.pixelBytes))));

    const grid = (height: number) => Array.from({ length: height }, () => definition.vectors(SIDE));
    const [four, five, two, eight] = definition.vectors(4) as [number, number, number, number];
    const line = definition.vectors(SIDE);
    const terms = definition.vectors(4) as [number, number, number, number];
    const half = grid(SIDE);

    /** Bᵀ of the paper times a column of six. */
    const inputTransform = (column: readonly number[], put: (i: number, value: Code) => Code): Code => {
      const [d0, d1, d2, d3, d4, d5] = column.map(get) as [Code, Code, Code, Code, Code, Code];
      const [a, b, c, d] = terms;
      return [
        set(a, multiplyAdd(d2, get(four), d4)),
        set(b, multiplyAdd(d1, get(four), d3)),
        set(c, subtract(d4, d2)),
        set(d, multiply(subtract(d3, d1), get(two))),
        put(0, multiplyAdd(d2, get(five), multiplyAdd(d0, splat(4), d4))),
        put(1, add(get(a), get(b))),
        put(2, subtract(get(a), get(b))),
        put(3, add(get(c), get(d))),
        put(4, subtract(get(c), get(d))),
        put(5, multiplyAdd(d3, get(five), multiplyAdd(d1, splat(4), d5))),
      ];
    };
    const transformInputs: Code = [
      set(four, splat(-4)),
      set(five, splat(-5)),
      set(two, splat(2)),
      loop(tile, get(count), 1, [
        set(p, tileIn(input, get(from), TILE)),
        set(q, plus(int(before), times(get(tile), int(4 * inputs)))),
        loop(channel, int(inputs), 4, [
          Array.from({ length: SIDE }, (_, x) => [
            line.map((value, y) => set(value, load(get(p), y * input.rowBytes + x * input.pixelBytes))),
            inputTransform(line, (i, value) => set(half[i]![x]!, value)),
          ]),
          half.map((row, y) =>
            inputTransform(row, (i, value) => store(get(q), value, (y * SIDE + i) * batch * 4 * inputs)),
          ),
          advance(p, 16),
          advance(q, 16),
        ]),
      ]),
    ];

    const [position, block, group] = [local(), local(), local()];
    const [a, b, c] = [local(), local(), local()];
    const finish = (sum: Code, row: number, v: number) => store(get(c), sum, row * 4 * outputs + 16 * v);
    const products: Code = [
      set(b, int(weights!)),
      loop(position, int(POSITIONS), 1, [
        loop(block, int(blocksOf(outputs)), 1, [
          set(a, plus(int(before), times(get(position), int(batch * 4 * inputs)))),
          set(
            c,
            plus(plus(int(after), times(get(position), int(batch * 4 * outputs))), times(get(block), int(4 * COLUMNS))),
          ),
          loop(group, get(count), rows, [
            blockProduct(arithmetic, definition, { rows, rowBytes: 4 * inputs, depth: inputs, finish }, a, b),
            advance(a, rows * 4 * inputs),
            advance(c, rows * 4 * outputs),
          ]),
          advance(b, 4 * inputs * COLUMNS),
        ]),
      ]),
    ];

    /** Aᵀ of the paper times a column of six. */
    const outputTransform = (column: readonly number[], put: (i: number, value: Code) => Code): Code => {
      const [d0, d1, d2, d3, d4, d5] = column.map(get) as [Code, Code, Code, Code, Code, Code];
      const [a, b, c, d] = terms;
      return [
        set(a, add(d1, d2)),
        set(b, subtract(d1, d2)),
        set(c, add(d3, d4)),
        set(d, subtract(d3, d4)),
        put(0, add(add(d0, get(a)), get(c))),
        put(1, multiplyAdd(get(d), get(two), get(b))),
        put(2, multiplyAdd(get(c), get(four), get(a))),
        put(3, add(multiplyAdd(get(d), get(eight), get(b)), d5)),
      ];
    };
    const tileOut = Array.from({ length: TILE }, () => definition.vectors(TILE));
    const cells = TILE / pool;
    const { height, width } = output.shape;
    /** The last tiles may reach beyond the output. */
    const within = (index: Code, count: number, cell: number, size: number, body: Code): Code =>
      (count - 1) * cells + cell < size ? body : when(lessThan(times(index, int(cells)), int(size - cell)), body);
    const cell = (y: number, x: number): Code => {
      const values = Array.from({ length: pool * pool }, (_, i) =>
        get(tileOut[y * pool + Math.floor(i / pool)]![x * pool + (i % pool)]!),
      );
      // Bias and ReLU change no order.
      const sum = add(values.reduce(larger), load(get(channel), bias!));
      return store(get(q), rectified ? relu(sum) : sum, y * output.rowBytes + x * output.pixelBytes);
    };
    const transformOutputs: Code = [
      set(four, splat(4)),
      set(two, splat(2)),
      set(eight, splat(8)),
      loop(tile, get(count), 1, [
        set(p, plus(int(after), times(get(tile), int(4 * outputs)))),
        set(q, tileIn(output, get(to), cells)),
        loop(channel, int(4 * outputs), 16, [
          Array.from({ length: SIDE }, (_, x) => [
            line.map((value, y) => set(value, load(get(p), (y * SIDE + x) * batch * 4 * outputs))),
            outputTransform(line, (i, value) => set(half[i]![x]!, value)),
          ]),
          Array.from({ length: TILE }, (_, y) => outputTransform(half[y]!, (i, value) => set(tileOut[y]![i]!, value))),
          Array.from({ length: cells }, (_, y) =>
            within(
              tileRow,
              down,
              y,
              height,
              Array.from({ length: cells }, (_, x) => within(tileColumn, across, x, width, cell(y, x))),
            ),
          ),
          advance(p, 16),
          advance(q, 16),
        ]),
      ]),
    ];
    const body = loop(first, int(tiles), batch, [
      set(count, minus(int(tiles), get(first))),
      when(lessThan(int(batch), get(count)), set(count, int(batch))),
      transformInputs,
      products,
      transformOutputs,
    ]);
    return { definition, body };
  };
  return { constants: [flat, padded], scratch: POSITIONS * batch * (inputs + outputs), make };
}
