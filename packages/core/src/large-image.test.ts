import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BAND } from './bands.js';
import { type Channels, type Image, toGrey } from './image.js';
import { normaliseLarge, shrinkLarge, toGreyLarge } from './large-image.js';
import { normalise } from './normalise.js';
import { shrinkBy } from './resample.js';
import { atOnce, type Work } from './slices.js';

/** Every band is of a single row, or of a few: sides are beyond what one band takes. */
const WIDE = BAND / 4;

function noise(width: number, height: number, channels: Channels): Image {
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (Math.imul(i + 1, 2654435761) >>> 13) & 255,
  );
  return { data, width, height, channels };
}

/** A bar, dark on light, under uneven light. */
function bar(width: number, height: number): Image {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    const isInk = Math.abs(x - width / 2) < width / 30 && Math.abs(y - height / 2) < height / 4;
    return (isInk ? 40 : 220) - (60 * x) / width;
  });
  return { data, width, height, channels: 3 };
}

function pausesOf(work: Work<unknown>): number {
  let pauses = 0;
  while (!work.next().done) pauses++;
  return pauses;
}

test('an image in bands is made grey and small as it is at once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Channels>(1, 2, 3, 4),
      fc.integer({ min: 1, max: 13 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: -3, max: 3 }),
      (channels, height, step, more) => {
        const image = noise(WIDE + more, height, channels);
        const [inBands, whole] = [atOnce(shrinkLarge(image, step)), shrinkBy(toGrey(image), step)];
        expect([inBands.width, inBands.height]).toEqual([whole.width, whole.height]);
        expect(Buffer.compare(inBands.data, whole.data)).toBe(0);
      },
    ),
    { numRuns: 30 },
  );
});

test.each([
  [1200, 900],
  // Steps that leave a page of more pixels than it should have: it is not shrunk again.
  [1201, 1199],
  [4000, 150],
])('a digit on %i x %i pixels is normalised as it is at once, with pauses', (width, height) => {
  const image = bar(width, height);
  expect(atOnce(normaliseLarge(image, 'test'))).toEqual(normalise(toGrey(image)));
  expect(pausesOf(normaliseLarge(image, 'test'))).toBeGreaterThanOrEqual(Math.floor((width * height) / BAND));
});

test('one channel is passed on without a copy', () => {
  const image = noise(700, 800, 1);
  expect(atOnce(toGreyLarge(image, 'test')).data).toBe(image.data);
});

test('what is no image is refused in the name of who gave it', () => {
  const image = { ...noise(700, 800, 3), width: 701 };
  for (const make of [normaliseLarge, toGreyLarge]) {
    expect(() => atOnce<unknown>(make(image, 'the test'))).toThrow(
      expect.objectContaining({ code: 'bad-image', who: 'the test' }),
    );
  }
});
