/**
 * How well a hand is told from five images of one digit: how like the other nine digits, as the core set has them, are to those of
 * a persona (the cosine of mean images), as they are and in the hand that was found. On training digits that no model's core set
 * has: node bench/tuning/hands.mjs [--per-number 0,0.1,0.3,0.5]
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { atOnce, decodeReplay, fitHand, inHand } from '@denary/core';
import { modelsFolder } from '@denary/runtime-node';
import { correctionsOf, setting } from './setting.mjs';

const COUNT = 5;
const { values } = parseArgs({ options: { 'per-number': { type: 'string' } } });
const costs = values['per-number']?.split(',').map(Number) ?? [undefined];

/** The sum of the images of each class. */
function sumsOf({ images, labels, classes, height, width }) {
  const area = height * width;
  const sums = Array.from({ length: classes }, () => new Float64Array(area));
  labels.forEach((label, i) => {
    for (let p = 0; p < area; p++) sums[label][p] += images[i * area + p];
  });
  return sums;
}

const product = (a, b) => a.reduce((sum, value, p) => sum + value * b[p], 0);
const likeness = (a, b) => product(a, b) / Math.sqrt(product(a, a) * product(b, b));
const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

const core = await decodeReplay(await readFile(`${modelsFolder()}/cnn/replay.bin`), 'replay.bin');
const plain = sumsOf(core);
const digits = [...Array(core.classes).keys()];
const { personas } = await setting({ twins: true });
for (const cost of costs) {
  const means = [];
  for (const persona of personas) {
    const real = sumsOf(persona.held);
    const likeOthers = (sums, digit) =>
      mean(digits.filter((other) => other !== digit).map((other) => likeness(real[other], sums[other])));
    const found = digits.map((digit) => {
      const hand = atOnce(fitHand(correctionsOf(persona, digit, COUNT), core, cost));
      return { hand, like: likeOthers(hand ? sumsOf(atOnce(inHand(core, hand))) : plain, digit) };
    });
    const [before, after] = [
      mean(digits.map((digit) => likeOthers(plain, digit))),
      mean(found.map(({ like }) => like)),
    ];
    means.push(after);
    const told = found.filter(({ hand }) => hand).length;
    console.log(
      `${persona.name.padEnd(18)} ${before.toFixed(3)} -> ${after.toFixed(3)}, a hand from ${told} of 10 digits`,
    );
  }
  console.log(`mean ${mean(means).toFixed(4)}${cost === undefined ? '' : `, at ${cost} a number`}\n`);
}
