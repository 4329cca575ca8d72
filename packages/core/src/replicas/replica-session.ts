/**
 * A replica: the session of one thread among those that train side by side. It has two models, from its rows of a batch to
 * its contribution and from everybody's contributions to the next state, and meets the others between the two.
 */

import type { Dimension, Value } from '../onnx/model.js';
import type { Device, ReplicaOptions, Session, SessionFactory, SessionOptions } from '../session.js';
import { sizeOf, type Tensor, type Tensors } from '../tensor.js';
import { callOff, Meeting } from './meeting.js';

/** What is fed once a run and not once a step. */
const SEED = 'seed';

/** Opens both models with a factory of the thread's own. `run` blocks the thread. Throws what the factory throws. */
export async function openReplica(
  createSession: SessionFactory,
  update: Uint8Array,
  { replica, state = [], ...options }: SessionOptions & { readonly replica: ReplicaOptions },
): Promise<Session> {
  const first = await createSession(replica.gradients, options);
  try {
    return new ReplicaSession(first, await createSession(update, { ...options, state }), replica, state);
  } catch (error) {
    await first.close();
    throw error;
  }
}

class ReplicaSession implements Session {
  readonly device: Device;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  private readonly meeting: Meeting;
  /** The state that the gradients are computed from. */
  private readonly weights: readonly string[];

  constructor(
    private readonly gradients: Session,
    private readonly update: Session,
    private readonly place: ReplicaOptions,
    state: NonNullable<SessionOptions['state']>,
  ) {
    const held = new Set(state.map(({ input }) => input));
    const steps: Dimension = 'steps';
    const perStep = (value: Value) => (value.name === SEED ? value : { ...value, shape: [steps, ...value.shape] });
    this.device = update.device;
    this.weights = gradients.inputs.flatMap(({ name }) => (held.has(name) ? [name] : []));
    this.inputs = [
      ...gradients.inputs.filter(({ name }) => !held.has(name)),
      ...update.inputs.filter(({ name }) => name === 'learning_rate'),
    ].map(perStep);
    this.outputs = update.outputs.map(perStep);
    this.meeting = new Meeting(place.memory, place.replica, place.replicas);
  }

  /** As many steps as the feeds have; [steps] losses of whole batches. */
  async run(feeds: Tensors): Promise<Tensors> {
    const losses = new Float32Array(feeds.learning_rate!.shape[0]!);
    try {
      for (let step = 0; step < losses.length; step++) losses[step] = await this.step(partsOf(feeds, step));
    } catch (error) {
      callOff(this.place.memory);
      throw error;
    }
    return { loss: { dtype: 'float32', shape: [losses.length], data: losses } };
  }

  private async step({ learning_rate: learningRate, ...batch }: Tensors): Promise<number> {
    const weights = await this.update.readState(this.weights);
    const { contribution } = await this.gradients.run({ ...batch, ...weights });
    const data = this.meeting.exchange(contribution!.data as Float32Array);
    const shape = [this.place.replicas, contribution!.data.length];
    const contributions: Tensor = { dtype: 'float32', shape, data };
    const { loss } = await this.update.run({ contributions, learning_rate: learningRate! });
    return (loss!.data as Float32Array)[0]!;
  }

  writeState(tensors: Tensors): Promise<void> {
    return this.update.writeState(tensors);
  }

  readState(names?: readonly string[]): Promise<Tensors> {
    return this.update.readState(names);
  }

  async close(): Promise<void> {
    await Promise.all([this.gradients.close(), this.update.close()]);
  }
}

/** What one step is fed, without a copy. */
const partsOf = (feeds: Tensors, step: number): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      if (name === SEED) return [name, tensor];
      const shape = tensor.shape.slice(1);
      const size = sizeOf(shape);
      return [name, { ...tensor, shape, data: tensor.data.subarray(step * size, (step + 1) * size) } as Tensor];
    }),
  );
