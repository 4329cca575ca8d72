/** Decodes a recognizer's images: few large ones at a time, so that memory stays bounded, whoever asks for how many. */

import { type Call, type Decode, type Decoded, turns } from '@denary/core';
import { clock } from './clock.js';
import { Gate } from './gate.js';
import { decodeImage, withinLimit } from './image-file.js';
import {
  type DecodeOptions,
  type ImageLimits,
  type ImageSource,
  isRaw,
  type RawPixels,
  toImage,
} from './image-source.js';

/** An image with so many pixels takes a place of its own; smaller ones share one, as small ones are many. */
const WHOLE = 1 << 20;
/** To prepare an image with more pixels takes as long as a turn of the event loop should. */
const ALONE = 1 << 18;

/** `maxDecodes`: places for images that are decoded, or were and are not prepared yet. */
export function decoderOf(limits: Required<ImageLimits>, maxDecodes: number): Decode<ImageSource> {
  const gate = new Gate(maxDecodes);
  const oneByOne = turns();

  async function decode(
    source: Exclude<ImageSource, RawPixels>,
    call: Call,
    signal: DecodeOptions['signal'],
  ): Promise<Decoded> {
    let free = () => {};
    const room = async (pixels: number) => {
      free = await gate.enter(call, Math.min(1, pixels / WHOLE));
    };
    try {
      const image = await decodeImage(source, undefined, { limits, signal }, room);
      if (image.width * image.height > ALONE) {
        await oneByOne(() => new Promise<void>((resolve) => clock.soon(resolve)));
      }
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
