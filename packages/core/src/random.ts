/**
 * Seeded, counter-based randomness: a draw is a pure function of (seed, stream, counter), so there is no state to save, a
 * resumed run goes on bit for bit, and draws can be made in any order. The idea is Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3" (SC 2011); the function is MurmurHash3, which is enough for statistics and no good for secrets.
 */

import { DenaryError } from './errors.js';

const rotateLeft = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));

/**
 * MurmurHash3_x86_32 (A. Appleby, 2011, public domain) of the counters as little-endian 32-bit words: a uint32. Integer
 * arithmetic alone, so the same bits on every platform. Seed and counters are taken modulo 2^32. With the seed and all
 * counters but one fixed it is a bijection of that one, so consecutive counters never collide.
 */
export function hash32(seed: number, ...counters: readonly number[]): number {
  let h = seed | 0;
  for (const counter of counters) {
    const k = Math.imul(rotateLeft(Math.imul(counter, 0xcc9e2d51), 15), 0x1b873593);
    h = (Math.imul(rotateLeft(h ^ k, 13), 5) + 0xe6546b64) | 0;
  }
  h ^= 4 * counters.length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The uint32 of a stream's name. What draws for another purpose draws from another stream: `stream('shuffle')`. */
export function stream(name: string): number {
  return hash32(0, ...Array.from(name, (character) => character.codePointAt(0) ?? 0));
}

/** The `i`-th number of a stream, uniform in [0, 1), a multiple of 2^-32. The same bits on every platform. */
export function uniform(seed: number, stream: number, i: number): number {
  return hash32(seed, stream, i) / 2 ** 32;
}

/**
 * The `i`-th number of a stream with mean 0 and deviation 1, within +-6.7 (Box and Muller, 1958). Not promised to be the
 * same bits everywhere: ECMAScript leaves the last digits of Math.log and Math.cos to the engine.
 */
export function normal(seed: number, stream: number, i: number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - hash32(seed, stream, i, 0) / 2 ** 32));
  return radius * Math.cos((2 * Math.PI * hash32(seed, stream, i, 1)) / 2 ** 32);
}

/**
 * The numbers 0..count-1 in a random order: Fisher and Yates' shuffle in Durstenfeld's form (CACM Algorithm 235, 1964). A
 * position's bias is below count / 2^32. For one order an epoch, fold the epoch into the seed: `hash32(seed, epoch)`.
 * Throws `bad-argument` where `count` is not an integer in 0..2^32-1.
 */
export function permutation(count: number, seed: number, stream: number): Uint32Array {
  if (!Number.isInteger(count) || count < 0 || count >= 2 ** 32) {
    throw new DenaryError({
      code: 'bad-argument',
      who: 'permutation',
      expected: 'a count in 0..2^32-1',
      received: `${count}`,
      remedy: 'Give the number of things to put in order.',
    });
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(uniform(seed, stream, i) * (i + 1));
    const moved = order[i] as number;
    order[i] = order[j] as number;
    order[j] = moved;
  }
  return order;
}
