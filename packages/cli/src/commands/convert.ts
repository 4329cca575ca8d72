/** denary convert IN OUT: a model of TensorFlow.js or Keras as an ONNX file. */

import { basename, extname, join, resolve } from 'node:path';
import { encodeModel, type Model, type Value } from '@denary/core';
import { type WrapOptions, wrapClassifier } from '@denary/train';
import { convertFile, writeAtomically } from '@denary/train/node';
import { Command, InvalidArgumentError } from 'commander';
import type { ContextOf } from '../context.js';
import { fileSize } from '../text.js';
import { addWrappingOptions, type WrappingOptions, wrapOf } from '../wrapping-options.js';

interface Options extends WrappingOptions {
  wrap?: boolean;
  shape?: Record<string, number[]>;
  json?: boolean;
}

export const convertCommand = (context: ContextOf) =>
  addWrappingOptions(
    new Command('convert')
      .description('make an ONNX file of a TensorFlow.js or Keras model: its own inputs and outputs, channels last')
      .argument('<in>', "a TensorFlow.js model's folder, its model.json or its URL, or a .keras or .h5 file")
      .argument('<out>', 'the ONNX file, or a folder for a model.onnx')
      .option(
        '--shape <name=sizes>',
        "an input's sizes without the batch, where the model leaves them open; repeatable",
        shapes,
      )
      .option('--wrap', 'into a model of denary: image uint8 [batch, height, width] in, probabilities out'),
  )
    .option('--json', 'one JSON object')
    .addHelpText('after', `\n${help}`)
    .action(async (given: string, out: string, options: Options) => {
      const { output } = context(options);
      const converted = await convertFile(given, { ...(options.shape && { shapes: options.shape }) });
      const model = options.wrap ? wrapped(converted, given, options) : converted;
      const file = resolve(extname(out) === '.onnx' ? out : join(out, 'model.onnx'));
      const bytes = encodeModel(model);
      await writeAtomically(file, bytes);
      const { inputs, outputs } = model.graph;
      const facts = {
        model: file,
        bytes: bytes.length,
        inputs: inputs.map(described),
        outputs: outputs.map(described),
      };
      const lists = [
        ...facts.inputs.map((value) => `  in   ${value}`),
        ...facts.outputs.map((value) => `  out  ${value}`),
      ];
      output.result(facts, [`${file}: ${fileSize(bytes.length)}`, ...lists].join('\n'));
    });

const help = `The options after --wrap are for it alone: pixels are (image / scale - mean) / std.

Examples:
  denary convert tfjs/model.json digits.onnx
  denary convert digits.keras out/digits --wrap --scale 255
  denary build-training out/digits/model.onnx`;

const wrapped = (model: Model, given: string, options: Options): Model => {
  const name = options.name ?? nameOf(given);
  return wrapClassifier(model, wrapOf(options, name) as WrapOptions).model;
};

/** Of the folder where the file has the usual name. */
function nameOf(path: string): string {
  const full = resolve(path);
  return basename(full) === 'model.json' ? basename(join(full, '..')) : basename(full, extname(full));
}

const described = ({ name, dtype, shape }: Value): string => `${name} ${dtype} [${shape.join(', ')}]`;

/** `image=28,28,1`, once for each input. */
function shapes(text: string, before: Record<string, number[]> = {}): Record<string, number[]> {
  const at = text.lastIndexOf('=');
  const sizes = text
    .slice(at + 1)
    .split(',')
    .map(Number);
  if (at > 0 && sizes.every((size) => Number.isInteger(size) && size > 0))
    return { ...before, [text.slice(0, at)]: sizes };
  throw new InvalidArgumentError('Expected an input and its sizes, such as image=28,28,1.');
}
