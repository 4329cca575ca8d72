/**
 * The heart of all products: rows of A times columns of B, kept in registers until they are done. Of A one number after the other
 * is spread over a vector; B was packed so that its columns' numbers are read in the order in which they are needed.
 */
import {
  add,
  advance,
  type Code,
  type Definition,
  get,
  int,
  load,
  loadSplat,
  loop,
  type MultiplyAdd,
  set,
  splat,
} from './assembler.js';

export interface Arithmetic {
  readonly multiplyAdd: MultiplyAdd;
  /** Rows of a block: with two vectors of columns they fill the 15 registers that x86 leaves, a product of its own taken along. */
  readonly rows: number;
}

/** The vectors of columns of a block. */
export const VECTORS = 2;
/** The columns of a block. */
export const COLUMNS = 4 * VECTORS;

/** Numbers of the depth that are worked off in one turn of the loop. */
const UNROLL = 4;

export interface Block {
  readonly rows: number;
  /** Bytes from one row of A to the next. */
  readonly rowBytes: number;
  /** Numbers of a row that lie side by side, and the bytes at which each such run begins. */
  readonly depth: number;
  readonly runs?: readonly number[];
  /** What the sums begin with; 0 where left out. */
  readonly initial?: (row: number, vector: number) => Code;
  /** What is done with a sum. */
  readonly finish: (sum: Code, row: number, vector: number) => Code;
}

/** `a` and `b` are locals with the addresses of the first row and of the packed columns; both stay as they are. */
export function blockProduct(
  { multiplyAdd }: Arithmetic,
  definition: Definition,
  { rows, rowBytes, depth, runs = [0], initial = () => splat(0), finish }: Block,
  a: number,
  b: number,
): Code {
  // A single row would wait for each of its sums: it has one for each number of a turn, added up at the end.
  const partial = rows === 1 ? UNROLL : 1;
  const sums = Array.from({ length: rows * partial }, () => definition.vectors(VECTORS));
  const columns = definition.vectors(VECTORS);
  const number = definition.local('v128');
  const [fromA, fromB, k] = [definition.local('i32'), definition.local('i32'), definition.local('i32')];
  const term = (i: number, run: number): Code => [
    columns.map((column, v) => set(column, load(get(fromB), 4 * (i * COLUMNS + 4 * v)))),
    Array.from({ length: rows }, (_, row) => [
      set(number, loadSplat(get(fromA), run + row * rowBytes + 4 * i)),
      sums[row * partial + (i % partial)]!.map((sum, v) =>
        set(sum, multiplyAdd(get(number), get(columns[v]!), get(sum))),
      ),
    ]),
  ];
  const terms = (count: number, run: number): Code => [
    Array.from({ length: count }, (_, i) => term(i, run)),
    advance(fromA, 4 * count),
    advance(fromB, 4 * count * COLUMNS),
  ];
  const turns = Math.floor(depth / UNROLL);
  const start = (row: number, part: number, v: number) => (part === 0 ? initial(row, v) : splat(0));
  return [
    sums.map((row, i) => row.map((sum, v) => set(sum, start(Math.floor(i / partial), i % partial, v)))),
    set(fromB, get(b)),
    runs.map((run) => [
      set(fromA, get(a)),
      turns > 0 ? loop(k, int(turns), 1, terms(UNROLL, run)) : [],
      depth % UNROLL > 0 ? terms(depth % UNROLL, run) : [],
    ]),
    Array.from({ length: rows }, (_, row) => {
      const parts = sums.slice(row * partial, (row + 1) * partial);
      return parts[0]!.map((_, v) => finish(parts.map((part) => get(part[v]!)).reduce(add), row, v));
    }),
  ];
}

/** The blocks of columns that so many outputs take. */
export const blocksOf = (outputs: number): number => Math.ceil(outputs / COLUMNS);

/** Packs numbers [depth][outputs] for `blockProduct`: block by block, and in it all columns of one depth after the other. */
export function pack(depth: number, outputs: number, at: (k: number, output: number) => number): Float32Array {
  const packed = new Float32Array(blocksOf(outputs) * depth * COLUMNS);
  for (let output = 0; output < outputs; output++) {
    const start = Math.floor(output / COLUMNS) * depth * COLUMNS + (output % COLUMNS);
    for (let k = 0; k < depth; k++) packed[start + k * COLUMNS] = at(k, output);
  }
  return packed;
}
