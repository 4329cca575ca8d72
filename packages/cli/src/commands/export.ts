/** denary export MODEL: a model as another engine takes it. */

import { basename, join } from 'node:path';
import { decodeModel, type Manifest, problem, tritonRepository } from '@denary/core';
import { type ModelFile, readModel } from '@denary/runtime-node';
import { type Architecture, findArchitecture } from '@denary/train';
import { writeAtomically } from '@denary/train/node';
import { exportLayersModel } from '@denary/train/tfjs';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { whole } from '../options.js';

interface Options {
  target: keyof typeof targets;
  out?: string;
  name?: string;
  maxBatch: number;
  maxDelay: number;
  json?: boolean;
}

interface Target {
  /** Where the files go by default. */
  readonly out: (name: string) => string;
  /** By their paths under that. */
  readonly files: (model: ModelFile, name: string, options: Options) => Readonly<Record<string, string | Uint8Array>>;
  /** What to do with them. */
  readonly next: (out: string) => string;
}

const targets = {
  triton: {
    out: () => 'model_repository',
    files: ({ bytes, manifest }, name, { maxBatch, maxDelay }) =>
      tritonRepository(bytes, { name, manifest, maxBatch, maxDelay }),
    next: (out) => `Start it with: tritonserver --model-repository=${out}`,
  },
  tfjs: {
    out: (name) => join('out', 'tfjs', name),
    files: ({ bytes, path, manifest }, name) =>
      exportLayersModel(decodeModel(bytes, path), architectureOf(manifest, path), {
        name,
        classes: manifest?.classes,
        slots: manifest?.slots,
        calibration: manifest?.calibration,
      }),
    next: (out) =>
      `Load it with: tf.loadLayersModel('${out}/model.json'), and give it pixels, 0 to 255, [batch, height, width]`,
  },
} as const satisfies Record<string, Target>;

/** What the model was built of: its manifest says it. */
function architectureOf(manifest: Manifest | undefined, path: string): Architecture {
  if (manifest?.architecture) return manifest.architecture as Architecture;
  if (manifest) return findArchitecture(manifest.name);
  throw problem(
    'bad-model',
    path,
    "a model's folder, whose manifest tells its layers",
    'an ONNX file without one',
    "Give a shipped model's name, or the folder that `denary train` wrote.",
  );
}

export const exportCommand = (context: ContextOf) =>
  new Command('export')
    .description(
      'write a model as another engine takes it: a model repository of NVIDIA Triton Inference Server, or a layers model of TensorFlow.js',
    )
    .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file")
    .addOption(new Option('--target <engine>', 'what to write for').choices(Object.keys(targets)).makeOptionMandatory())
    .option('--out <folder>', 'where to write (default: model_repository, or out/tfjs/NAME)')
    .option('--name <name>', "the model's name there (default: its own)")
    .option('--max-batch <images>', 'images in one run, of Triton', whole(1), 128)
    .option('--max-delay <microseconds>', 'that an image waits for others, in Triton', whole(0), 500)
    .option('--json', 'one JSON object')
    .action(async (model: string, options: Options) => {
      const { output } = context(options);
      const found = await readModel(model);
      const { name = found.manifest?.name ?? basename(found.path, '.onnx') } = options;
      const target: Target = targets[options.target];
      const out = options.out ?? target.out(name);
      const content = target.files(found, name, options);
      const files = Object.keys(content).map((file) => join(out, file));
      for (const [file, bytes] of Object.entries(content)) await writeAtomically(join(out, file), bytes);
      output.result({ name, files }, `${files.join('\n')}\n${target.next(out)}`);
    });
