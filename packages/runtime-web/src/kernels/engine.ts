/** A network in memory, run by its kernels. */

import { type Graph, problem } from '@denary/core';
import type { Network } from './layers.js';
import { arithmeticHere, BATCH, compile, type Program, type Step } from './program.js';
import { networkOf } from './read.js';

type Kernel = (from: number, to: number, images: number) => void;

export class KernelEngine {
  private readonly kernels: ReadonlyMap<Step, Kernel>;

  private constructor(
    readonly network: Network,
    private readonly program: Program,
    private readonly memory: WebAssembly.Memory,
    exports: WebAssembly.Exports,
  ) {
    const steps = [...program.spatial, ...program.dense];
    this.kernels = new Map(steps.map((step) => [step, exports[step.name] as Kernel]));
  }

  /**
   * Throws `unsupported-operator` for a graph that is no chain of layers which the kernels know, `device-unavailable` where
   * WebAssembly has no vectors; and what WebAssembly throws, be it not allowed or short of memory.
   */
  static async open(graph: Graph, arithmetic = arithmeticHere()): Promise<KernelEngine> {
    const network = networkOf(graph);
    if (!arithmetic) {
      const remedy = "Leave `engine` out, or ask for 'onnxruntime'.";
      throw problem('device-unavailable', 'createSession', 'WebAssembly with SIMD', 'one without', remedy);
    }
    const program = compile(network, arithmetic);
    const memory = new WebAssembly.Memory({ initial: Math.ceil(program.memoryBytes / PAGE) });
    for (const { address, values } of program.constants) new Float32Array(memory.buffer, address).set(values);
    const { instance } = await WebAssembly.instantiate(program.module, { env: { memory } });
    return new KernelEngine(network, { ...program, constants: [] }, memory, instance.exports);
  }

  /** uint8 [images, height, width] -> float32 [images, outputs]. */
  run(pixels: Uint8Array, images: number): Float32Array<ArrayBuffer> {
    const { count } = this.program.logits;
    const result = new Float32Array(images * count);
    const area = pixels.length / images;
    // Parts of about one size: a small one would go through all weights for few images.
    const parts = Math.ceil(images / BATCH);
    for (let part = 0; part < parts; part++) {
      const [start, end] = [part, part + 1].map((at) => Math.round((at * images) / parts)) as [number, number];
      this.runPart(pixels.subarray(start * area, end * area), end - start, result.subarray(start * count, end * count));
    }
    softmax(result, this.network.outputShape.at(-1)!);
    return result;
  }

  private runPart(pixels: Uint8Array, images: number, result: Float32Array): void {
    const { program, memory, kernels } = this;
    new Uint8Array(memory.buffer, program.images).set(pixels);
    const area = pixels.length / images;
    const [first, last] = [program.spatial[0], program.spatial.at(-1)];
    for (let image = 0; image < images; image++) {
      for (const step of program.spatial) {
        const from = step === first ? step.from + image * area : step.from;
        const to = step === last ? step.to + image * program.rowBytes : step.to;
        kernels.get(step)!(from, to, 1);
      }
    }
    for (const step of program.dense) kernels.get(step)!(step.from, step.to, images);
    const { address, pitch, count } = program.logits;
    const logits = new Float32Array(memory.buffer, address);
    for (let image = 0; image < images; image++) {
      result.set(logits.subarray(image * pitch, image * pitch + count), image * count);
    }
  }
}

/** Bytes of a page of WebAssembly's memory. */
const PAGE = 65_536;

/** Over every `classes` values. */
function softmax(values: Float32Array, classes: number): void {
  for (let start = 0; start < values.length; start += classes) {
    const row = values.subarray(start, start + classes);
    const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    let sum = 0;
    for (let i = 0; i < classes; i++) sum += row[i] = Math.exp(row[i]! - most);
    for (let i = 0; i < classes; i++) row[i]! /= sum;
  }
}
