/**
 * How well `recognizer.read` reads made-up sheets on which every digit's place is known:
 *   npm run bench:sheets [-- --sheets N --model M]
 * writes docs/sheets.md and docs/sheets.json, from sheets of MNIST's test digits. The reader's settings were chosen on sheets
 * of training digits: `--split train --seed N` measures on such, and only prints.
 */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRecognizer } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { kinds, makeSheet, takePicture } from './sheet-maker.mjs';

const { values } = parseArgs({
  options: {
    sheets: { type: 'string', default: '10' },
    seed: { type: 'string', default: '0' },
    split: { type: 'string', default: 'test' },
    model: { type: 'string', default: 'cnn' },
    kinds: { type: 'string', default: Object.keys(kinds).join() },
  },
});
const SURE = 0.9;

/** Intersection over union. */
function overlap(a, b) {
  const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (across <= 0 || down <= 0) return 0;
  return (across * down) / (a.width * a.height + b.width * b.height - across * down);
}

/** Each digit of the sheet with the one that was found in its place, the best overlaps first. */
function match(expected, found) {
  const pairs = expected.flatMap((digit) =>
    found.map((other) => ({ digit, other, share: overlap(digit.box, other.box) })).filter(({ share }) => share > 0.5),
  );
  const matched = new Map();
  const taken = new Set();
  for (const { digit, other } of pairs.sort((a, b) => b.share - a.share)) {
    if (matched.has(digit) || taken.has(other)) continue;
    matched.set(digit, other);
    taken.add(other);
  }
  return matched;
}

async function measure(recognizer, sheet) {
  const reading = await recognizer.read(sheet.source);
  const expected = sheet.lines.flatMap(({ digits }) => digits);
  const found = reading.lines.flatMap(({ digits }) => digits);
  const matched = match(expected, found);
  const right = new Set(expected.filter((digit) => matched.get(digit)?.digit === digit.digit));
  const rightFound = new Set([...right].map((digit) => matched.get(digit)));
  const touching = expected.filter((digit) => digit.touching);
  const lineRight = ({ text, digits }) =>
    reading.lines.some(
      (line) => line.text === text && digits.every((digit) => line.digits.includes(matched.get(digit))),
    );
  const alone = await recognizer.predict(expected.map((digit) => digit.alone));
  return {
    digits: expected.length,
    found: found.length,
    boxes: matched.size,
    right: right.size,
    alone: alone.filter(({ digit }, i) => digit === expected[i].digit).length,
    touching: touching.length,
    touchingRight: touching.filter((digit) => right.has(digit)).length,
    lines: sheet.lines.length,
    linesRight: sheet.lines.filter(lineRight).length,
    wrongAndSure: found.filter((digit) => !rightFound.has(digit) && digit.confidence > SURE).length,
    rightAndUnsure: found.filter((digit) => rightFound.has(digit) && digit.confidence <= SURE).length,
  };
}

const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(2)}%` : '');

function rowOf(kind, sum) {
  const { digits, found, right, alone, touching, touchingRight, lines, linesRight, wrongAndSure, rightAndUnsure } = sum;
  return [
    kinds[kind].about,
    digits,
    percent(right, found),
    percent(right, digits),
    percent(alone, digits),
    percent(touchingRight, touching),
    percent(linesRight, lines),
    wrongAndSure,
    rightAndUnsure,
  ];
}

const header = [
  'kind of sheet',
  'digits',
  'precision',
  'recall',
  'cut out by hand',
  'recall of touching ones',
  'whole lines',
  `wrong, above ${SURE}`,
  `right, up to ${SURE}`,
];

const data = await loadDataset('mnist', values.split);
const recognizer = await createRecognizer({ model: values.model, device: 'cpu' });
const results = {};
for (const kind of values.kinds.split(',')) {
  const sum = {};
  for (let i = 0; i < Number(values.sheets); i++) {
    const sheet = await takePicture(makeSheet(data, kind, Number(values.seed) + i));
    const measured = await measure(recognizer, sheet);
    for (const [key, value] of Object.entries(measured)) sum[key] = (sum[key] ?? 0) + value;
  }
  results[kind] = sum;
  console.log(rowOf(kind, sum).join(' | '));
}
await recognizer.close();

if (values.split === 'test') {
  const lines = [
    header,
    header.map((_, i) => (i === 0 ? '---' : '--:')),
    ...Object.entries(results).map((e) => rowOf(...e)),
  ];
  const page = `# Reading sheets

\`recognizer.read\` with the model \`${values.model}\` on ${values.sheets} sheets of each kind, 1400x1000 pixels, made from MNIST's
test digits with the seeds ${values.seed} to ${Number(values.seed) + Number(values.sheets) - 1} (\`npm run bench:sheets\`). The reader's settings were chosen on sheets of
training digits, never on these.

${lines.map((row) => `| ${row.join(' | ')} |`).join('\n')}

A digit is read rightly where the box that was found overlaps its own by more than half (intersection over union) and the
digit is the same; of the digits found, precision is the share that is right, and recall is that of the digits on the sheets.
"Cut out by hand" is the accuracy of \`predict\` on the same drawings, each on paper of its own: what reading can reach. A whole
line is right where a line was read with the same text and all digits in their places. The last columns count digits that
were read wrongly with a confidence above ${SURE}, and rightly with one up to it. The sheets are made up: handwriting by
many writers in one line, light and camera simulated. What real photos give was not measured.
`;
  const { split, ...rest } = values;
  const file = (name) => fileURLToPath(new URL(`../docs/${name}`, import.meta.url));
  await writeFile(file('sheets.md'), page);
  await writeFile(file('sheets.json'), `${JSON.stringify({ split, ...rest, kinds: undefined, results }, null, 2)}\n`);
}
