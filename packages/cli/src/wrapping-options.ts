/** What commands are told of a foreign classifier, and `denary build-training` of the files that it is to make. */

import { type Layout, layouts, type TrainableChoice, trainableChoices, type WrapOptions } from '@denary/train';
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface WrappingOptions {
  scale?: number;
  mean?: number[];
  std?: number[];
  layout?: Layout;
  size?: [number, number];
  logits?: boolean;
  input?: string;
  output?: string;
  name?: string;
}

/** How a classifier takes its image and what it gives. */
export const addWrappingOptions = (command: Command): Command =>
  command
    .option('--scale <n>', 'what pixels, 0 to 255, are divided by; below 1 a factor (default: 255)', pixelScale)
    .option('--mean <numbers>', 'subtracted then: one, or one a channel with commas (default: 0)', numbers)
    .option('--std <numbers>', 'divided by after that (default: 1)', numbers)
    .addOption(
      new Option('--layout <name>', "how the classifier takes its image (default: by its input's shape)").choices(
        layouts,
      ),
    )
    .option('--size <height>x<width>', "of the image (default: by the input's shape)", imageSize)
    .option('--logits', 'the output is logits (default: unless it ends in Softmax or Sigmoid)')
    .option('--no-logits', 'the output is probabilities')
    .option('--input <name>', 'the input that takes the image')
    .option('--output <name>', 'the output to take, of several')
    .option('--name <name>', 'of the model (default: that of its file)');

export function wrapOf(options: WrappingOptions, name: string): WrapOptions {
  const { scale, mean, std, layout, size, logits, input, output } = options;
  const given = { name, scale, mean, std, layout, size, logits, input, output };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export const names = (text: string): string[] => {
  const found = text.split(',').map((name) => name.trim());
  if (found.every((name) => name !== '')) return found;
  throw new InvalidArgumentError('Expected names with commas between them.');
};

export function trainableList(text: string): TrainableChoice[] {
  const found = names(text);
  const known: readonly string[] = trainableChoices;
  if (found.every((name) => known.includes(name))) return [...new Set(found)] as TrainableChoice[];
  throw new InvalidArgumentError(`Expected one or more of ${known.join(', ')}.`);
}

export function batchSizes(text: string): number[] {
  const found = names(text).map(Number);
  if (found.every((size) => Number.isInteger(size) && size >= 1 && size <= 65_536)) return [...new Set(found)];
  throw new InvalidArgumentError('Expected whole numbers of at least 1, with commas between them.');
}

export function numbers(text: string): number[] {
  const found = names(text).map(Number);
  if (found.every(Number.isFinite)) return found;
  throw new InvalidArgumentError('Expected numbers with commas between them.');
}

/** 255, or 0.00392 or 1/255, which is the same. No scale below 1 is divided by: pixels would be beyond any classifier. */
export function pixelScale(text: string): number {
  const [over, under = '1', ...more] = text.split('/');
  const value = Number(over) / Number(under);
  if (more.length > 0 || !(Number.isFinite(value) && value > 0)) {
    throw new InvalidArgumentError('Expected a number above 0, or a fraction such as 1/255.');
  }
  return value < 1 ? 1 / value : value;
}

export function imageSize(text: string): [number, number] {
  const [height, width, ...more] = text.split('x').map(Number);
  const usable = more.length === 0 && [height, width].every((size) => Number.isInteger(size) && size! > 0);
  if (usable) return [height!, width!];
  throw new InvalidArgumentError('Expected HEIGHTxWIDTH in pixels, such as 28x28.');
}
