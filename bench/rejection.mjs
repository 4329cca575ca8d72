/**
 * Measures how well the shipped models refuse what is no digit, by MNIST's test digits and pictures of other kinds that no
 * limit was chosen by: `npm run bench:reject`. Writes docs/rejection.md.
 */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createSession, readModel } from '@denary/runtime-node';
import {
  atTemperature,
  eceOf,
  evaluate,
  makeDoubles,
  makeNoise,
  makeScribbles,
  makeTurned,
  measureRejection,
  nllOf,
} from '@denary/train';
import { loadDataset } from '@denary/train/node';
import { glyphs, letters, likeDigits, signs } from './outsiders/glyphs.mjs';
import { photos } from './outsiders/photos.mjs';
import { table } from './tables.mjs';

const digits = await loadDataset('mnist', 'test');
const outsiders = [
  { kind: 'letters', images: await glyphs(letters) },
  { kind: 'letters written like digits', images: await glyphs(likeDigits) },
  { kind: 'signs', images: await glyphs(signs) },
  { kind: 'scribbles', images: makeScribbles(1000, 1) },
  { kind: 'noise', images: makeNoise(1000, 1) },
  { kind: 'two digits', images: makeDoubles(digits, 1000) },
  { kind: 'digits on their side', images: makeTurned(digits, 1000) },
  ...(await optional('clothing', clothing)),
  ...(await optional('photographs', photos)),
];

const percent = (share) => (Number.isNaN(share) ? '-' : `${(100 * share).toFixed(1)}%`);
const sections = [];
const calibrations = [];
for (const name of ['cnn', 'cnn-pool4', 'mlp', 'hrnn', 'pair', 'string']) {
  const { bytes, manifest } = await readModel(name);
  const { temperature } = manifest.calibration ?? { temperature: 1 };
  const dataset = await loadDataset(manifest.architecture.training.data ?? 'mnist', 'test');
  const { probabilities } = await evaluate({ createSession, model: bytes, dataset });
  const said = { probabilities, labels: dataset.labels };
  const after = atTemperature(said, temperature);
  const measures = [nllOf(said), nllOf(after)].map((nll) => nll.toFixed(4));
  const errors = [eceOf(said), eceOf(after)].map((error) => `${(100 * error).toFixed(2)}%`);
  calibrations.push([`\`${name}\``, temperature.toFixed(3), ...measures, ...errors]);
  if (dataset.slots > 1) continue;
  const rows = await measureRejection({ createSession, model: bytes, digits, outsiders });
  const head = ['', 'images', 'blank', 'AUROC by confidence', 'by distance', 'at 0.5%', 'at 1%', 'at 2%', "`'auto'`"];
  const body = rows.map(({ kind, count, blank, areaByConfidence, areaByDistance, refused, auto }) => [
    ...[kind, count, percent(blank)],
    ...[areaByConfidence, areaByDistance].map((area) => (kind === 'digits' ? '-' : area.toFixed(3))),
    ...refused.map(({ share }) => percent(share)),
    percent(auto),
  ]);
  sections.push(`## \`${name}\`\n\n${table([head, ...body])}`);
}

const text = `# Rejection

Made by \`npm run bench:reject\`. Temperatures, limits and what tells digits from all else come from training images and made
pictures alone (each model's manifest says which); the method was settled on digits held out of training, and on letters in
other fonts than these.

## Calibration

Negative log-likelihood and expected calibration error (15 bins) on the test set, before and after the temperature. All shipped
models have seen all training images, so each temperature comes from a twin, which was trained in the same way on nine tenths of
them and read the last tenth.

${table([['model', 'temperature', 'NLL before', 'after', 'ECE before', 'after'], ...calibrations])}

## What is refused

The share of images that are refused: where no ink is found (blank, which counts in all columns), where the confidence is low,
and where the image is like no digit. At 0.5%, 1% and 2%: where both limits are set so that so many of the 10,000 test digits are
refused. \`'auto'\`: the limits in the model, which refuse 1% of the digits that were held out of its twin's training. AUROC is
the chance that such an image is more doubtful than a digit.

Distance is by a net of 27 thousand weights beside the model, the same for all of them, which was taught by 30,000 training digits
and as many decoys: characters and scribbles of random strokes, filled shapes, and training digits that stand side by side, are turned or
mirrored. It has seen no font, no letter, no sign, no clothing, no noise and no photograph. Two digits and digits on their side are
of a kind that it was taught, made of test digits here; scribbles are smooth curves, drawn in another way than its own.

Letters and signs are drawn with five handwriting fonts, upright and leaning both ways. Letters that people write like a digit
(${likeDigits.join(' ')}) are counted apart: most are digits by any look. Noise is random pixels,
two digits stand side by side in one image, and digits on their side are 2, 3, 4, 5 and 7 turned by a quarter. Clothing is
the first 2,000 of Fashion-MNIST's test set; photographs are crops of scikit-learn's two sample images.

${sections.join('\n\n')}
`;
await writeFile(fileURLToPath(new URL('../docs/rejection.md', import.meta.url)), text);
console.log(text);

async function clothing() {
  const { images } = await loadDataset('fashion-mnist', 'test');
  const area = 28 * 28;
  return Array.from({ length: 2000 }, (_, i) => {
    return { data: images.subarray(i * area, (i + 1) * area), width: 28, height: 28, channels: 1 };
  });
}

/** Nothing, and a word about it, where a kind can't be had on this machine. */
async function optional(kind, make) {
  try {
    return [{ kind, images: await make() }];
  } catch (error) {
    console.error(`Without ${kind}: ${error.message}`);
    return [];
  }
}
