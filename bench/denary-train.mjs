/**
 * Times training steps of a system in denary: node denary-train.mjs NAME STEPS THREADS [AUGMENT], the last one as JSON.
 * Prints one JSON object.
 */
import { encodeModel, initializersOf, Trainer } from '@denary/core';
import { createSession, runtimeVersions } from '@denary/runtime-node';
import {
  augment,
  Batches,
  buildModel,
  createDataset,
  createTrainingGraph,
  findArchitecture,
  forMachine,
  planBatches,
} from '@denary/train';

const [, , name, stepsText, threadsText, changes] = process.argv;
const [steps, threads] = [Number(stepsText), Number(threadsText)];
const architecture = findArchitecture(name);
const { model } = buildModel(architecture, 0);
const graph = createTrainingGraph(model, architecture.training);
const training = encodeModel(await forMachine(graph, createSession));
const trainer = await Trainer.create({ createSession, training, weights: initializersOf(model), threads });
const count = 60_000;
const dataset = createDataset({
  name: 'noise',
  images: Uint8Array.from({ length: count * 784 }, (_, i) => (i * 2654435761) >>> 24),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 10),
  height: 28,
  width: 28,
  classes: 10,
});
const plan = planBatches(count, architecture.training);
const batches = new Batches(dataset, plan, 0, changes && augment(JSON.parse(changes)));
const times = [];
for (let step = 0; step < steps; step++) {
  const began = performance.now();
  await trainer.step(batches.at(0, step % (plan.steps - 1)));
  times.push(performance.now() - began);
}
await trainer.close();
const measured = times.slice(steps >> 2).sort((a, b) => a - b);
console.log(JSON.stringify({ milliseconds: measured[measured.length >> 1], versions: runtimeVersions() }));
