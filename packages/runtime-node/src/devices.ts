/** Which device to use: `auto` tries what this machine seems to have, by running the model, and takes the fastest that works. */

import { type Contract, type Device, messageOf, type Session } from '@denary/core';
import { obstacleTo } from './diagnosis.js';
import { type Machine, thisMachine } from './machine.js';
import { createSession, type NodeSessionOptions } from './session.js';

export type DeviceChoice = 'auto' | 'cpu' | 'cuda' | 'webgpu';

/** How a device did in the probe of `auto`. */
export interface Probe {
  readonly device: Device;
  /** Of one batch; undefined where the device does not work. */
  readonly milliseconds?: number;
  readonly error?: string;
}

export interface OpenedSession {
  readonly session: Session;
  /** What was tried, where `auto` had a choice. */
  readonly probes: readonly Probe[];
}

/** Opens a session of a digit model on a device. Throws `device-unavailable` for a named one that does not work. */
export async function openSession(
  model: Uint8Array,
  choice: DeviceChoice,
  contract: Contract,
  options: Omit<NodeSessionOptions, 'device' | 'state'> = {},
): Promise<OpenedSession> {
  const devices: Device[] = choice === 'auto' ? [...likelyGpus(), 'cpu'] : [choice];
  if (devices.length === 1) {
    return { session: await createSession(model, { ...options, device: devices[0]! }), probes: [] };
  }
  const probes: Probe[] = [];
  let best: { session: Session; milliseconds: number } | undefined;
  for (const device of devices) {
    try {
      const session = await createSession(model, { ...options, device });
      const milliseconds = await timeBatch(session, contract);
      probes.push({ device, milliseconds });
      const slower = best && best.milliseconds <= milliseconds ? session : best?.session;
      if (!best || milliseconds < best.milliseconds) best = { session, milliseconds };
      await slower?.close();
    } catch (error) {
      if (device === 'cpu') throw error;
      probes.push({ device, error: messageOf(error) });
    }
  }
  return { session: best!.session, probes };
}

/** The GPUs that seem to be here, whether or not what they need is installed: `obstacleTo` tells. */
export const visibleGpus = (machine: Machine = thisMachine()): Device[] => {
  if (!machine.gpu) return [];
  return [
    ...(machine.nvidia ? (['cuda'] as const) : []),
    ...(machine.built.includes('webgpu') ? (['webgpu'] as const) : []),
  ];
};

/** The GPUs worth trying: looking first spares a machine without one the time and the driver's complaints. */
const likelyGpus = (machine = thisMachine()): Device[] =>
  visibleGpus(machine).filter((device) => !obstacleTo(device, machine));

/** Milliseconds of one batch, the better of three after a first that warms up. */
async function timeBatch(session: Session, { height, width }: Contract): Promise<number> {
  const data = new Uint8Array(128 * height * width);
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 4; i++) {
    const began = performance.now();
    await session.run({ image: { dtype: 'uint8', shape: [128, height, width], data } });
    if (i > 0) best = Math.min(best, performance.now() - began);
  }
  return best;
}
