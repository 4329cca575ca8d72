/**
 * An Engine whose state moves by feeding a run's fresh outputs to the next one, for runtimes that cannot write into given
 * outputs, and for GPUs, where those outputs stay: a step then takes the batch up and brings the results back, no more.
 */

import type { DeviceCopier } from './device-copier.js';
import { copied, type Engine, fromRuntime, type HeldState, type SessionLayout } from './session-support.js';
import { filled, type Tensor, type Tensors } from './tensor.js';

/** A runtime's own tensor, in memory or on a device. */
export interface HeldTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly location: string;
  readonly data: unknown;
  dispose(): void;
}

type Held<T> = Readonly<Record<string, T>>;

/** What a runtime does for the engine. */
export interface FeedbackRuntime<T extends HeldTensor> {
  /** A tensor in memory, on the same data. */
  wrap(tensor: Tensor): T;
  run(feeds: Held<T>, fetches: readonly string[]): Promise<Held<T>>;
  /** Copies tensors to and from the device; left out where the model runs in memory. */
  readonly copier?: DeviceCopier<T>;
  release(): Promise<void>;
}

export class FeedbackEngine<T extends HeldTensor> implements Engine {
  private readonly state: Record<string, T> = {};
  private readonly moves: readonly (HeldState & { readonly output: string })[];
  private readonly fetches: readonly string[];

  constructor(
    private readonly runtime: FeedbackRuntime<T>,
    private readonly layout: SessionLayout,
  ) {
    this.moves = layout.state.flatMap(({ output, ...rest }) => (output ? [{ ...rest, output }] : []));
    this.fetches = [...layout.outputs, ...this.moves.map(({ output }) => ({ name: output }))].map(({ name }) => name);
    for (const { input, dtype, shape } of layout.state) this.state[input] = runtime.wrap(filled(dtype, shape));
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const inputs: Record<string, T> = { ...this.state };
    for (const name in feeds) inputs[name] = this.runtime.wrap(feeds[name]!);
    const results = await this.runtime.run(inputs, this.fetches);
    for (const { output, shape } of this.moves) {
      const { dims } = results[output]!;
      if (dims.join() === shape.join()) continue;
      for (const moved of this.moves) free(results[moved.output]!);
      throw new Error(`the state "${output}" came as [${dims}], not as [${shape}]`);
    }
    for (const { input, output } of this.moves) this.replace(input, results[output]!);
    return Object.fromEntries(this.layout.outputs.map(({ name }) => [name, fromRuntime(results[name]!)]));
  }

  async write(name: string, tensor: Tensor): Promise<void> {
    const { wrap, copier } = this.runtime;
    const held = wrap(copied(tensor));
    // What moves is on the device after the next run anyway; the rest would be brought there by every run.
    const moves = this.moves.some(({ input }) => input === name);
    this.replace(name, copier && !moves ? await copier.copy(held, 'gpu-buffer') : held);
  }

  async read(name: string): Promise<Tensor> {
    const held = this.state[name]!;
    const { copier } = this.runtime;
    return fromRuntime(copier && held.location === 'gpu-buffer' ? await copier.copy(held, 'cpu') : held);
  }

  async release(): Promise<void> {
    for (const name in this.state) free(this.state[name]!);
    await this.runtime.release();
  }

  private replace(name: string, tensor: T): void {
    free(this.state[name]!);
    this.state[name] = tensor;
  }
}

function free(tensor: HeldTensor): void {
  if (tensor.location === 'gpu-buffer') tensor.dispose();
}
