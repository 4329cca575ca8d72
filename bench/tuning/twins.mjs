/**
 * Twins: the shipped models trained alike on nine tenths of the training images (`npm run models -- --calibrate` makes them,
 * in out/twins). On the last tenth, which they have not seen, strategies are chosen.
 */

import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSession } from '@denary/runtime-node';
import { createCoreSet, validationSplit } from '@denary/train';
import { loadDataset } from '@denary/train/node';

/** As scripts/models.mjs holds it back. */
const [HELD, SEED] = [0.1, 1];
const root = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const twinSplit = async () => validationSplit(await loadDataset('mnist', 'train'), HELD, SEED);

/** The folder of a model's twin, with what it is tuned with: training graphs have no weights, so they are the model's. */
export async function twinOf(name) {
  const folder = root(`out/twins/${name}`);
  const model = join(folder, 'model.onnx');
  if (!existsSync(model)) throw new Error(`No twin of ${name}: npm run models -- --calibrate ${name} trains it.`);
  const own = root(`models/${name}`);
  for (const file of await readdir(own)) {
    if (/^training.*\.onnx$/.test(file)) await copyFile(join(own, file), join(folder, file));
  }
  const replay = join(folder, 'replay.bin');
  if (!existsSync(replay)) {
    const { train } = await twinSplit();
    await writeFile(
      `${replay}.new`,
      await createCoreSet({ createSession, model: await readFile(model), dataset: train }),
    );
    await rename(`${replay}.new`, replay);
  }
  return folder;
}
