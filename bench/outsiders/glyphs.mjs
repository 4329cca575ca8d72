/** Letters and signs in five handwriting fonts, as outlines drawn by sharp, so that no font of the system has a say. */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import opentype from 'opentype.js';
import sharp from 'sharp';

const require = createRequire(import.meta.url);
const fonts = ['caveat', 'indie-flower', 'kalam', 'patrick-hand', 'reenie-beanie'];
/** Leaning by these shares of the height, as hands do. */
const slants = [-0.15, 0, 0.15];
const [size, side] = [96, 160];

/** Without those that people write like a digit: B D I J O S Z b g i j l o q s y z. */
export const letters = [...'ACEFGHKLMNPQRTUVWXYacdefhkmnprtuvwx'];
/** And those. */
export const likeDigits = [...'BDIJOSZbgijloqsyz'];
export const signs = [...'?!+=#%&@*$<>{}~^"'];

/** Every character in every font and slant. */
export async function glyphs(characters) {
  const images = [];
  for (const name of fonts) {
    const bytes = await readFile(require.resolve(`@fontsource/${name}/files/${name}-latin-400-normal.woff`));
    const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    for (const character of characters) {
      const outline = font.getPath(character, 40, 110, size).toPathData({ flipY: false });
      for (const slant of slants) images.push(await draw(outline, slant));
    }
  }
  return images;
}

async function draw(outline, slant) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"><rect width="100%" height="100%"
fill="#fff"/><path transform="matrix(1 0 ${-slant} 1 ${slant * 80} 0)" d="${outline}"/></svg>`;
  const { data, info } = await sharp(Buffer.from(svg)).greyscale().raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}
