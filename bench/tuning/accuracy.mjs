/** What 1, 5, 10 and 50 corrections a digit do for a persona's held-out digits, and to MNIST's test set, by several ways. */

import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { strategies } from '@denary/core';
import { readModel } from '@denary/runtime-node';
import { naive } from './naive.mjs';
import { Neighbours } from './neighbours.mjs';
import { read } from './reading.mjs';
import { corrections, setting } from './setting.mjs';
import { tune } from './trial.mjs';

export const counts = [1, 5, 10, 50];
/** Where it is also measured at 10 corrections a digit: what imitation does. */
const ABLATED = 10;

export async function measureAccuracy({ model, path: given, record, quick, twins, part, changes }) {
  const { mnist, personas } = await setting({ quick, twins });
  const { bytes, path } = await readModel(given);
  // All weights of a hundred and more steps take longest.
  const slow = new Set(model === 'cnn' ? [10, 50] : [10]);
  const neighbours = new Neighbours(bytes, await readFile(join(dirname(path), 'replay.bin')));
  const row = async (key, measure) => {
    if (key.way === 'before' || part.ways(key.way)) await record.row({ part: 'accuracy', model, ...key }, measure);
  };
  const both = async (made, persona) => ({
    held: (await read(made, persona.held)).accuracy,
    mnist: (await read(made, mnist)).accuracy,
  });
  for (const persona of personas.filter(({ name }) => part.personas(name))) {
    await row({ persona: persona.name, way: 'before', each: 0 }, () => both(bytes, persona));
    for (const each of (quick ? [10] : counts).filter(part.each)) {
      const corrected = corrections(persona, each);
      const tuned = (options) => async () => {
        const {
          model: made,
          seconds,
          steps,
          strategy,
          outcome,
        } = await tune(path, corrected, { changes, ...options?.() });
        return { ...(await both(made, persona)), steps, strategy, outcome, seconds: Math.round(seconds * 100) / 100 };
      };
      await row({ persona: persona.name, way: 'auto', each }, tuned());
      if (slow.has(each)) {
        await row(
          { persona: persona.name, way: 'no replay', each },
          tuned(() => naive(bytes)),
        );
      }
      await row({ persona: persona.name, way: 'k-NN', each }, () =>
        neighbours.measure({ given: corrected, persona, mnist }),
      );
      if (each === ABLATED) {
        await row(
          { persona: persona.name, way: 'no imitation', each },
          tuned(() => ({ strategy: { ...strategies.blocks, imitationShare: 0 } })),
        );
      }
    }
  }
}
