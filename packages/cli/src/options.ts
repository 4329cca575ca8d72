/** Option values that several commands parse, and the data set that they name. */

import { basename, dirname, join } from 'node:path';
import type { Device, Reject } from '@denary/core';
import type { DatasetOptions } from '@denary/train/node';
import { InvalidArgumentError, Option } from 'commander';

/** A parser for a whole number of at least `least`. */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= least && value < 2 ** 32) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };

export function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

export function fraction(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number between 0 and 1.');
}

/** Where to train, as it is typed. */
export type TrainingDevice = 'auto' | Exclude<Device, 'wasm'>;

export const trainingDeviceOption = () =>
  new Option('--device <device>', 'where to train; auto tries the GPUs that are here and takes the fastest that works')
    .choices(['auto', 'cpu', 'cuda', 'webgpu'])
    .default('auto');

export const rejectOption = () =>
  new Option(
    '--reject <limit>',
    "read ? for what is no digit: auto, by the model's limits, or the least confidence, 0 to 1",
  ).argParser((text): Reject => {
    const value = Number(text);
    if (text === 'auto') return text;
    if (text.trim() !== '' && value >= 0 && value <= 1) return value;
    throw new InvalidArgumentError('Expected auto, or a number from 0 to 1.');
  });

export const variantOption = () =>
  new Option('--variant <name>', 'of a model by name or folder: int8 is the one in eight bits, for CPUs');

/** For an option that may come several times. */
export const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** Where data sets are looked for: beside this package and beside whoever calls it. */
export const datasetOptions = (cache: string | undefined): DatasetOptions => ({
  resolveFrom: [import.meta.url, join(process.cwd(), 'package.json')],
  ...(cache === undefined ? {} : { cache }),
});

/** What a model is called that does not say it: after its file, or after the folder of a `model.onnx`. */
export const modelName = (path: string): string => {
  const file = basename(path, '.onnx');
  return file === 'model' ? basename(dirname(path)) : file;
};
