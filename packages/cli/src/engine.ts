/** What trains: denary's own engine, or TensorFlow.js where `--engine tfjs` asks for it, with a line on stderr that says which. */

import type { Architecture, ChosenDevice, TrainingEngine, TrainingOptions } from '@denary/train';
import { loadTfjs } from '@denary/train/node';
import { tfjsEngine, tryTfjsEngine } from '@denary/train/tfjs';
import { Option } from 'commander';
import type { Context } from './context.js';
import { pickDevice } from './device.js';
import type { TrainingDevice } from './options.js';

export type EngineName = 'onnx' | 'tfjs';

export const engineOption = () =>
  new Option('--engine <engine>', 'what trains: ONNX Runtime, or TensorFlow.js where it is installed')
    .choices(['onnx', 'tfjs'] satisfies EngineName[])
    .default('onnx');

export interface PickedEngine extends ChosenDevice {
  /** None for the default. */
  readonly engine?: TrainingEngine;
  /** Of its packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function pickEngine(
  context: Context,
  { engine, device, threads }: { engine: EngineName; device: TrainingDevice; threads?: number },
  training: TrainingOptions,
): Promise<PickedEngine> {
  if (engine === 'onnx') return { ...(await pickDevice(context, device, training, threads)), versions: {} };
  return pickTfjs(context, device, training.architecture);
}

/** The first TensorFlow.js that loads and can do a step of the architecture. */
async function pickTfjs(
  { output }: Context,
  choice: TrainingDevice,
  architecture: Architecture,
): Promise<PickedEngine> {
  const { tf, device, description, versions, refused } = await loadTfjs({
    device: choice === 'auto' ? undefined : choice,
    trial: (tf) => tryTfjsEngine(tfjsEngine(tf), architecture),
  });
  output.note(`engine: ${[`${description} on ${device}`, ...refused].join('; ')}`);
  return { engine: tfjsEngine(tf, { device, description }), device, probes: [], versions };
}
