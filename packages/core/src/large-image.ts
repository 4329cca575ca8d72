/** Large images made grey and small, band by band: the same pixels as at once. */

import { inBands } from './bands.js';
import { checkImage, type GreyImage, type Image, toGrey } from './image.js';
import { type Normalised, normalisePage, PAGE_PIXELS } from './normalise.js';
import { shrinkBy, stepFor } from './resample.js';
import type { Work } from './slices.js';

/** As `toGrey` and `normalise` make it of the whole image. Throws `bad-image` in the name of `who`. */
export function* normaliseLarge(image: Image, who: string): Work<Normalised> {
  checkImage(image, who);
  return normalisePage(yield* shrinkLarge(image, stepFor(image, PAGE_PIXELS)));
}

/** As `toGrey` makes it. Throws `bad-image` in the name of `who`. */
export function* toGreyLarge(image: Image, who: string): Work<GreyImage> {
  checkImage(image, who);
  return yield* shrinkLarge(image, 1);
}

/** As `shrinkBy` makes it of the image in grey, whose data must fit its sizes. */
export function* shrinkLarge(image: Image, step: number): Work<GreyImage> {
  const { data, channels } = image;
  if (step === 1 && channels === 1) return toGrey(image);
  const [width, height] = [Math.ceil(image.width / step), Math.ceil(image.height / step)];
  const shrunk = new Uint8Array(width * height);
  const rowBytes = image.width * channels;
  const shrinkRows = (top: number, bottom: number) => {
    const rows = data.subarray(top * rowBytes, bottom * rowBytes);
    const band = toGrey({ data: rows, width: image.width, height: bottom - top, channels });
    shrunk.set(shrinkBy(band, step).data, (top / step) * width);
  };
  yield* inBands(image.width, image.height, shrinkRows, step);
  return { data: shrunk, width, height };
}
