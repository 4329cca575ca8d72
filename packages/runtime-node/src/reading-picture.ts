/** A picture of what was read: the image with a box about each digit and the digit above it, as an SVG that stands alone. */

import { type Image, MAX_IMAGE_PIXELS, type ReadDigit, type Reading } from '@denary/core';
import sharp from 'sharp';

/** Digits with less confidence are drawn in another colour. */
const DOUBTFUL = 0.9;
const CERTAIN_COLOUR = '#0a7d32';
const DOUBTFUL_COLOUR = '#d9480f';

/** The image must be the one that was read, upright. It is embedded as a JPEG, so that photos stay small. */
export async function drawReading({ data, width, height, channels }: Image, reading: Reading): Promise<string> {
  const jpeg = await sharp(data, { raw: { width, height, channels }, limitInputPixels: MAX_IMAGE_PIXELS })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 90 })
    .toBuffer();
  const digits = reading.lines.flatMap((line) => line.digits);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<image width="${width}" height="${height}" href="data:image/jpeg;base64,${jpeg.toString('base64')}"/>`,
    '<g font-family="sans-serif" font-weight="bold" text-anchor="middle">',
    ...digits.map(drawDigit),
    '</g>',
    '</svg>\n',
  ].join('\n');
}

/** Its tooltip tells the confidence; digits that touch are in dashed boxes. */
function drawDigit({ digit, confidence, box, touching, rejected }: ReadDigit): string {
  const colour = rejected || confidence < DOUBTFUL ? DOUBTFUL_COLOUR : CERTAIN_COLOUR;
  const stroke = Math.max(1, box.height / 40).toFixed(1);
  const dashes = touching ? ` stroke-dasharray="${(box.height / 12).toFixed(1)}"` : '';
  const frame = `x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}"`;
  const size = Math.max(8, box.height / 3);
  const place = `x="${box.x + box.width / 2}" y="${box.y - size / 5}" font-size="${size.toFixed(1)}"`;
  return (
    `<g><title>${digit}: ${(100 * confidence).toFixed(1)}%${rejected ? ` (${rejected})` : ''}</title>` +
    `<rect ${frame} fill="none" stroke="${colour}" stroke-width="${stroke}"${dashes}/>` +
    `<text ${place} fill="${colour}">${rejected ? '?' : digit}</text></g>`
  );
}
