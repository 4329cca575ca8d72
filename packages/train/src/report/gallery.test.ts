import { describe, expect, it } from 'vitest';
import { createDataset } from '../data/dataset.js';
import { composeGallery } from './gallery.js';
import { drawText, textWidth } from './tiny-font.js';

const badArgument = (message: RegExp) =>
  expect.objectContaining({ code: 'bad-argument', message: expect.stringMatching(message) });

/** 30 images of 8x8: image i has the grey i % 17 everywhere, and 16 at its first pixel. */
const dataset = createDataset({
  name: 'plates',
  images: Uint8Array.from({ length: 30 * 64 }, (_, i) => (i % 64 === 0 ? 16 : Math.floor(i / 64) % 17)),
  labels: Uint8Array.from({ length: 30 }, (_, i) => i % 10),
  height: 8,
  width: 8,
  classes: 10,
});

describe('composeGallery', () => {
  it('puts samples into rows, each pixel enlarged, the brightest white', () => {
    const sheet = composeGallery(dataset, { indices: [0, 4, 8], columns: 2, scale: 3, captions: false });
    const [cell, gap] = [8 * 3 + 6, 6];
    expect(sheet).toMatchObject({ width: 2 * cell + gap, height: 2 * cell + gap, indices: [0, 4, 8] });
    expect(sheet.data.length).toBe(sheet.width * sheet.height);
    const at = (x: number, y: number) => sheet.data[y * sheet.width + x];
    const paper = at(0, 0);
    for (const [left, top, grey] of [
      [gap, gap, 0],
      [gap + cell, gap, Math.round((4 * 255) / 16)],
      [gap, gap + cell, Math.round((8 * 255) / 16)],
    ] as const) {
      for (const [x, y] of [
        [0, 0],
        [2, 2],
      ] as const)
        expect(at(left + x, top + y)).toBe(255);
      expect(at(left + 3, top)).toBe(grey);
      expect(at(left + 23, top + 23)).toBe(grey);
      for (const [x, y] of [
        [left - 1, top],
        [left, top - 1],
        [left + 24, top + 5],
        [left + 5, top + 24],
      ] as const)
        expect(at(x, y)).toBe(paper);
    }
    expect(at(gap + cell + 5, gap + cell + 5)).toBe(paper);
  });

  it('writes the labels below the samples, and other captions where asked', () => {
    const glyph = (text: string) => {
      const image = { data: new Uint8Array(200 * 5), width: 200, height: 5 };
      drawText(image, text, { left: 0, top: 0, scale: 1, grey: 255 });
      return image.data.reduce((sum, pixel) => sum + pixel, 0) / 255;
    };
    const letters = (options: object) => {
      const bare = composeGallery(dataset, { indices: [7], scale: 3, captions: () => '', ...options });
      return bare.data.subarray((6 + 24) * bare.width).filter((pixel) => pixel === 255).length / 4;
    };
    expect(letters({})).toBe(0);
    expect(letters({ captions: undefined })).toBe(glyph('7'));
    expect(letters({ captions: (index: number) => `${index}>3 98.5%` })).toBe(glyph('7>3 98.5%'));
    // A long caption makes its column wider; nothing is cut off.
    const wide = composeGallery(dataset, { indices: [7], scale: 1, captions: () => '8888888888' });
    expect(wide.width).toBe(2 * textWidth('8888888888') + 12);
  });

  it('writes the labels of all slots, a blank as a dash', () => {
    const labels = Uint8Array.of(10, 10, 1, 2, 3);
    const strings = createDataset({ ...dataset, images: new Uint8Array(64), labels, classes: 11, slots: 5 });
    const same = composeGallery(strings, { captions: () => '- - 1 2 3' });
    expect(composeGallery(strings)).toEqual(same);
  });

  it('draws by lot, the same with the same seed', () => {
    const one = composeGallery(dataset, { count: 12, seed: 1 });
    expect(one.indices.length).toBe(12);
    expect(new Set(one.indices).size).toBe(12);
    expect(composeGallery(dataset, { count: 12, seed: 1 })).toEqual(one);
    expect(composeGallery(dataset, { count: 12, seed: 2 }).indices).not.toEqual(one.indices);
    expect([...composeGallery(dataset).indices].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(composeGallery(dataset, { count: 99 }).indices.length).toBe(30);
  });

  it.each([
    [{ count: 0 }, /count, received 0/],
    [{ columns: 1.5 }, /columns/],
    [{ scale: -1 }, /scale/],
    [{ indices: [30] }, /0\.\.29, received 30/],
    [{ indices: [] }, /received none/],
  ])('refuses %j', (options, message) => {
    expect(() => composeGallery(dataset, options)).toThrow(badArgument(message));
  });
});
