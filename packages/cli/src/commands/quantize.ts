/** denary quantize MODEL: the same model in eight bits, smaller and faster on a CPU. */

import { join, resolve } from 'node:path';
import { openModel } from '@denary/core';
import { createSession, readModel } from '@denary/runtime-node';
import { evaluate, quantizeModel } from '@denary/train';
import { type DatasetName, loadDataset, writeQuantizedFolder } from '@denary/train/node';
import { Command } from 'commander';
import type { ContextOf } from '../context.js';
import { measuredBy } from '../measured-by.js';
import { datasetOptions, modelName, whole } from '../options.js';
import { count, fileSize, percent, table } from '../text.js';

interface Options {
  dataset?: DatasetName;
  samples: number;
  out?: string;
  cache?: string;
  json?: boolean;
}

export const quantizeCommand = (context: ContextOf) =>
  new Command('quantize')
    .description('make model.int8.onnx, the model in eight bits: a quarter of the size, and faster on a CPU')
    .argument('<model>', "a shipped model's name, a model's folder, or an .onnx file")
    .option('--dataset <name>', "a name of `denary data` (default: the one that the model's system is made for)")
    .option('--samples <n>', 'training images on which the span of each activation is found', whole(1), 1000)
    .option('--out <dir>', "the model's folder (default: out/NAME)")
    .option('--cache <dir>', 'folder for data sets')
    .option('--json', 'one JSON object')
    .addHelpText('after', `\n${help}`)
    .action(async (given: string, options: Options) => {
      const { output, signal } = context(options);
      const { samples } = options;
      const { bytes, path, manifest } = await readModel(given);
      openModel(bytes, path);
      const name = manifest?.name ?? modelName(path);
      const folder = resolve(options.out ?? join('out', name));
      const { dataset, loss } = measuredBy(manifest);
      const load = (split: 'train' | 'test') =>
        loadDataset(options.dataset ?? dataset, split, datasetOptions(options.cache));
      const [train, test] = await Promise.all([load('train'), load('test')]);
      const quantized = await quantizeModel({ createSession, model: bytes, dataset: train, samples, signal });
      const measure = (model: Uint8Array) => evaluate({ createSession, model, dataset: test, loss, signal });
      const [before, after] = [await measure(bytes), await measure(quantized.bytes)];
      const on = `${Math.min(samples, train.count)} images of ${train.name}`;
      await writeQuantizedFolder(folder, { model: bytes, quantized: quantized.bytes, name, manifest, on, test: after });
      const files = {
        'model.onnx': { bytes: bytes.length, ...figures(before) },
        'model.int8.onnx': { bytes: quantized.bytes.length, ...figures(after) },
      };
      const { layers, kept } = quantized;
      const rows = Object.entries(files).map(([file, { bytes, accuracy, loss, imagesPerSecond }]) => [
        file,
        fileSize(bytes),
        percent(accuracy),
        loss.toFixed(4),
        count(imagesPerSecond),
      ]);
      output.result(
        { model: folder, data: test.name, layers, kept, files },
        [
          `${folder}: ${layers} ${layers === 1 ? 'layer' : 'layers'} in eight bits${kept.length > 0 ? `; as before: ${kept.join(', ')}` : ''}`,
          table(['file', 'size', `accuracy on ${test.name}`, 'loss', 'images/s'], rows),
        ].join('\n'),
      );
    });

const help = `Weights become int8 with a scale for each output channel, activations uint8; logits and probabilities stay float32.
Nothing is trained. Use it with --variant int8 (predict, read, evaluate, serve), or createRecognizer({ model, variant: 'int8' }).

Examples:
  denary quantize out/cnn
  denary serve --model out/cnn --variant int8`;

const figures = ({ accuracy, loss, imagesPerSecond }: Awaited<ReturnType<typeof evaluate>>) => ({
  accuracy,
  loss,
  imagesPerSecond,
});
