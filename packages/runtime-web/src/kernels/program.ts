/** A network as a WebAssembly module: which kernels run it, and where in its memory everything lies. */

import { assemble, Definition, get, multiplyAdd, type Named, splat, store } from './assembler.js';
import { type Arithmetic, blocksOf, COLUMNS } from './block.js';
import { directConvolution } from './convolution.js';
import { denseProduct } from './dense.js';
import { imageKernel } from './image.js';
import type { Kernel } from './kernel.js';
import { type Network, type Shape, type SpatialLayer, shapeAfter } from './layers.js';
import { noBorder, Plane, paddedTo } from './plane.js';
import { pooling } from './pool.js';
import { isWorthwhile, overhang, winogradConvolution } from './winograd.js';

/** Images that are run together at most: whole blocks of rows. */
export const BATCH = 72;

export interface Step {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

export interface Program {
  readonly module: Uint8Array<ArrayBuffer>;
  readonly memoryBytes: number;
  /** What is to lie in memory before the first run. */
  readonly constants: readonly { readonly address: number; readonly values: Float32Array }[];
  /** Where the images' bytes are written. */
  readonly images: number;
  /** Of one image: the first step reads its bytes, the last one writes its row of what the dense layers read. */
  readonly spatial: readonly Step[];
  /** Bytes of such a row. */
  readonly rowBytes: number;
  readonly dense: readonly Step[];
  /** Where the last layer's numbers are: for each image so many, of which the first ones count. */
  readonly logits: { readonly address: number; readonly pitch: number; readonly count: number };
}

/** What this WebAssembly can do; undefined where it has no vectors. */
export function arithmeticHere(): { readonly relaxed: boolean } | undefined {
  const works = (relaxed: boolean) => {
    const value = multiplyAdd(relaxed)(splat(1), splat(1), splat(1));
    return WebAssembly.validate(
      assemble([{ name: 'try', definition: new Definition(1), body: store(get(0), value, 0) }]),
    );
  };
  return works(true) ? { relaxed: true } : works(false) ? { relaxed: false } : undefined;
}

export function compile(network: Network, { relaxed }: { readonly relaxed: boolean }): Program {
  // A product that is added by an instruction of its own needs a register.
  const arithmetic: Arithmetic = { multiplyAdd: multiplyAdd(relaxed), rows: relaxed ? 6 : 4 };
  const memory = new Layout();
  const functions: Named[] = [];
  const define = (kernel: Kernel): string => {
    const addresses = kernel.constants.map((values) => memory.put(values));
    if (kernel.scratch) addresses.push(memory.reserve(4 * kernel.scratch));
    const name = `${functions.length}`;
    functions.push({ name, ...kernel.make(addresses) });
    return name;
  };

  const { planes, kernels } = spatialKernels(network, arithmetic);
  const last = planes.at(-1)!;
  const rowBytes = 4 * last.floats;
  const images = memory.reserve(BATCH * network.shape.height * network.shape.width + 4);
  const between = planes.slice(0, -1).map((plane) => memory.reserve(4 * plane.floats));
  const rows = memory.reserve(BATCH * rowBytes);
  const spatial = kernels.map((kernel, i) => ({
    name: define(kernel),
    from: i === 0 ? images : between[i - 1]!,
    to: (between[i] ?? rows) + planes[i]!.start,
  }));

  let from = rows;
  let inputAt = inputsOf(last);
  let inputs = last.floats;
  const dense = network.dense.map(({ weights, bias, relu }) => {
    const outputs = bias.length;
    const at = inputAt;
    const weightAt = (input: number, output: number) => {
      const index = at(input);
      return index < 0 ? 0 : weights[index * outputs + output]!;
    };
    const name = define(denseProduct(arithmetic, { inputs, outputs, weightAt, bias, relu }));
    const to = memory.reserve(4 * BATCH * blocksOf(outputs) * COLUMNS);
    const step = { name, from, to };
    [from, inputs, inputAt] = [to, blocksOf(outputs) * COLUMNS, (i) => (i < outputs ? i : -1)];
    return step;
  });
  const count = network.dense.at(-1)!.bias.length;
  return {
    module: assemble(functions),
    memoryBytes: memory.bytes,
    constants: memory.constants,
    ...{ images, spatial, rowBytes, dense },
    logits: { address: from, pitch: inputs, count },
  };
}

/** The kernels that one image goes through, and the plane after each. */
function spatialKernels(network: Network, arithmetic: Arithmetic) {
  const { shape, scale, offset, spatial } = network;
  const stages = staged(shape, spatial, arithmetic);
  const shapes = [shape, ...stages.map(({ output }) => output)];
  const planes = shapes.map((one, i) => new Plane(one, i === 0 ? 1 : paddedTo(one.channels), stages[i]?.border));
  const kernels = stages.map(({ layer, convolved, pool }, i) => {
    const [input, output] = [planes[i]!, planes[i + 1]!];
    if (layer.kind === 'pool') return pooling(layer, input, output);
    return pool
      ? winogradConvolution(arithmetic, { layer, convolved, pool, input, output })
      : directConvolution(arithmetic, layer, input, output);
  });
  return { planes, kernels: [imageKernel(shape, scale, offset, planes[0]!), ...kernels] };
}

/** Layers with what is decided of them: the border that they want around their input, and which way they go. */
function staged(image: Shape, layers: readonly SpatialLayer[], arithmetic: Arithmetic) {
  let shape = image;
  const stages = [];
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i]!;
    const convolved = shapeAfter(layer, shape);
    let output = convolved;
    let border = noBorder;
    let pool: 1 | 2 | 4 | undefined;
    if (layer.kind === 'convolution') {
      const [top, left, bottom, right] = layer.pads;
      border = { top, left, bottom, right };
      if (isWorthwhile(layer, shape, convolved, arithmetic)) {
        const beyond = overhang(convolved);
        border = { top, left, bottom: bottom + beyond.bottom, right: right + beyond.right };
        pool = poolWithin(layers[i + 1]);
        if (pool > 1) output = shapeAfter(layers[++i]!, convolved);
      }
    }
    stages.push({ layer, convolved, output, border, pool });
    shape = output;
  }
  return stages;
}

/** The side of a max-pool that can go along with tiles of four. */
function poolWithin(layer: SpatialLayer | undefined): 1 | 2 | 4 {
  const side = layer?.kind === 'pool' && layer.how === 'largest' ? layer.kernel[0] : 1;
  const square = layer && [...layer.kernel, ...layer.strides].every((size) => size === side);
  return square && (side === 2 || side === 4) ? side : 1;
}

/** Which input of ONNX's order, channel by channel, a number of a row is; -1 for none. */
function inputsOf({ shape: { height, width, channels }, pitch }: Plane): (at: number) => number {
  const area = height * width;
  return (at) => {
    const [pixel, channel] = [Math.floor(at / pitch), at % pitch];
    return pixel < area && channel < channels ? channel * area + pixel : -1;
  };
}

/** Memory, from its beginning. */
class Layout {
  bytes = 0;
  readonly constants: { readonly address: number; readonly values: Float32Array }[] = [];

  reserve(bytes: number): number {
    const address = this.bytes;
    this.bytes += LINE * Math.ceil(bytes / LINE);
    return address;
  }

  put(values: Float32Array): number {
    const address = this.reserve(values.byteLength);
    this.constants.push({ address, values });
    return address;
  }
}

/** Bytes of a cache line. */
const LINE = 64;
