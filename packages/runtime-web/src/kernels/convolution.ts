/** Convolutions as they are written: every pixel of the output is a row of a product with the weights. */
import { advance, type Code, Definition, get, int, load, loop, plus, relu, set, store, times } from './assembler.js';
import { type Arithmetic, blockProduct, blocksOf, COLUMNS, pack } from './block.js';
import type { Kernel } from './kernel.js';
import type { Convolution } from './layers.js';
import type { Plane } from './plane.js';

/** Of a plane whose border is the convolution's padding. */
export function directConvolution(
  arithmetic: Arithmetic,
  { kernel: [kernelHeight, kernelWidth], strides, weights, bias, relu: rectified }: Convolution,
  input: Plane,
  output: Plane,
): Kernel {
  const { channels } = input.shape;
  const outputs = bias.length;
  // A row of the kernel lies side by side.
  const depth = kernelWidth * input.pitch;
  const packed = pack(kernelHeight * depth, outputs, (k, o) => {
    const [y, x, c] = [Math.floor(k / depth), Math.floor((k % depth) / input.pitch), k % input.pitch];
    return c < channels ? weights[((o * channels + c) * kernelHeight + y) * kernelWidth + x]! : 0;
  });
  const padded = new Float32Array(blocksOf(outputs) * COLUMNS);
  padded.set(bias);
  return {
    constants: [packed, padded],
    make: ([weights, bias]) => {
      const definition = new Definition(2);
      const [from, to] = [0, 1];
      const local = () => definition.local('i32');
      const [y, x, block, a, b, c] = [local(), local(), local(), local(), local(), local()];
      const { height, width } = output.shape;
      const pixels = (rows: number): Code => [
        blockProduct(
          arithmetic,
          definition,
          {
            rows,
            rowBytes: strides[1] * input.pixelBytes,
            depth,
            runs: Array.from({ length: kernelHeight }, (_, y) => y * input.rowBytes),
            initial: (_, v) => load(times(get(block), int(4 * COLUMNS)), bias! + 16 * v),
            finish: (sum, row, v) => store(get(c), rectified ? relu(sum) : sum, row * output.pixelBytes + 16 * v),
          },
          a,
          b,
        ),
        advance(a, rows * strides[1] * input.pixelBytes),
        advance(c, rows * output.pixelBytes),
      ];
      const whole = Math.floor(width / arithmetic.rows);
      const rest = width % arithmetic.rows;
      const row = [
        set(a, plus(get(from), times(get(y), int(strides[0] * input.rowBytes)))),
        set(b, plus(int(weights!), times(get(block), int(4 * COLUMNS * kernelHeight * depth)))),
        set(c, plus(plus(get(to), times(get(y), int(output.rowBytes))), times(get(block), int(4 * COLUMNS)))),
        whole > 0 ? loop(x, int(whole), 1, pixels(arithmetic.rows)) : [],
        rest > 0 ? pixels(rest) : [],
      ];
      return { definition, body: loop(block, int(blocksOf(outputs)), 1, loop(y, int(height), 1, row)) };
    },
  };
}
