/** The way in: an image's bytes become numbers, scaled and shifted. */
import {
  type Code,
  Definition,
  get,
  int,
  loadBytes,
  loop,
  multiplyAdd,
  plus,
  splat,
  store,
  times,
} from './assembler.js';
import type { Kernel } from './kernel.js';
import type { Shape } from './layers.js';
import type { Plane } from './plane.js';

/** Bytes to numbers, four at a time; the last four of a row may have been done before. */
export function imageKernel({ height, width }: Shape, scale: number, offset: number, plane: Plane): Kernel {
  const make = () => {
    const definition = new Definition(2);
    const [from, to] = [0, 1];
    const [y, x] = [definition.local('i32'), definition.local('i32')];
    const four = (x: Code) =>
      store(
        plus(plus(get(to), times(get(y), int(plane.rowBytes))), times(x, int(4))),
        multiplyAdd(false)(
          loadBytes(plus(plus(get(from), times(get(y), int(width))), x), 0),
          splat(scale),
          splat(offset),
        ),
        0,
      );
    const row = [width >= 8 ? loop(x, int(width - 4), 4, four(get(x))) : four(int(0)), four(int(width - 4))];
    return { definition, body: loop(y, int(height), 1, row) };
  };
  return { constants: [], make };
}
