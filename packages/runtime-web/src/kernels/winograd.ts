/**
 * Convolutions of 3x3 by tiles of 4x4 outputs: their inputs are transformed, multiplied with the transformed weights, which for each
 * of 36 positions is one product of matrices, and transformed back. A max-pool within the tiles goes along.
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
  plus,
  quotient,
  relu,
  remainder,
  set,
  store,
  times,
  when,
} from './assembler.js';
import { type Arithmetic, blockProduct, blocksOf, COLUMNS, pack } from './block.js';
import type { Kernel } from './kernel.js';
import type { Convolution, Shape } from './layers.js';
import { type Plane, paddedTo } from './plane.js';
import { inputTransform, outputTransform, POSITIONS, SIDE, TILE, transformedWeights } from './winograd-transforms.js';

/** Floats of tiles that are worked on together, which are to fit into a second-level cache. */
const WORKING = 128 * 1024;

const tilesOf = ({ height, width }: Shape) => [Math.ceil(height / TILE), Math.ceil(width / TILE)] as const;

/** Rows and columns of zeros beyond a convolution's input that its last tiles read. */
export function overhang(output: Shape): { readonly bottom: number; readonly right: number } {
  const [down, across] = tilesOf(output);
  return { bottom: down * TILE - output.height, right: across * TILE - output.width };
}

/** Whether this way is worth its transformations: there must be channels, and tiles for the rows of a block. */
export function isWorthwhile(
  { kernel, strides }: Convolution,
  { channels }: Shape,
  output: Shape,
  { rows }: Arithmetic,
): boolean {
  const [down, across] = tilesOf(output);
  const fits = kernel.every((size) => size === 3) && strides.every((step) => step === 1);
  return fits && channels >= COLUMNS && down * across >= rows;
}

/** The convolution that is done, and the max-pool behind it: its side divides the tile's, and 1 is none. */
export interface Tiled {
  readonly layer: Convolution;
  /** The convolution's own output, before the pool. */
  readonly convolved: Shape;
  readonly pool: 1 | 2 | 4;
  readonly input: Plane;
  readonly output: Plane;
}

export function winogradConvolution(arithmetic: Arithmetic, tiled: Tiled): Kernel {
  const { layer, input, convolved } = tiled;
  const inputs = input.pitch;
  const outputs = paddedTo(layer.bias.length);
  const { channels } = input.shape;
  const [down, across] = tilesOf(convolved);
  const { rows } = arithmetic;
  const most = Math.max(1, Math.floor(WORKING / POSITIONS / (inputs + outputs) / rows)) * rows;
  const batch = Math.min(most, Math.ceil((down * across) / rows) * rows);

  const all = transformedWeights(layer.weights);
  const weights = new Float32Array(POSITIONS * inputs * outputs);
  for (let position = 0; position < POSITIONS; position++) {
    const at = (k: number, o: number) =>
      k < channels && o < layer.bias.length ? all[(position * layer.bias.length + o) * channels + k]! : 0;
    weights.set(pack(inputs, outputs, at), position * inputs * outputs);
  }
  const bias = new Float32Array(outputs);
  bias.set(layer.bias);
  const make = (addresses: readonly number[]) => new Tiles(arithmetic, tiled, { inputs, outputs, batch }, addresses);
  return { constants: [weights, bias], scratch: POSITIONS * batch * (inputs + outputs), make };
}

interface Sizes {
  /** Channels in whole blocks. */
  readonly inputs: number;
  readonly outputs: number;
  /** Tiles that are worked on together. */
  readonly batch: number;
}

/** The function, part by part. */
class Tiles {
  readonly definition = new Definition(2);
  readonly body: Code;
  /** The first tile of a batch, and how many it has. */
  private readonly first = this.definition.local('i32');
  private readonly count = this.definition.local('i32');
  /** Within the batch, and the bytes of its channels that are done. */
  private readonly tile = this.definition.local('i32');
  private readonly channel = this.definition.local('i32');
  /** Where it is read from, and where it is written to. */
  private readonly source = this.definition.local('i32');
  private readonly target = this.definition.local('i32');
  private readonly down: number;
  private readonly across: number;
  /** [36][batch][channels] before the products, and after them. */
  private readonly before: number;
  private readonly after: number;

  constructor(
    private readonly arithmetic: Arithmetic,
    private readonly tiled: Tiled,
    private readonly sizes: Sizes,
    private readonly addresses: readonly number[],
  ) {
    [this.down, this.across] = tilesOf(tiled.convolved);
    const tiles = this.down * this.across;
    const { inputs, batch } = sizes;
    this.before = addresses[2]!;
    this.after = this.before + 4 * POSITIONS * batch * inputs;
    const { first, count } = this;
    this.body = loop(first, int(tiles), batch, [
      set(count, minus(int(tiles), get(first))),
      when(lessThan(int(batch), get(count)), set(count, int(batch))),
      this.transformInputs(),
      this.multiply(),
      this.transformOutputs(),
    ]);
  }

  private get row(): Code {
    return quotient(plus(get(this.first), get(this.tile)), int(this.across));
  }

  private get column(): Code {
    return remainder(plus(get(this.first), get(this.tile)), int(this.across));
  }

