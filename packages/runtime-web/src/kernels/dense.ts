/** Dense layers: all images of a batch times the weights, one piece of the depth after the other so that it stays in the cache. */
import {
  advance,
  type Code,
  Definition,
  get,
  int,
  lessThan,
  load,
  loop,
  plus,
  relu,
  set,
  store,
  times,
  when,
} from './assembler.js';
import { type Arithmetic, blockProduct, blocksOf, COLUMNS, pack } from './block.js';
import type { Kernel } from './kernel.js';

export interface Product {
  /** Numbers of an image as it comes, and those that go out, without what fills up the last block. */
  readonly inputs: number;
  readonly outputs: number;
  readonly weightAt: (input: number, output: number) => number;
  readonly bias: Float32Array;
  readonly relu: boolean;
}

/** Inputs of one piece. */
const PIECE = 512;

/** For a number of images, the function's third parameter. Where it fills no whole blocks, memory for the rest is used, too. */
export function denseProduct(
  arithmetic: Arithmetic,
  { inputs, outputs, weightAt, bias, relu: rectified }: Product,
): Kernel {
  const columns = blocksOf(outputs) * COLUMNS;
  const pieces = Math.floor(inputs / PIECE);
  const weights = new Float32Array(inputs * columns);
  for (let start = 0; start < inputs; start += PIECE) {
    const depth = Math.min(PIECE, inputs - start);
    weights.set(
      pack(depth, outputs, (k, output) => weightAt(start + k, output)),
      start * columns,
    );
  }
  const padded = new Float32Array(columns);
  padded.set(bias);
  const make = ([weights, bias]: readonly number[]) => {
    const definition = new Definition(3);
    const [from, to, images] = [0, 1, 2];
    const local = () => definition.local('i32');
    const [piece, image, block, a, b, c] = [local(), local(), local(), local(), local(), local()];
    const outputBytes = 4 * columns;

    /** Adds a piece of the depth to the outputs. */
    const product = (depth: number, rows: number): Code => {
      const at = (row: number, v: number) => row * outputBytes + 16 * v;
      const initial = (row: number, v: number) => load(get(c), at(row, v));
      const finish = (sum: Code, row: number, v: number) => store(get(c), sum, at(row, v));
      return loop(image, get(images), rows, [
        set(a, plus(plus(get(from), times(get(image), int(4 * inputs))), times(get(piece), int(4 * PIECE)))),
        set(b, plus(int(weights!), times(get(piece), int(PIECE * outputBytes)))),
        set(c, plus(get(to), times(get(image), int(outputBytes)))),
        loop(block, int(blocksOf(outputs)), 1, [
          blockProduct(arithmetic, definition, { rows, rowBytes: 4 * inputs, depth, initial, finish }, a, b),
          advance(b, 4 * depth * COLUMNS),
          advance(c, 4 * COLUMNS),
        ]),
      ]);
    };
    const inRows = (rows: number): Code => [
      pieces > 0 ? loop(piece, int(pieces), 1, product(PIECE, rows)) : [],
      inputs % PIECE > 0 ? product(inputs % PIECE, rows) : [],
    ];
    /** Goes through all outputs; `block` is the byte of an image's outputs. */
    const each = (value: (at: Code) => Code): Code =>
      loop(image, get(images), 1, [
        set(c, plus(get(to), times(get(image), int(outputBytes)))),
        loop(block, int(outputBytes), 16, store(plus(get(c), get(block)), value(plus(get(c), get(block))), 0)),
      ]);
    const body = [
      each(() => load(get(block), bias!)),
      when(lessThan(get(images), int(2)), inRows(1)),
      when(lessThan(int(1), get(images)), inRows(arithmetic.rows)),
      rectified ? each((at) => relu(load(at, 0))) : [],
    ];
    return { definition, body };
  };
  return { constants: [weights, padded], make };
}
