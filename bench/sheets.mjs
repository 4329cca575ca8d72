/**
 * How well `recognizer.read` reads made-up sheets whose every digit is known: `node bench/sheets.mjs [--sheets N] [--model M]
 * [--split test] [--out FILE]`. Prints a table, and writes docs/sheets.json. Settings of the reader are chosen on sheets of
 * training digits (`--split train --seed 1000`), never on these.
 */

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createRecognizer } from '@denary/runtime-node';
import { loadDataset } from '@denary/train/node';
import { kinds, makeSheet } from './sheet-maker.mjs';

const { values } = parseArgs({
  options: {
    sheets: { type: 'string', default: '20' },
    seed: { type: 'string', default: '0' },
    split: { type: 'string', default: 'test' },
    model: { type: 'string', default: 'cnn' },
    kinds: { type: 'string', default: Object.keys(kinds).join() },
    out: { type: 'string', default: fileURLToPath(new URL('../docs/sheets.json', import.meta.url)) },
  },
});

const digits = await loadDataset('mnist', values.split);
const recognizer = await createRecognizer({ model: values.model, device: 'cpu' });

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

async function measure(sheet, read) {
  const expected = sheet.lines.flatMap((line) => line.digits);
  const found = read.lines.flatMap((line) => line.digits);
  const matched = match(expected, found);
  const right = expected.filter((digit) => matched.get(digit)?.digit === digit.digit);
  const touching = expected.filter((digit) => digit.touching);
  // A line is right where one that was read has the same text, and all of its digits in their places.
  const lineRight = (line) =>
    read.lines.some(
      ({ text, digits }) => text === line.text && line.digits.every((digit) => digits.includes(matched.get(digit))),
    );
  const alone = await recognizer.predict(expected.map((digit) => digit.alone));
  const confidences = { right: [], wrong: [] };
  const byFound = new Map([...matched].map(([digit, other]) => [other, digit]));
  for (const other of found)
    confidences[byFound.get(other)?.digit === other.digit ? 'right' : 'wrong'].push(other.confidence);
  return {
    digits: expected.length,
    boxes: matched.size,
    labels: right.length,
    alone: alone.filter(({ digit }, i) => digit === expected[i].digit).length,
    extra: found.length - matched.size,
    touching: touching.length,
    touchingBoxes: touching.filter((digit) => matched.has(digit)).length,
    touchingLabels: touching.filter((digit) => right.includes(digit)).length,
    lines: sheet.lines.length,
    linesRight: sheet.lines.filter(lineRight).length,
    sheets: 1,
    sheetsRight: read.text === sheet.lines.map(({ text }) => text).join('\n') ? 1 : 0,
    sureAndWrong: confidences.wrong.filter((confidence) => confidence > 0.9).length,
    wrong: confidences.wrong.length,
    unsureAndRight: confidences.right.filter((confidence) => confidence <= 0.9).length,
    milliseconds: read.milliseconds,
  };
}

const results = {};
for (const kind of values.kinds.split(',')) {
  const sum = {};
  for (let i = 0; i < Number(values.sheets); i++) {
    const sheet = makeSheet(digits, kind, Number(values.seed) + i);
    const began = performance.now();
    const read = await recognizer.read(sheet.image);
    const measured = await measure(sheet, { ...read, milliseconds: performance.now() - began });
    for (const [key, value] of Object.entries(measured)) sum[key] = (sum[key] ?? 0) + value;
    if (process.env.SHOW && measured.linesRight < measured.lines)
      console.error(`${kind} ${sheet.seed}\n${sheet.lines.map((l) => l.text).join('\n')}\n--\n${read.text}`);
  }
  results[kind] = sum;
  const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(2)}%` : '-').padStart(8);
  console.log(
    [
      kind.padEnd(9),
      `digits ${String(sum.digits).padStart(5)}`,
      `boxes ${percent(sum.boxes, sum.digits)}`,
      `labels ${percent(sum.labels, sum.digits)}`,
      `alone ${percent(sum.alone, sum.digits)}`,
      `touching ${String(sum.touching).padStart(4)} ${percent(sum.touchingLabels, sum.touching)}`,
      `extra ${String(sum.extra).padStart(4)}`,
      `lines ${percent(sum.linesRight, sum.lines)}`,
      `wrong ${sum.wrong}, sure of ${sum.sureAndWrong}; unsure and right ${sum.unsureAndRight}`,
      `${Math.round(sum.milliseconds / sum.sheets)} ms`,
    ].join('  '),
  );
}
await recognizer.close();
writeFileSync(values.out, `${JSON.stringify({ ...values, out: undefined, results }, null, 2)}\n`);
