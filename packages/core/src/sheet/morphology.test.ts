import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GreyImage } from '../image.js';
import { atOnce } from '../slices.js';
import { close, transpose } from './morphology.js';

/** The extreme level of each pixel's square, taken pixel by pixel. */
function square(
  { data, width, height }: GreyImage,
  size: number,
  extreme: (a: number, b: number) => number,
): Uint8Array {
  const reach = size >> 1;
  return data.map((level, p) => {
    let found = level;
    const [x, y] = [p % width, Math.floor(p / width)];
    for (let v = Math.max(0, y - reach); v <= Math.min(height - 1, y + reach); v++) {
      for (let u = Math.max(0, x - reach); u <= Math.min(width - 1, x + reach); u++)
        found = extreme(found, data[v * width + u]!);
    }
    return found;
  });
}

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 }))
  .chain(([width, height]) =>
    fc.uint8Array({ minLength: width * height, maxLength: width * height }).map((data) => ({ data, width, height })),
  );

test('a closing is the least of the greatest over squares', () => {
  fc.assert(
    fc.property(pictures, fc.constantFrom(1, 3, 5, 9, 31), (picture, size) => {
      const widened = { ...picture, data: square(picture, size, Math.max) };
      expect(atOnce(close(picture, size))).toEqual(square(widened, size, Math.min));
    }),
  );
});

test('a transposed picture, transposed, is the picture', () => {
  fc.assert(
    fc.property(pictures, ({ data, width, height }) => {
      const [turned, back] = [new Uint8Array(data.length), new Uint8Array(data.length)];
      atOnce(transpose(data, turned, width, height));
      expect(turned[(width - 1) * height]).toBe(data[width - 1]);
      atOnce(transpose(turned, back, height, width));
      expect(back).toEqual(data);
    }),
  );
});
