/**
 * The transformations of Winograd's F(4x4, 3x3): a tile of 4x4 outputs is made of 6x6 inputs, with one product for each of these
 * (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2016, section 4.3).
 */
import { add, type Code, type Definition, get, type MultiplyAdd, multiply, set, splat, subtract } from './assembler.js';

export const TILE = 4;
/** The side of what a tile is made of. */
export const SIDE = TILE + 2;
export const POSITIONS = SIDE * SIDE;

/** G of the paper. */
const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];

/** G w Gᵀ for each pair of output and input: [pairs][3][3] -> [36][pairs], in float64. */
export function transformedWeights(weights: Float32Array): Float64Array {
  const pairs = weights.length / 9;
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

/** A matrix times columns of six vectors. */
export interface Transform {
  /** Comes before the first column. */
  readonly prepare: Code;
  /** `column` are locals; each value of the result is handed to `put`. */
  times(column: readonly number[], put: (i: number, value: Code) => Code): Code;
}

type Six = readonly [Code, Code, Code, Code, Code, Code];

/** Bᵀ of the paper. */
export function inputTransform(multiplyAdd: MultiplyAdd, definition: Definition): Transform {
  const [a, b, c, d, four, minusFour, minusFive, two] = definition.vectors(8);
  return {
    prepare: [set(four!, splat(4)), set(minusFour!, splat(-4)), set(minusFive!, splat(-5)), set(two!, splat(2))],
    times(column, put) {
      const [d0, d1, d2, d3, d4, d5] = column.map(get) as unknown as Six;
      return [
        set(a!, multiplyAdd(d2, get(minusFour!), d4)),
        set(b!, multiplyAdd(d1, get(minusFour!), d3)),
        set(c!, subtract(d4, d2)),
        set(d!, multiply(subtract(d3, d1), get(two!))),
        put(0, multiplyAdd(d2, get(minusFive!), multiplyAdd(d0, get(four!), d4))),
        put(1, add(get(a!), get(b!))),
        put(2, subtract(get(a!), get(b!))),
        put(3, add(get(c!), get(d!))),
        put(4, subtract(get(c!), get(d!))),
        put(5, multiplyAdd(d3, get(minusFive!), multiplyAdd(d1, get(four!), d5))),
      ];
    },
  };
}

/** Aᵀ of the paper. */
export function outputTransform(multiplyAdd: MultiplyAdd, definition: Definition): Transform {
  const [a, b, c, d, two, four, eight] = definition.vectors(7);
  return {
    prepare: [set(two!, splat(2)), set(four!, splat(4)), set(eight!, splat(8))],
    times(column, put) {
      const [d0, d1, d2, d3, d4, d5] = column.map(get) as unknown as Six;
      return [
        set(a!, add(d1, d2)),
        set(b!, subtract(d1, d2)),
        set(c!, add(d3, d4)),
        set(d!, subtract(d3, d4)),
        put(0, add(add(d0, get(a!)), get(c!))),
        put(1, multiplyAdd(get(d!), get(two!), get(b!))),
        put(2, multiplyAdd(get(c!), get(four!), get(a!))),
        put(3, add(multiplyAdd(get(d!), get(eight!), get(b!)), d5)),
      ];
    },
  };
}
