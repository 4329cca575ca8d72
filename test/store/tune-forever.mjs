/**
 * Learns and saves without end, from where the last one stood, for a test that kills it: `node tune-forever.mjs FOLDER NAME`.
 * Prints a line when it begins, and after each save.
 */
import { strategies } from '@denary/core';
import { createTuner, openModelStore } from '@denary/runtime-node';

const [folder, name] = process.argv.slice(2);
const store = openModelStore(folder);
const found = await store.load(name);
// Whatever becomes of what was known: each round is to end with a save.
const strategy = { ...strategies.full, augment: {}, margin: 1, classMargin: 1 };
const tuner = await createTuner({ model: 'mlp', isolation: 'none', preprocess: 'none', threads: 1, strategy });
if (found?.corrections) tuner.addAll(found.corrections);
console.log('ready');
for (;;) {
  const { count } = tuner.corrections;
  const data = Uint8Array.from({ length: 784 }, (_, p) => ((p * (count + 3)) % 7 === 0 ? 255 : 0));
  await tuner.add({ data, width: 28, height: 28 }, count % 10);
  for await (const { outcome } of tuner.run({ steps: 1 })) {
    if (outcome === 'finished') await store.save(name, await tuner.export(), { corrections: tuner.corrections });
  }
  console.log('saved');
}
