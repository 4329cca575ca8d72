/**
 * Measures a model whose weights change: those that may are state of its session, so that new ones need no new session, and
 * what does not depend on them is computed once for a set of samples.
 */

import { type Contract, contractOf } from '../contract.js';
import { encodeModel } from '../onnx/encode.js';
import type { Model, Value } from '../onnx/model.js';
import type { Session, SessionFactory, SessionOptions } from '../session.js';
import type { Tensors } from '../tensor.js';
import type { Samples } from './samples.js';
import { splitAt } from './split.js';

export interface Measures {
  /** Images that were measured; with 0 of them the rest is NaN. */
  readonly count: number;
  /** 0 to 1, of the labels. */
  readonly accuracy: number;
  /** The accuracy on each class, [classes]; NaN where no label is of it. */
  readonly classAccuracy: readonly number[];
  /** The mean of -log p(label) over the labels, natural logarithm. */
  readonly loss: number;
}

/** Images in one run. */
const BATCH = 128;
/** Smaller probabilities count as this one, so that a loss is finite. */
const LEAST = 1e-7;

export interface EvaluatorOptions extends Omit<SessionOptions, 'state'> {
  readonly createSession: SessionFactory;
  readonly model: Model;
  /** Initializers that may change. */
  readonly variable: readonly string[];
}

/** One call at a time: between the writing of weights and the end of their measuring no others may come. */
export class Evaluator {
  /** Of sets that are measured again, one for each run. */
  private readonly features = new WeakMap<Samples, readonly Tensors[]>();

  private constructor(
    private readonly session: Session,
    /** What comes before the weights that change, where that is worth a session of its own. */
    private readonly trunk: Session | undefined,
    private readonly contract: Contract,
    readonly variable: readonly string[],
  ) {}

  static async open({ createSession, model, variable, ...options }: EvaluatorOptions): Promise<Evaluator> {
    const contract = contractOf(model);
    const state = variable.map((input) => ({ input }));
    const split = splitAt(model, variable);
    const trunk = split && (await createSession(encodeModel(split.trunk), options));
    const rest = encodeModel(withInputs(split?.rest ?? model, variable));
    const session = await createSession(rest, { ...options, state }).catch(async (error: unknown) => {
      await trunk?.close();
      throw error;
    });
    return new Evaluator(session, trunk, contract, variable);
  }

  /** Measures these weights on each of the sets of samples, which must fit the model and not change as long as they are kept. */
  async measure(weights: Tensors, sets: readonly Samples[]): Promise<Measures[]> {
    await this.take(weights);
    const measures: Measures[] = [];
    for (const samples of sets) measures.push(measuresOf(await this.read(samples), samples, this.contract));
    return measures;
  }

  /** What the model says of the samples with these weights: float32 [count, slots, classes]. */
  async readings(weights: Tensors, samples: Samples): Promise<Float32Array> {
    await this.take(weights);
    const { slots, classes } = this.contract;
    const all = new Float32Array(samples.count * slots * classes);
    (await this.read(samples)).forEach((rows, run) => {
      all.set(rows, run * BATCH * slots * classes);
    });
    return all;
  }

  private take(weights: Tensors): Promise<void> {
    return this.session.writeState(Object.fromEntries(this.variable.map((name) => [name, weights[name]!])));
  }

  /** The probabilities, run by run. */
  private async read(samples: Samples): Promise<Float32Array[]> {
    const { session, trunk } = this;
    const known = trunk && (this.features.get(samples) ?? (await this.featuresOf(trunk, samples)));
    if (known) this.features.set(samples, known);
    const rows: Float32Array[] = [];
    for (let run = 0; run * BATCH < samples.count; run++) {
      const { probabilities } = known
        ? await session.run(known[run]!)
        : await session.run(batchOf(samples, run), { give: true });
      rows.push(probabilities!.data as Float32Array);
    }
    return rows;
  }

  private async featuresOf(trunk: Session, samples: Samples): Promise<Tensors[]> {
    const found: Tensors[] = [];
    for (let run = 0; run * BATCH < samples.count; run++) {
      found.push(await trunk.run(batchOf(samples, run), { give: true }));
    }
    return found;
  }

  async close(): Promise<void> {
    await Promise.all([this.session.close(), this.trunk?.close()]);
  }
}

function batchOf({ images, count, height, width }: Samples, run: number): Tensors {
  const [start, end] = [run * BATCH, Math.min((run + 1) * BATCH, count)];
  const data = new Uint8Array(images.subarray(start * height * width, end * height * width));
  return { image: { dtype: 'uint8', shape: [end - start, height, width], data } };
}

function measuresOf(runs: readonly Float32Array[], { labels, count }: Samples, { classes, slots }: Contract): Measures {
  const [right, all] = [new Array<number>(classes).fill(0), new Array<number>(classes).fill(0)];
  let loss = 0;
  runs.forEach((rows, run) => {
    labels.subarray(run * BATCH * slots, (run + 1) * BATCH * slots).forEach((label, row) => {
      const at = row * classes;
      all[label]!++;
      if (isHighest(rows, at, classes, label)) right[label]!++;
      loss -= Math.log(Math.max(rows[at + label]!, LEAST));
    });
  });
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    count,
    accuracy: sum(right) / sum(all),
    classAccuracy: right.map((value, label) => value / all[label]!),
    loss: loss / sum(all),
  };
}

/** Whether the first of the highest values is that of `label`. */
function isHighest(rows: Float32Array, at: number, classes: number, label: number): boolean {
  for (let i = 0; i < classes; i++) {
    const value = rows[at + i]!;
    if (value > rows[at + label]! || (value === rows[at + label] && i < label)) return false;
  }
  return true;
}

/** The model with some of its initializers as inputs. */
function withInputs(model: Model, names: readonly string[]): Model {
  const initializers = new Map(model.graph.initializers);
  const inputs = names.map((name): Value => {
    const { dtype, shape } = initializers.get(name)!;
    initializers.delete(name);
    return { name, dtype, shape };
  });
  return { ...model, graph: { ...model.graph, initializers, inputs: [...model.graph.inputs, ...inputs] } };
}
