/** Steps a tf.LayersModel by its `fit`, a run of batches at a time, as our own trainer steps a training graph. */

import {
  type Batch,
  type Device,
  filled,
  fromNumbers,
  type Metrics,
  messageOf,
  problem,
  sizeOf,
  type Tensor,
  type Tensors,
} from '@denary/core';
import type * as tf from '@tensorflow/tfjs';
import type { EngineWork, Stepper } from '../../engine.js';
import { learningRateOf } from '../../objective/optimizers.js';
import { type BoundWeight, buildLayersModel } from './build-layers-model.js';
import { accuracyOf, averageName, createOptimizer, type FormulaOptimizer, lossOf } from './objective.js';
import type { MaskSource } from './own-layers.js';
import type { Tfjs } from './tfjs.js';

/** One step's batch, copied, as its arrays are shared. */
interface Taken {
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  readonly count: number;
  readonly learningRate: number;
}

interface Sums {
  loss: number;
  right: number;
  count: number;
}

const MEMORY = 'tfjs:';

export class LayersModelStepper implements Stepper {
  readonly severalSteps = true;
  private sums: Sums = { loss: 0, right: 0, count: 0 };

  private constructor(
    private readonly tf: Tfjs,
    readonly device: Device,
    private readonly work: EngineWork,
    private readonly model: tf.LayersModel,
    private readonly bound: readonly BoundWeight[],
    private readonly optimizer: FormulaOptimizer,
    private readonly masks: MaskSource,
  ) {}

  static create(tf: Tfjs, device: Device, work: EngineWork): LayersModelStepper {
    const { architecture, settings, layers, model: start } = work;
    const masks = { seed: settings.seed, step: 0 };
    const { model, ending, weights } = buildLayersModel(tf, architecture, layers, masks);
    const optimizer = createOptimizer(tf, settings.optimizer);
    model.compile({
      optimizer,
      loss: lossOf(tf, settings.loss, settings.reduction ?? 'mean', ending),
      metrics: [accuracyOf(tf)],
    });
    const stepper = new LayersModelStepper(tf, device, work, model, weights, optimizer, masks);
    stepper.assign(Object.fromEntries(start.graph.initializers));
    return stepper;
  }

  async steps(count: number, batchAt: (index: number) => Batch): Promise<Float32Array> {
    const { work } = this;
    const slots = work.architecture.slots ?? 1;
    const taken = Array.from({ length: count }, (_, i): Taken => {
      const { images, labels, learningRate = learningRateOf(work.settings.optimizer) } = batchAt(i);
      return { images: images.slice(), labels: Int32Array.from(labels), count: labels.length / slots, learningRate };
    });
    const losses: number[] = [];
    for (const run of evenRuns(taken)) losses.push(...(await this.fit(run)));
    // Lets timers, signals and other promises have their turn.
    await this.tf.nextFrame();
    return Float32Array.from(losses);
  }

  /** One call of `fit`: batches of one size, but for a smaller last one. */
  private async fit(run: readonly Taken[]): Promise<number[]> {
    const { tf, optimizer, masks, sums } = this;
    const losses: number[] = [];
    const [x, y] = this.tensorsOf(run);
    try {
      await this.model.fit(x, y, {
        ...{ batchSize: run[0]!.count, epochs: 1, shuffle: false, verbose: 0, yieldEvery: 'never' },
        callbacks: {
          onBatchBegin: async (batch) => {
            masks.step = optimizer.step;
            optimizer.learningRate = run[batch]!.learningRate;
          },
          onBatchEnd: async (batch, logs) => {
            const { loss, accuracy } = logs as { loss: number; accuracy: number };
            const { count } = run[batch]!;
            losses.push(loss);
            // As in our own metrics, a reduction by sum is counted as it is.
            sums.loss += this.work.settings.reduction === 'sum' ? loss : loss * count;
            sums.right += accuracy * count;
            sums.count += count;
          },
        },
      });
    } catch (cause) {
      throw problem(
        'session-failed',
        `TensorFlow.js (${tf.getBackend()})`,
        `to train "${this.work.architecture.name}"`,
        messageOf(cause),
        'Take another backend of TensorFlow.js, or the default engine.',
        cause,
      );
    } finally {
      tf.dispose([x, y]);
    }
    return losses;
  }

