/** Pools: the largest or the mean of each window, four channels at a time. */
import {
  add,
  type Code,
  Definition,
  get,
  int,
  larger,
  load,
  loop,
  multiply,
  plus,
  set,
  splat,
  store,
  times,
} from './assembler.js';
import type { Kernel } from './kernel.js';
import type { Pool } from './layers.js';
import type { Plane } from './plane.js';

/** Of a plane without a border, with more than one channel. */
export function pooling({ how, kernel: [height, width], strides }: Pool, input: Plane, output: Plane): Kernel {
  const make = () => {
    const definition = new Definition(2);
    const [from, to] = [0, 1];
    const [y, x, channel] = [definition.local('i32'), definition.local('i32'), definition.local('i32')];
    const at = (base: number, vertical: number, horizontal: number): Code =>
      plus(
        plus(get(base), times(get(y), int(vertical))),
        plus(times(get(x), int(horizontal)), times(get(channel), int(4))),
      );
    const source = definition.local('i32');
    const values = Array.from({ length: height * width }, (_, i) =>
      load(get(source), Math.floor(i / width) * input.rowBytes + (i % width) * input.pixelBytes),
    );
    const pooled =
      how === 'largest' ? values.reduce(larger) : multiply(values.reduce(add), splat(1 / (height * width)));
    const pixel: Code = [
      set(source, at(from, strides[0] * input.rowBytes, strides[1] * input.pixelBytes)),
      store(at(to, output.rowBytes, output.pixelBytes), pooled, 0),
    ];
    const { height: rows, width: columns } = output.shape;
    return {
      definition,
      body: loop(y, int(rows), 1, loop(x, int(columns), 1, loop(channel, int(input.pitch), 4, pixel))),
    };
  };
  return { constants: [], make };
}
