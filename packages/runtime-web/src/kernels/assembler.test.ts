import { describe, expect, it } from 'vitest';
import {
  add,
  assemble,
  type Code,
  Definition,
  get,
  int,
  lessThan,
  load,
  loadBytes,
  loadSplat,
  loop,
  multiply,
  multiplyAdd,
  plus,
  relu,
  splat,
  store,
  times,
  when,
} from './assembler.js';

/** Runs a body of one parameter on memory that begins with these floats, and gives the floats after it. */
async function run(
  body: (definition: Definition) => Code,
  floats: readonly number[],
  parameter = 0,
): Promise<number[]> {
  const definition = new Definition(1);
  const memory = new WebAssembly.Memory({ initial: 1 });
  const view = new Float32Array(memory.buffer, 0, floats.length);
  view.set(floats);
  const module = assemble([{ name: 'f', definition, body: body(definition) }]);
  const { instance } = await WebAssembly.instantiate(module, { env: { memory } });
  (instance.exports.f as (parameter: number) => void)(parameter);
  return [...view];
}

describe('assembled functions', () => {
  it('do arithmetic on four floats at a time', async () => {
    const sum = () => store(int(0), relu(add(load(int(0), 0), multiply(load(int(0), 16), splat(-2)))), 0);
    expect(await run(sum, [1, 2, 3, 4, 1, -1, 0.5, 9])).toEqual([0, 4, 2, 0, 1, -1, 0.5, 9]);
    const product = () => store(int(0), multiplyAdd(false)(load(int(0), 0), loadSplat(int(0), 16), splat(1)), 0);
    expect(await run(product, [1, 2, 3, 4, 10])).toEqual([11, 21, 31, 41, 10]);
  });

  it('read bytes as floats', async () => {
    const bytes = new Float32Array(Uint8Array.of(0, 1, 127, 255).buffer)[0]!;
    expect(await run(() => store(int(0), loadBytes(int(0), 0), 0), [bytes, 0, 0, 0])).toEqual([0, 1, 127, 255]);
  });

  it.each([0, 63, 64, -64, -65, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)])('hold the integer %i', async (value) => {
    // 4 at the address 0 where the parameter is that integer.
    const body = () => [
      when(lessThan(get(0), int(value)), store(int(0), splat(-1), 0)),
      when(lessThan(int(value), get(0)), store(int(0), splat(1), 0)),
    ];
    expect(await run(body, [4, 4, 4, 4], value)).toEqual([4, 4, 4, 4]);
    if (value > -(2 ** 31)) expect((await run(body, [4, 4, 4, 4], value - 1))[0]).toBe(-1);
  });

  it('loop by steps, once at least', async () => {
    const count = (definition: Definition) => {
      const i = definition.local('i32');
      const at = times(get(i), int(8));
      return loop(i, get(0), 2, store(plus(at, int(0)), splat(7), 0));
    };
    const zeros = Array(20).fill(0);
    expect((await run(count, zeros, 5)).filter((value) => value === 7)).toHaveLength(12);
    expect((await run(count, zeros, 0)).filter((value) => value === 7)).toHaveLength(4);
  });
});