  /** Where a tile lies in a plane, of which it takes `side` rows and columns. */
  private tileIn({ rowBytes, pixelBytes }: Plane, base: number, side: number): Code {
    return plus(get(base), plus(times(this.row, int(side * rowBytes)), times(this.column, int(side * pixelBytes))));
  }

  /** Goes through the tiles, four channels at a time. */
  private each(source: Code, target: Code, channels: number, body: Code): Code {
    return loop(this.tile, get(this.count), 1, [
      set(this.source, source),
      set(this.target, target),
      loop(this.channel, int(4 * channels), 16, [body, advance(this.source, 16), advance(this.target, 16)]),
    ]);
  }

  private grid(height: number, width: number): readonly (readonly number[])[] {
    return Array.from({ length: height }, () => this.definition.vectors(width));
  }

  private transformInputs(): Code {
    const { input } = this.tiled;
    const { inputs, batch } = this.sizes;
    const transform = inputTransform(this.arithmetic.multiplyAdd, this.definition);
    const column = this.definition.vectors(SIDE);
    const half = this.grid(SIDE, SIDE);
    const pixel = (y: number, x: number) => load(get(this.source), y * input.rowBytes + x * input.pixelBytes);
    const put = (position: number, value: Code) => store(get(this.target), value, position * batch * 4 * inputs);
    const body = [
      Array.from({ length: SIDE }, (_, x) => [
        column.map((value, y) => set(value, pixel(y, x))),
        transform.times(column, (i, value) => set(half[i]![x]!, value)),
      ]),
      half.map((row, y) => transform.times(row, (i, value) => put(y * SIDE + i, value))),
    ];
    const target = plus(int(this.before), times(get(this.tile), int(4 * inputs)));
    return [transform.prepare, this.each(this.tileIn(input, FROM, TILE), target, inputs, body)];
  }

  private multiply(): Code {
    const { inputs, outputs, batch } = this.sizes;
    const { rows } = this.arithmetic;
    const local = () => this.definition.local('i32');
    const [position, block, group, a, b, c] = [local(), local(), local(), local(), local(), local()];
    const finish = (sum: Code, row: number, v: number) => store(get(c), sum, row * 4 * outputs + 16 * v);
    const matrix = (base: number, channels: number) => plus(int(base), times(get(position), int(batch * 4 * channels)));
    const blocks = [
      set(a, matrix(this.before, inputs)),
      set(c, plus(matrix(this.after, outputs), times(get(block), int(4 * COLUMNS)))),
      loop(group, get(this.count), rows, [
        blockProduct(this.arithmetic, this.definition, { rows, rowBytes: 4 * inputs, depth: inputs, finish }, a, b),
        advance(a, rows * 4 * inputs),
        advance(c, rows * 4 * outputs),
      ]),
      advance(b, 4 * inputs * COLUMNS),
    ];
    return [
      set(b, int(this.addresses[0]!)),
      loop(position, int(POSITIONS), 1, loop(block, int(blocksOf(outputs)), 1, blocks)),
    ];
  }

  private transformOutputs(): Code {
    const { output, pool } = this.tiled;
    const { outputs, batch } = this.sizes;
    const transform = outputTransform(this.arithmetic.multiplyAdd, this.definition);
    const column = this.definition.vectors(SIDE);
    const half = this.grid(TILE, SIDE);
    const tile = this.grid(TILE, TILE);
    const product = (position: number) => load(get(this.source), position * batch * 4 * outputs);
    const cells = Array.from({ length: TILE / pool }, (_, i) => i);
    const body = [
      Array.from({ length: SIDE }, (_, x) => [
        column.map((value, y) => set(value, product(y * SIDE + x))),
        transform.times(column, (i, value) => set(half[i]![x]!, value)),
      ]),
      half.map((row, y) => transform.times(row, (i, value) => set(tile[y]![i]!, value))),
      cells.map((y) =>
        this.within(
          'row',
          y,
          cells.map((x) => this.within('column', x, this.cell(tile, y, x))),
        ),
      ),
    ];
    const source = plus(int(this.after), times(get(this.tile), int(4 * outputs)));
    return [transform.prepare, this.each(source, this.tileIn(output, TO, cells.length), outputs, body)];
  }

  /** The last tiles may reach beyond the output. */
  private within(axis: 'row' | 'column', cell: number, body: Code): Code {
    const { height, width } = this.tiled.output.shape;
    const [size, tiles] = axis === 'row' ? [height, this.down] : [width, this.across];
    const cells = TILE / this.tiled.pool;
    if ((tiles - 1) * cells + cell < size) return body;
    return when(lessThan(times(this[axis], int(cells)), int(size - cell)), body);
  }

  /** One value of the output: bias and ReLU change no order, so the largest is found first. */
  private cell(tile: readonly (readonly number[])[], y: number, x: number): Code {
    const { output, pool, layer } = this.tiled;
    const values = Array.from({ length: pool * pool }, (_, i) =>
      get(tile[y * pool + Math.floor(i / pool)]![x * pool + (i % pool)]!),
    );
    const sum = add(values.reduce(larger), load(get(this.channel), this.addresses[1]!));
    return store(get(this.target), layer.relu ? relu(sum) : sum, y * output.rowBytes + x * output.pixelBytes);
  }
}

/** The function's parameters. */
const [FROM, TO] = [0, 1];