  /** The run's images in [0, 1] and its labels, one-hot. */
  private tensorsOf(run: readonly Taken[]): [tf.Tensor, tf.Tensor] {
    const { tf } = this;
    const { input, classes, slots = 1 } = this.work.architecture;
    const count = run.reduce((sum, batch) => sum + batch.count, 0);
    const area = sizeOf(input.image);
    const pixels = new Float32Array(count * area);
    const labels = new Int32Array(count * slots);
    // In float32, as in the model file.
    const factor = Math.fround(1 / input.scale);
    let at = 0;
    for (const batch of run) {
      for (let i = 0; i < batch.images.length; i++) pixels[at * area + i] = batch.images[i]! * factor;
      labels.set(batch.labels, at * slots);
      at += batch.count;
    }
    const sizes = this.model.inputs[0]!.shape.slice(1) as number[];
    const target = tf.tidy(() =>
      tf.oneHot(tf.tensor(labels, slots === 1 ? [count] : [count, slots], 'int32'), classes).toFloat(),
    );
    return [tf.tensor(pixels, [count, ...sizes]), target];
  }

  async metrics(): Promise<Metrics> {
    const { loss, right, count } = this.sums;
    return { loss: loss / count, accuracy: right / count, count };
  }

  async resetMetrics(): Promise<void> {
    Object.assign(this.sums, { loss: 0, right: 0, count: 0 });
  }

  weights(): Promise<Tensors> {
    return this.read((variable) => this.optimizer.memory.get(averageName(variable.name)) ?? variable);
  }

  async state(): Promise<Tensors> {
    const { optimizer, sums } = this;
    const memory: Record<string, Tensor> = {};
    for (const { name, layer, index } of this.bound) {
      const variable = variableOf(layer, index);
      for (const [key, value] of optimizer.memory) {
        if (!key.startsWith(`${variable.name}/`)) continue;
        const slot = key.slice(variable.name.length + 1);
        memory[`${MEMORY}${name}/${slot}`] = await tensorOf(value);
      }
    }
    return {
      ...(await this.read((variable) => variable)),
      ...memory,
      step: filled('uint32', [], optimizer.step),
      metrics: fromNumbers('float64', [sums.loss, sums.right, sums.count]),
    };
  }

  async restore(state: Tensors): Promise<void> {
    const { tf, optimizer } = this;
    this.assign(state);
    optimizer.step = Number(state.step!.data[0]);
    const [loss, right, count] = state.metrics!.data as Float64Array as unknown as [number, number, number];
    Object.assign(this.sums, { loss, right, count });
    optimizer.dispose();
    for (const { name, layer, index } of this.bound) {
      const prefix = `${MEMORY}${name}/`;
      for (const [key, { data, shape }] of Object.entries(state)) {
        if (!key.startsWith(prefix)) continue;
        const slot = `${variableOf(layer, index).name}/${key.slice(prefix.length)}`;
        optimizer.memory.set(slot, tf.variable(tf.tensor(data as Float32Array, [...shape]), false));
      }
    }
  }

  async close(): Promise<void> {
    this.optimizer.dispose();
    this.model.dispose();
  }

  /** Our weights into the layers. */
  private assign(weights: Tensors): void {
    const { tf } = this;
    for (const { name, layer, index, layout } of this.bound) {
      const { data, shape } = layout.there(weights[name] as Tensor<'float32'>);
      tf.tidy(() => variableOf(layer, index).assign(tf.tensor(data, [...shape])));
    }
  }

  private async read(source: (variable: tf.Variable) => tf.Variable): Promise<Tensors> {
    const weights: Record<string, Tensor> = {};
    for (const { name, layer, index, layout } of this.bound)
      weights[name] = layout.here(await tensorOf(source(variableOf(layer, index))));
    return weights;
  }
}

/** The variable behind a layer's weight. */
const variableOf = (layer: tf.layers.Layer, index: number): tf.Variable => layer.weights[index]!.read() as tf.Variable;

const tensorOf = async (value: tf.Tensor): Promise<Tensor<'float32'>> => ({
  dtype: 'float32',
  shape: [...value.shape],
  data: Float32Array.from((await value.data()) as Float32Array),
});

/** Cut so that in each part all batches have the first one's size, but for a smaller last one. */
function evenRuns(batches: readonly Taken[]): Taken[][] {
  const runs: Taken[][] = [];
  for (const batch of batches) {
    const run = runs.at(-1);
    if (run && batch.count <= run.at(-1)!.count && run.at(-1)!.count === run[0]!.count) run.push(batch);
    else runs.push([batch]);
  }
  return runs;
}
