/** Decodes a recognizer's images: few at a time, so that memory stays bounded, and hands over one in a turn of the event loop. */

import { type Call, type Decode, type Decoded, turns } from '@denary/core';
import { clock } from './clock.js';
import { Gate } from './gate.js';
import { decodeImage, withinLimit } from './image-file.js';
import {
  type DecodeOptions,
  type ImageLimits,
  type ImageSource,
  isRaw,
  isStream,
  type RawPixels,
  readImage,
  toImage,
} from './image-source.js';

export function decoderOf(limits: Required<ImageLimits>, maxDecodes: number): Decode<ImageSource> {
  const gate = new Gate(maxDecodes);
  const oneByOne = turns();

  async function decode(
    source: Exclude<ImageSource, RawPixels>,
    call: Call,
    signal: DecodeOptions['signal'],
  ): Promise<Decoded> {
    // A stream comes as slowly as its sender likes: no other image waits for it.
    const whole = isStream(source) ? await readImage(source, 'decodeImage', limits.bytes, signal) : source;
    const free = await gate.enter(call);
    try {
      const image = await decodeImage(whole, undefined, { limits, signal });
      // Preparing it takes milliseconds, which would add up where several are done at once.
      await oneByOne(() => new Promise<void>((resolve) => clock.soon(resolve)));
      return { ...image, free };
    } catch (error) {
      free();
      throw error;
    }
  }

  return (source, call) => {
    // Raw pixels at once: they need no waiting for. Whether their sizes fit is checked where they are prepared.
    if (isRaw(source)) return withinLimit(toImage(source), 'predict', limits.pixels);
    const controller = new AbortController();
    const listener = { ended: (error: unknown) => controller.abort(error) };
    call.add(listener);
    return decode(source, call, controller.signal).finally(() => call.remove(listener));
  };
}
