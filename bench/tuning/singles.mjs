/** What five corrections of one digit do to each of the others: on MNIST's test set, and on the persona's held-out digits. */

import { readModel } from '@denary/runtime-node';
import { read } from './reading.mjs';
import { correctionsOf, setting } from './setting.mjs';
import { tune } from './trial.mjs';

const COUNT = 5;

export async function measureSingles({ model, path, record, quick, twins, part, changes }) {
  const { mnist, personas } = await setting({ quick, twins });
  const { bytes } = await readModel(path);
  const key = (more) => ({ part: 'singles', model, ...more });
  const before = await record.row(key({ persona: 'none' }), async () => ({ mnist: (await read(bytes, mnist)).digits }));
  for (const persona of personas.filter(({ name }) => part.personas(name))) {
    const start = (await read(bytes, persona.held)).digits;
    for (const digit of quick ? [2, 7] : Array(10).keys()) {
      await record.row(key({ persona: persona.name, digit }), async () => {
        const {
          model: made,
          steps,
          strategy,
          outcome,
        } = await tune(path, correctionsOf(persona, digit, COUNT), { changes });
        const [ours, theirs] = [(await read(made, persona.held)).digits, (await read(made, mnist)).digits];
        return {
          gain: ours[digit] - start[digit],
          ...worstFall(before.mnist, theirs, digit, 'mnist'),
          ...worstFall(start, ours, digit, 'held'),
          ...{ steps, strategy, outcome },
        };
      });
    }
  }
}

/** The other digit whose accuracy fell most, and by how much; below 0 where all rose. */
function worstFall(before, after, taught, name) {
  const others = before.map((_, digit) => digit).filter((digit) => digit !== taught);
  const fall = (digit) => before[digit] - after[digit];
  const worst = others.reduce((one, other) => (fall(other) > fall(one) ? other : one));
  return { [`${name}Digit`]: worst, [`${name}Fall`]: fall(worst) };
}
