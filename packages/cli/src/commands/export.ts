/** denary export MODEL: a model as another engine takes it. */

import { basename, join } from 'node:path';
import { tritonRepository } from '@denary/core';
import { readModel } from '@denary/runtime-node';
import { writeAtomically } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { whole } from '../options.js';

interface Options {
  target: 'triton';
  out: string;
  name?: string;
  maxBatch: number;
  maxDelay: number;
  json?: boolean;
}

export const exportCommand = (context: ContextOf) =>
  new Command('export')
    .description('write a model as another engine takes it: a model repository of NVIDIA Triton Inference Server')
    .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file")
    .addOption(new Option('--target <engine>', 'what to write for').choices(['triton']).makeOptionMandatory())
    .option('--out <folder>', 'the model repository', 'model_repository')
    .option('--name <name>', "the model's name there (default: its own)")
    .option('--max-batch <images>', 'images in one run', whole(1), 128)
    .option('--max-delay <microseconds>', 'that an image waits for others', whole(0), 500)
    .option('--json', 'one JSON object')
    .action(async (model: string, options: Options) => {
      const { output } = context(options);
      const { bytes, path, manifest } = await readModel(model);
      const { out, name = manifest?.name ?? basename(path, '.onnx'), maxBatch, maxDelay } = options;
      const repository = tritonRepository(bytes, { name, manifest, maxBatch, maxDelay });
      const files = Object.keys(repository).map((file) => join(out, file));
      for (const [file, content] of Object.entries(repository)) await writeAtomically(join(out, file), content);
      output.result({ name, files }, `${files.join('\n')}\nStart it with: tritonserver --model-repository=${out}`);
    });
