/** The options of `denary train` that say how to train; each one left out is the system's own setting. */

import {
  type Architecture,
  type AugmentOptions,
  type LossName,
  losses,
  type Monitor,
  monitors,
  type OptimizerName,
  type OptimizerSpec,
  optimizers,
  type Schedule,
  type ScheduleName,
  type TrainingSettings,
} from '@denary/train';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { fraction, positive, whole } from './options.js';

export interface TrainingOptions {
  epochs?: number;
  steps?: number;
  batchSize?: number;
  optimizer?: OptimizerName;
  learningRate?: number;
  loss?: LossName;
  schedule?: Exclude<ScheduleName, 'inverse-time'>;
  warmup?: number;
  ema?: number;
  augment?: AugmentOptions | true;
  validationSplit?: number;
  keep?: 'last' | 'best';
  patience?: number;
  minDelta?: number;
  monitor?: Monitor;
}

/** What `--augment` does by itself: changes that leave a digit what it is. */
const MILD: AugmentOptions = { rotate: 10, shift: 0.08, shear: 10, zoom: 0.1 };

export const addTrainingOptions = (command: Command): Command =>
  command
    .option(
      '--epochs <n>',
      "passes over the training data (default: the system's own, as for all that follow)",
      whole(1),
    )
    .option('--steps <n>', 'in place of epochs', whole(1))
    .option('--batch-size <n>', 'samples in a step', whole(1))
    .addOption(new Option('--optimizer <name>', 'by its Keras name').choices(Object.keys(optimizers)))
    .option('--learning-rate <rate>', "the optimizer's own for another optimizer", positive)
    .addOption(new Option('--loss <name>', 'by its Keras name').choices(Object.keys(losses)))
    .addOption(
      new Option('--schedule <name>', 'of the learning rate over the whole training').choices([
        'constant',
        'step',
        'exponential',
        'cosine',
        'one-cycle',
      ]),
    )
    .option('--warmup <fraction>', 'part of the training in which the learning rate rises from 0', fraction)
    .option('--ema <momentum>', 'give the model moving averages of the weights, for example 0.999', fraction)
    .option(
      '--augment [changes]',
      'change the training images anew in each epoch: rotate=10,shift=0.08,shear=10,zoom=0.1 by itself, or those of these and of elastic=ALPHA/SIGMA and strokeWidth=PIXELS that are named',
      changes,
    )
    .option(
      '--validation-split <fraction>',
      'part of the training data to hold out and measure after each epoch',
      fraction,
    )
    .addOption(
      new Option('--keep <epoch>', 'whose weights to write: the best is told by the validation data').choices([
        'last',
        'best',
      ]),
    )
    .option('--patience <n>', 'stop after so many epochs without an improvement', whole(1))
    .option('--min-delta <value>', 'what an improvement must exceed (with --patience)', positive)
    .addOption(new Option('--monitor <name>', 'where to look for it (with --patience)').choices([...monitors]));

/** The settings that these options change, for `fit`. */
export function settingsOf({ training }: Architecture, options: TrainingOptions): Partial<TrainingSettings> {
  const { epochs, steps, batchSize, loss, augment, validationSplit, keep, schedule, warmup } = options;
  const changed = {
    epochs,
    steps,
    batchSize,
    loss,
    augment: augment === true ? MILD : augment,
    validationSplit: validationSplit ?? (keep === 'best' ? (training.validationSplit ?? 0.1) : undefined),
    keep,
    schedule: schedule || warmup ? scheduleOf(schedule, warmup) : undefined,
    earlyStopping: stoppingOf(training, options),
    optimizer: optimizerOf(training.optimizer, options),
  };
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}

const scheduleOf = (name: TrainingOptions['schedule'] = 'constant', warmup: number | undefined): Schedule => ({
  name,
  ...(warmup && { warmup }),
});

function stoppingOf({ earlyStopping }: TrainingSettings, { patience, minDelta, monitor }: TrainingOptions) {
  if (patience === undefined && minDelta === undefined && monitor === undefined) return undefined;
  return {
    ...earlyStopping,
    ...(patience && { patience }),
    ...(minDelta && { minDelta }),
    ...(monitor && { monitor }),
  };
}

/** The system's own optimizer with what is asked for changed; another one starts from its own defaults. */
function optimizerOf(own: OptimizerSpec, { optimizer, learningRate, ema }: TrainingOptions): OptimizerSpec | undefined {
  if (!optimizer && !learningRate && !ema) return undefined;
  const base: OptimizerSpec = optimizer && optimizer !== own.name ? { name: optimizer } : own;
  return { ...base, ...(learningRate && { learningRate }), ...(ema && { emaMomentum: ema }) };
}

/** `rotate=10,elastic=34/4` as options; their names and ranges are checked where they are used. */
function changes(text: string): AugmentOptions {
  const pairs = text.split(',').map((part) => {
    const [name = '', value = ''] = part.split('=');
    const numbers = value.split('/').map((number) => (number.trim() === '' ? Number.NaN : Number(number)));
    if (numbers.some(Number.isNaN) || numbers.length !== (name === 'elastic' ? 2 : 1)) {
      throw new InvalidArgumentError('Expected changes such as rotate=10,shift=0.1,elastic=34/4.');
    }
    return [name, name === 'elastic' ? { alpha: numbers[0], sigma: numbers[1] } : numbers[0]];
  });
  return Object.fromEntries(pairs);
}
