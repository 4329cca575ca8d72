/** The Session of denary's own kernels. Large batches are shared with helpers, workers with the same model: no memory is. */

import {
  DenaryError,
  decodeLightGraph,
  type Engine,
  type Graph,
  joinBytes,
  type Session,
  sessionOn,
  type Tensor,
  type Tensors,
} from '@denary/core';
import { notStarted } from '../runtime.js';
import { KernelEngine } from './engine.js';

export interface KernelOptions {
  /** Workers that share the work, this one included; default 1. */
  readonly threads?: number | undefined;
  /** Opens one of the others. */
  readonly openHelper?: (() => Promise<Session>) | undefined;
}

/** Images for which a worker is worth asking. */
const SHARE = 8;

/**
 * Throws `bad-model` for bytes that are none, `unsupported-operator` for a model that the kernels do not run,
 * `device-unavailable` where WebAssembly is not allowed or has no vectors, `out-of-memory`.
 */
export async function kernelSession(bytes: Uint8Array, options: KernelOptions = {}): Promise<Session> {
  const graph = decodeLightGraph(bytes, 'createSession');
  const engine = await KernelEngine.open(graph).catch((cause) => {
    throw cause instanceof DenaryError ? cause : notStarted('wasm', cause);
  });
  return sessionOn('wasm', new SharedEngine(graph, engine, options), { ...graph, state: [] });
}

class SharedEngine implements Engine {
  private readonly helpers: Session[] = [];
  private opening: Promise<void> | undefined;
  private closed = false;
  private readonly input: string;
  private readonly output: string;

  constructor(
    graph: Graph,
    private readonly engine: KernelEngine,
    private readonly options: KernelOptions,
  ) {
    this.input = graph.inputs[0]!.name;
    this.output = graph.outputs[0]!.name;
  }

  async run(feeds: Tensors): Promise<Tensors> {
    const { shape, data } = feeds[this.input] as Tensor<'uint8'>;
    const [images, ...size] = shape as [number, ...number[]];
    const area = data.length / images;
    const helpers = this.helpersFor(images);
    const startOf = (part: number) => Math.round((part * images) / (helpers.length + 1));
    // The first part is done here, while the helpers do theirs.
    const others = helpers.map(async (helper, i) => {
      const [start, end] = [startOf(i + 1), startOf(i + 2)];
      const part = data.slice(start * area, end * area);
      const feed = { dtype: 'uint8', shape: [end - start, ...size], data: part } as const;
      try {
        return (await helper.run({ [this.input]: feed }))[this.output]!.data as Float32Array;
      } catch {
        this.helpers.splice(this.helpers.indexOf(helper), 1);
        return this.engine.run(part, end - start);
      }
    });
    const first = this.engine.run(data.subarray(0, startOf(1) * area), startOf(1));
    const rest = await Promise.all(others);
    const values = rest.length === 0 ? first : new Float32Array(joinBytes([first, ...rest]).buffer);
    return {
      [this.output]: { dtype: 'float32', shape: [images, ...this.engine.network.outputShape], data: values },
    };
  }

  /** Those that are there: they are opened when there is first something for them to do, and not again. */
  private helpersFor(images: number): readonly Session[] {
    const { threads = 1, openHelper } = this.options;
    const wanted = Math.min(threads, Math.floor(images / SHARE)) - 1;
    if (wanted < 1 || !openHelper) return [];
    this.opening ??= this.openHelpers(threads - 1, openHelper);
    return this.helpers.slice(0, wanted);
  }

  private async openHelpers(count: number, open: () => Promise<Session>): Promise<void> {
    const one = async () => {
      // Without it the work is done all the same.
      const helper = await open().catch(() => undefined);
      if (helper && this.closed) await helper.close();
      else if (helper) this.helpers.push(helper);
    };
    await Promise.all(Array.from({ length: count }, one));
  }

  write(): never {
    throw new Error('a model without state');
  }

  read(): never {
    throw new Error('a model without state');
  }

  async release(): Promise<void> {
    this.closed = true;
    await Promise.all(this.helpers.map((helper) => helper.close()));
  }
}
