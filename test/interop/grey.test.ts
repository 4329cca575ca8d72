/** Image files become the same grey as in OpenCV, within one level. JPEG aside, whose decoders may differ more. */
import { toGrey } from '@denary/core';
import { decodeImage } from '@denary/runtime-node';
import { hash32 } from '@denary/train';
import sharp, { type Sharp } from 'sharp';
import { expect, it } from 'vitest';
import { python } from './exchange.js';

const [width, height] = [37, 23];

function noise(channels: 3 | 4): Sharp {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => hash32(1, i) & 255);
  return sharp(pixels, { raw: { width, height, channels } });
}

const files: Record<string, () => Promise<Buffer>> = {
  'png, colour': () => noise(3).png().toBuffer(),
  'png, grey': () => noise(3).greyscale().png().toBuffer(),
  'png, alpha': () => noise(4).png().toBuffer(),
  'png, palette': () => noise(3).png({ palette: true }).toBuffer(),
  'png, 16 bits': () => noise(3).toColourspace('rgb16').png().toBuffer(),
  tiff: () => noise(3).tiff({ compression: 'lzw' }).toBuffer(),
  'webp, lossless': () => noise(3).webp({ lossless: true }).toBuffer(),
  'webp, alpha': () => noise(4).webp({ lossless: true, exact: true }).toBuffer(),
  'jpeg, turned by EXIF': () =>
    sharp({ create: { width, height, channels: 3, background: '#3a7' } })
      .composite([{ input: { create: { width: 16, height: 8, channels: 3, background: '#fff' } }, left: 0, top: 0 }])
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toBuffer(),
};

it('is as OpenCV has it', async () => {
  const items: Record<string, { bytes: Uint8Array; alpha: boolean }> = {};
  for (const [name, make] of Object.entries(files)) {
    items[name] = { bytes: new Uint8Array(await make()), alpha: name.includes('alpha') };
  }
  const answers = await python<{ shape: number[]; data: Uint8Array }>('grey', items);
  for (const [name, { bytes }] of Object.entries(items)) {
    const grey = toGrey(await decodeImage(bytes));
    const { shape, data } = answers.get(name);
    expect(shape, name).toEqual([grey.height, grey.width]);
    const apart = grey.data.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
    expect(apart, name).toBeLessThanOrEqual(name.startsWith('jpeg') ? 3 : 1);
  }
});
