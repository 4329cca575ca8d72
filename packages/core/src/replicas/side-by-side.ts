/** Sessions that train side by side, as one Session: each is fed its rows of every batch, and holds all of the state. */

import type { Value } from '../onnx/model.js';
import type { Device, Session, SessionFactory } from '../session.js';
import { filled, sizeOf, type Tensor, type Tensors } from '../tensor.js';
import { callOff, meetingMemory } from './meeting.js';

/** The rows of a batch that a replica has: as even as can be, the first ones one more. */
export function rowsOf(batchSize: number, replica: number, replicas: number): { first: number; count: number } {
  const start = (i: number) => Math.ceil((i * batchSize) / replicas);
  return { first: start(replica), count: start(replica + 1) - start(replica) };
}

/**
 * A factory for the update graph of replicas. `gradients` are the bytes of their graphs, `contribution` the length of what
 * each of them puts down in a step; `createSession` must be one that opens sessions in threads, on the CPU.
 */
export const sideBySide =
  (createSession: SessionFactory, gradients: readonly Uint8Array[], contribution: number): SessionFactory =>
  async (update, options = {}) => {
    const replicas = gradients.length;
    const memory = meetingMemory(replicas, contribution);
    const sessions: Session[] = [];
    try {
      for (const [replica, bytes] of gradients.entries()) {
        const place = { gradients: bytes, replica, replicas, memory };
        sessions.push(await createSession(update, { ...options, threads: 1, replica: place }));
      }
    } catch (error) {
      await Promise.all(sessions.map((session) => session.close()));
      throw error;
    }
    return new SideBySide(sessions, memory);
  };

/** What each replica is fed its own rows of: inputs with a first axis of steps and a second one of rows. */
const parted = new Set(['image', 'label', 'sample_weight']);

class SideBySide implements Session {
  readonly device: Device;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** How many rows of a batch each replica has. */
  private readonly rows: readonly number[];

  constructor(
    private readonly sessions: readonly Session[],
    private readonly memory: SharedArrayBuffer,
  ) {
    const [{ device, inputs, outputs }] = sessions as [Session];
    this.rows = sessions.map((session) => session.inputs.find(({ name }) => name === 'image')!.shape[1] as number);
    const batchSize = this.rows.reduce((sum, count) => sum + count);
    this.device = device;
    this.inputs = inputs.map((value) =>
      parted.has(value.name) ? { ...value, shape: value.shape.with(1, batchSize) } : value,
    );
    this.outputs = outputs;
  }

  /** All of them compute the same losses. */
  async run(feeds: Tensors): Promise<Tensors> {
    let first = 0;
    const runs = this.sessions.map((session, i) => {
      const [start, count] = [first, this.rows[i]!];
      first += count;
      return session.run(partOf(feeds, start, count), { give: true }).catch((error) => {
        // Its worker may be gone without a word to the others.
        callOff(this.memory);
        throw error;
      });
    });
    const settled = await Promise.allSettled(runs);
    const failed = settled.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return (settled[0] as PromiseFulfilledResult<Tensors>).value;
  }

  async writeState(tensors: Tensors): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.writeState(tensors)));
  }

  /** All of them hold the same. */
  readState(names?: readonly string[]): Promise<Tensors> {
    return this.sessions[0]!.readState(names);
  }

  async close(): Promise<void> {
    await Promise.all(this.sessions.map((session) => session.close()));
  }
}

/** Some rows of each step's batch, and what is no part of a batch, each in a buffer of its own. */
const partOf = (feeds: Tensors, first: number, count: number): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      parted.has(name) ? rowsOfSteps(tensor, first, count) : ({ ...tensor, data: tensor.data.slice() } as Tensor),
    ]),
  );

function rowsOfSteps({ dtype, shape, data }: Tensor, first: number, count: number): Tensor {
  const [steps, batchSize, ...row] = shape as [number, number, ...number[]];
  const size = sizeOf(row);
  const part = filled(dtype, [steps, count, ...row]);
  for (let step = 0; step < steps; step++) {
    const start = (step * batchSize + first) * size;
    (part.data as Uint8Array).set(data.subarray(start, start + count * size) as Uint8Array, step * count * size);
  }
  return part;
}
