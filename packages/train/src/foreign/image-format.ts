/** How a classifier takes its image: size, layout, and what pixels are scaled by. Told by its input's shape, or given. */

import { type Dimension, elementTypeOf, fromNumbers, type GraphBuilder, problem, type Value } from '@denary/core';

/** nchw [batch, channels, height, width]; nhwc [batch, height, width, channels]; hw [batch, height, width]; flat [batch, pixels]. */
export const layouts = ['nchw', 'nhwc', 'hw', 'flat'] as const;
export type Layout = (typeof layouts)[number];

export interface ImageOptions {
  /** The classifier's input, where there is a doubt. */
  readonly input?: string;
  /** Told by the input's shape where left out. */
  readonly layout?: Layout;
  /** [height, width] in pixels; where the input's shape does not say it. */
  readonly size?: readonly [number, number];
  /** What pixels (0 to 255) are divided by; default what the file's metadata tell, else 255, so that they are 0 to 1. */
  readonly scale?: number;
  /** Subtracted then: one number, or one for each channel; default 0. */
  readonly mean?: readonly number[];
  /** Divided by after that; default 1. */
  readonly std?: readonly number[];
}

export interface ImageFormat {
  readonly dtype: 'float32' | 'uint8';
  readonly layout: Layout;
  readonly height: number;
  readonly width: number;
  /** 1, or 3 for a classifier of colours, which is then given the same grey three times. */
  readonly channels: number;
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Throws `bad-argument` where the format can't be told by the input, or what is given does not fit it. */
export function imageFormatOf(input: Value, options: ImageOptions = {}): ImageFormat {
  const { scale = 255, mean = [0], std = [1] } = options;
  const { dtype, shape } = input;
  const bad = (expected: string, received: string, remedy: string) =>
    problem('bad-argument', `wrapClassifier: input "${input.name}"`, expected, received, remedy);
  const shown = `${dtype} [${shape.join(', ')}]`;
  if (dtype !== 'float32' && dtype !== 'uint8') throw bad('float32 or uint8', shown, 'Convert the model to float32.');
  const layout = options.layout ?? guessLayout(shape);
  if (!layout || shape.length !== { nchw: 4, nhwc: 4, hw: 3, flat: 2 }[layout]) {
    throw bad(`an image${layout ? ` laid out as ${layout}` : ''}`, shown, `Give the layout: ${layouts.join(', ')}.`);
  }
  const [channels, [height, width]] = partsOf(shape, layout, options.size);
  if (!(Number.isInteger(height) && Number.isInteger(width))) {
    throw bad('a size in pixels', shown, 'Give the size as HEIGHTxWIDTH.');
  }
  if (channels !== 1 && channels !== 3) {
    throw bad('an image of 1 or 3 channels', `${shown} as ${layout}`, `Give another layout: ${layouts.join(', ')}.`);
  }
  const fits = shape
    .slice(1)
    .every((size, i) => typeof size === 'string' || size === laidOut(layout, channels, height, width)[i]);
  if (!fits) throw bad(`${height}x${width} pixels as ${layout}`, shown, 'Give the size that the model was made for.');
  for (const [name, values] of Object.entries({ mean, std })) {
    const usable = values.every((value) => Number.isFinite(value) && (name === 'mean' || value > 0));
    if (!usable || (values.length !== 1 && values.length !== channels)) {
      throw bad(
        `a ${name} of one number, or of one for each of ${channels} channel(s)`,
        `[${values}]`,
        `Check ${name}.`,
      );
    }
  }
  if (!(Number.isFinite(scale) && scale > 0)) throw bad('a scale above 0', `${scale}`, 'Leave it out for 255.');
  return { dtype, layout, height, width, channels, scale, mean, std };
}

const isChannels = (size: Dimension | undefined) => size === 1 || size === 3;

function guessLayout(shape: readonly Dimension[]): Layout | undefined {
  if (shape.length === 2) return 'flat';
  if (shape.length === 3) return 'hw';
  if (shape.length !== 4 || isChannels(shape[1]) === isChannels(shape[3])) return undefined;
  return isChannels(shape[1]) ? 'nchw' : 'nhwc';
}

type Parts = readonly [channels: number, size: readonly [height: number, width: number]];

function partsOf(shape: readonly Dimension[], layout: Layout, given: readonly [number, number] | undefined): Parts {
  const [, ...axes] = shape.map(Number) as [number, number, number, number];
  switch (layout) {
    case 'nchw':
      return [axes[0], given ?? [axes[1], axes[2]]];
    case 'nhwc':
      return [axes[2], given ?? [axes[0], axes[1]]];
    case 'hw':
      return [1, given ?? [axes[0], axes[1]]];
    case 'flat':
      return [1, given ?? [Math.sqrt(axes[0]), Math.sqrt(axes[0])]];
  }
}

const laidOut = (layout: Layout, channels: number, height: number, width: number): number[] =>
  ({
    nchw: [channels, height, width],
    nhwc: [height, width, channels],
    hw: [height, width],
    flat: [height * width],
  })[layout];

/** The input `image` uint8 [batch, height, width], and what the classifier is given of it, under the name of its own input. */
export function emitImage(builder: GraphBuilder, format: ImageFormat, name: string): Value {
  const { dtype, layout, height, width, channels, scale, mean, std } = format;
  const pixels = builder.input('image', 'uint8', ['batch', height, width]);
  const grey = laidOut(layout, 1, height, width);
  const shaped = builder.op('Reshape', [pixels, builder.int64s([-1, ...grey])], {}, { name: 'image/shaped' });
  const each = (values: readonly number[]) => Array.from({ length: channels }, (_, i) => values[i] ?? values[0]!);
  /** A scalar for one channel; for several, constants along the channels' axis, which spread the grey over them. */
  const perChannel = (values: readonly number[]) =>
    channels === 1
      ? builder.scalar(values[0]!)
      : builder.constant(fromNumbers('float32', values, layout === 'nchw' ? [1, channels, 1, 1] : [1, 1, 1, channels]));
  const named = { name: 'image/given', outputs: [name] };
  if (dtype === 'uint8') {
    return channels === 1
      ? builder.op('Identity', [shaped], {}, named)
      : builder.op(
          'Concat',
          each([0]).map(() => shaped),
          { axis: layout === 'nchw' ? 1 : 3 },
          named,
        );
  }
  const numbers = builder.op('Cast', [shaped], { to: elementTypeOf('float32') }, { name: 'image/numbers' });
  // (x / scale - mean) / std = x / (scale std) - mean / std
  const factors = each(std).map((deviation) => 1 / (scale * deviation));
  const offsets = each(mean).map((value, i) => value / each(std)[i]!);
  if (offsets.every((value) => value === 0)) return builder.op('Mul', [numbers, perChannel(factors)], {}, named);
  const scaled = builder.op('Mul', [numbers, perChannel(factors)], {}, { name: 'image/scaled' });
  return builder.op('Sub', [scaled, perChannel(offsets)], {}, named);
}
