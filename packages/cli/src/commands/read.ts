/** denary read IMAGE...: the digits on sheets and photos, line by line. */

import { DenaryError, type Reading, type Reject } from '@denary/core';
import { createRecognizer, type DeviceChoice, decodeImage, drawReading } from '@denary/runtime-node';
import { writeAtomically } from '@denary/train/node';
import { Command, Option } from 'commander';
import type { ContextOf } from '../context.js';
import { rejectOption, variantOption } from '../options.js';
import { percent } from '../text.js';

interface Options {
  model: string;
  variant?: string;
  device: DeviceChoice;
  reject?: Reject;
  picture?: string;
  json?: boolean;
}

export const readCommand = (context: ContextOf) =>
  new Command('read')
    .description('read all digits on sheets and photos, line by line')
    .argument('<file...>', 'image files (PNG, JPEG, WebP, TIFF, GIF)')
    .option('--model <model>', "a shipped model's name, a model's folder, or an .onnx file, of one digit", 'cnn')
    .addOption(variantOption())
    .addOption(
      new Option('--device <device>', 'where to run').choices(['auto', 'cpu', 'cuda', 'webgpu']).default('auto'),
    )
    .addOption(rejectOption())
    .option('--picture <file>', 'of one image: write it as an SVG with boxes and digits, doubtful ones in orange')
    .option('--json', 'one JSON object a file: lines and digits with confidences and boxes')
    .action(async (files: string[], options: Options) => {
      const { output, signal } = context(options);
      const { picture, ...rest } = options;
      if (picture !== undefined) requirePicture(picture, files);
      const recognizer = await createRecognizer({ ...rest, isolation: 'none' });
      let failures = 0;
      try {
        for (const file of files) {
          try {
            const image = await decodeImage(file);
            const reading = await recognizer.read(image, { signal });
            if (picture !== undefined) await writeAtomically(picture, await drawReading(image, reading));
            const name = files.length > 1 ? `${file}\n` : '';
            output.result({ file, ...reading, ...(picture && { picture }) }, `${name}${describe(reading)}`);
          } catch (error) {
            if (!(error instanceof DenaryError) || (error.code !== 'bad-image' && error.code !== 'not-found'))
              throw error;
            failures++;
            process.stderr.write(`denary: ${error.message}\n`);
          }
        }
      } finally {
        await recognizer.close();
      }
      if (failures > 0) {
        throw new DenaryError({
          code: 'bad-image',
          who: 'denary read',
          expected: `${files.length} images that can be read`,
          received: `${failures} that cannot`,
          remedy: 'The messages above say why.',
        });
      }
    });

/** A line of digits to a line, with the confidence of the whole. */
function describe({ lines }: Reading): string {
  if (lines.length === 0) return '-  empty';
  const width = Math.max(...lines.map(({ text }) => text.length));
  return lines.map(({ text, confidence }) => `${text.padEnd(width)}  ${percent(confidence).padStart(7)}`).join('\n');
}

function requirePicture(picture: string, files: readonly string[]): void {
  if (/\.svg$/i.test(picture) && files.length === 1) return;
  throw new DenaryError({
    code: 'bad-argument',
    who: 'denary read --picture',
    expected: 'one image, and a name that ends in .svg',
    received: `${files.length} with ${picture}`,
    remedy: 'Read the images one by one where you want pictures.',
  });
}
