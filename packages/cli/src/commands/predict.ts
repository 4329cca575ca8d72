/** denary predict FILE...: the digit on each image. */

import { type AnyPrediction, DenaryError, type Preprocess, type Reject } from '@denary/core';
import { createRecognizer, type DeviceChoice } from '@denary/runtime-node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { rejectOption, variantOption } from '../options.js';
import { bar, percent } from '../text.js';

interface Options {
  model: string;
  variant?: string;
  device: DeviceChoice;
  preprocess?: Preprocess;
  reject?: Reject;
  json?: boolean;
}

export const predictCommand = (context: ContextOf) =>
  new Command('predict')
    .description('tell the digit on each image (PNG, JPEG, WebP, TIFF, GIF)')
    .argument('<file...>', 'image files')
    .option('--model <model>', "a shipped model's name, a model's folder, or an .onnx file", 'cnn')
    .addOption(variantOption())
    .addOption(
      new Option('--device <device>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'),
    )
    .addOption(
      new Option(
        '--preprocess <how>',
        'normalise drawings and photos of one digit, or take images as they are (default: by the model)',
      ).choices(['normalise', 'none']),
    )
    .addOption(rejectOption())
    .option('--json', 'one JSON object a file')
    .action(async (files: string[], options: Options) => {
      const { output } = context(options);
      const recognizer = await createRecognizer<AnyPrediction>({ ...options, isolation: 'none' });
      const failures: unknown[] = [];
      const width = Math.max(...files.map((file) => file.length));
      try {
        for (const file of files) {
          try {
            const prediction = await recognizer.predict(file);
            output.result({ file, ...prediction }, `${file.padEnd(width)}  ${describe(prediction)}`);
          } catch (error) {
            if (!(error instanceof DenaryError)) throw error;
            failures.push(error);
            process.stderr.write(`denary: ${error.message}\n`);
          }
        }
      } finally {
        await recognizer.close();
      }
      if (failures.length > 0) {
        throw new DenaryError({
          code: 'bad-image',
          who: 'denary predict',
          expected: `${files.length} images that can be read`,
          received: `${failures.length} that cannot`,
          remedy: 'The messages above say why.',
        });
      }
    });

/** A prediction as a line: the digit or the text, and how sure it is. */
function describe(prediction: AnyPrediction): string {
  if (prediction.rejected) return `${'text' in prediction ? prediction.text : '?'}  ${prediction.rejected}`;
  const found = 'text' in prediction ? prediction.text : (prediction.digit ?? '');
  const { confidence } = prediction;
  return found === '' ? '-  empty' : `${found}  ${bar(confidence, 10)} ${percent(confidence)}`;
}
