/** Measures a model whose weights change: those that may are state of its session, so that new ones need no new session. */

import { type Contract, contractOf } from '../contract.js';
import { encodeModel } from '../onnx/encode.js';
import type { Model, Value } from '../onnx/model.js';
import type { Session, SessionFactory, SessionOptions } from '../session.js';
import type { Tensors } from '../tensor.js';
import { turns } from '../turns.js';
import type { Samples } from './samples.js';

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

export class Evaluator {
  /** Between the writing of weights and the end of their measuring no others may come. */
  private readonly inTurn = turns();

  private constructor(
    private readonly session: Session,
    private readonly contract: Contract,
    readonly variable: readonly string[],
  ) {}

  static async open({ createSession, model, variable, ...options }: EvaluatorOptions): Promise<Evaluator> {
    const contract = contractOf(model);
    const state = variable.map((input) => ({ input }));
    return new Evaluator(
      await createSession(encodeModel(withInputs(model, variable)), { ...options, state }),
      contract,
      variable,
    );
  }

  /** Measures these weights on each of the sets of samples, which must fit the model. */
  measure(weights: Tensors, sets: readonly Samples[]): Promise<Measures[]> {
    return this.inTurn(async () => {
      await this.session.writeState(Object.fromEntries(this.variable.map((name) => [name, weights[name]!])));
      const measures: Measures[] = [];
      for (const samples of sets) measures.push(await this.measureSet(samples));
      return measures;
    });
  }

  private async measureSet({ images, labels, count }: Samples): Promise<Measures> {
    const { height, width, slots, classes } = this.contract;
    const area = height * width;
    const [right, all] = [new Array<number>(classes).fill(0), new Array<number>(classes).fill(0)];
    let loss = 0;
    for (let start = 0; start < count; start += BATCH) {
      const end = Math.min(start + BATCH, count);
      const data = new Uint8Array(images.subarray(start * area, end * area));
      const image = { dtype: 'uint8', shape: [end - start, height, width], data } as const;
      const { probabilities } = await this.session.run({ image }, { give: true });
      const rows = probabilities!.data as Float32Array;
      labels.subarray(start * slots, end * slots).forEach((label, row) => {
        const at = row * classes;
        all[label]!++;
        if (isHighest(rows, at, classes, label)) right[label]!++;
        loss -= Math.log(Math.max(rows[at + label]!, LEAST));
      });
    }
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    return {
      count,
      accuracy: sum(right) / sum(all),
      classAccuracy: right.map((value, label) => value / all[label]!),
      loss: loss / sum(all),
    };
  }

  close(): Promise<void> {
    return this.session.close();
  }
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
