/** Photographs of something else: crops of china.jpg and flower.jpg, which come with scikit-learn (CC BY). */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import setup, { interpreter } from '../../test/interop/venv.mjs';

const [side, step] = [96, 48];

/** Throws where there is no Python with scikit-learn. */
export async function photos() {
  await setup();
  const script = 'import sklearn.datasets as d, pathlib; print(pathlib.Path(d.__file__).parent / "images", end="")';
  const { stdout: folder } = await promisify(execFile)(interpreter, ['-c', script]);
  return (await Promise.all(['china.jpg', 'flower.jpg'].map((name) => crops(join(folder, name))))).flat();
}

async function crops(path) {
  const { data, info } = await sharp(path).greyscale().raw().toBuffer({ resolveWithObject: true });
  const images = [];
  for (let top = 0; top + side <= info.height; top += step) {
    for (let left = 0; left + side <= info.width; left += step) {
      const crop = Uint8Array.from({ length: side * side }, (_, p) => {
        return data[(top + Math.floor(p / side)) * info.width + left + (p % side)];
      });
      images.push({ data: crop, width: side, height: side, channels: 1 });
    }
  }
  return images;
}
