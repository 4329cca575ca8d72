/** How well a model reads data sets, over all digits and digit by digit. */

import { createSession } from '@denary/runtime-node';
import { evaluate } from '@denary/train';

/** `{ accuracy, digits: [10] }`, 0 to 1. */
export async function read(model, dataset) {
  const { accuracy, probabilities } = await evaluate({ createSession, model, dataset, threads: 2 });
  return { accuracy, digits: byDigit(guesses(probabilities, dataset.classes), dataset) };
}

const guesses = (probabilities, classes) =>
  Array.from({ length: probabilities.length / classes }, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((most, value) => Math.max(most, value)));
  });

function byDigit(guessed, { labels, classes }) {
  const [right, all] = [new Array(classes).fill(0), new Array(classes).fill(0)];
  guessed.forEach((guess, i) => {
    all[labels[i]]++;
    if (guess === labels[i]) right[labels[i]]++;
  });
  return right.map((count, digit) => count / all[digit]);
}
