import { catalogue } from '@denary/train';
import { it } from 'vitest';
import { distance, mnistBatches, type Outcome, runOf, train } from './denary.js';
import { python } from './exchange.js';
import { toNumbers } from '@denary/core';
it('measure', async () => {
  const batches = await mnistBatches(20);
  const runs = catalogue.map((a) => runOf(a, batches));
  const t0 = Date.now();
  const ours: Outcome[] = [];
  for (const run of runs) ours.push(await train(run));
  const t1 = Date.now();
  const keras = await python<Outcome[]>('keras_train', runs);
  const t2 = Date.now();
  const t32 = await python<Outcome[]>('torch_train', { runs, dtype: 'float32' });
  const t3 = Date.now();
  const t64 = await python<Outcome[]>('torch_train', { runs, dtype: 'float64' });
  const t4 = Date.now();
  console.log('times', t1 - t0, t2 - t1, t3 - t2, t4 - t3);
  const fx = (x: number) => x.toExponential(1);
  runs.forEach((run, i) => {
    console.log('==', run.architecture.name, 'losses', ours[i]!.losses.at(-1), keras[i]!.losses.at(-1), t32[i]!.losses.at(-1), t64[i]!.losses.at(-1));
    for (const p of [0, 1]) for (const n of Object.keys(t64[i]!.gradients[p]!)) {
      const ref = t64[i]!.gradients[p]![n]!;
      console.log('g', p, n, 'max', fx(toNumbers(ref).reduce((m, x) => Math.max(m, Math.abs(x)), 0)), 'denary-t64', fx(distance(ours[i]!.gradients[p]![n]!, ref)), 'keras-t64', fx(distance(keras[i]!.gradients[p]![n]!, ref)), 't32-t64', fx(distance(t32[i]!.gradients[p]![n]!, ref)), 'denary-keras', fx(distance(ours[i]!.gradients[p]![n]!, keras[i]!.gradients[p]![n]!)));
    }
    for (const n of Object.keys(t64[i]!.weights)) {
      const ref = t64[i]!.weights[n]!;
      console.log('w', n, 'max', fx(toNumbers(ref).reduce((m, x) => Math.max(m, Math.abs(x)), 0)), 'denary-t64', fx(distance(ours[i]!.weights[n]!, ref)), 'keras-t64', fx(distance(keras[i]!.weights[n]!, ref)), 't32-t64', fx(distance(t32[i]!.weights[n]!, ref)), 'denary-keras', fx(distance(ours[i]!.weights[n]!, keras[i]!.weights[n]!)));
    }
  });
}, 300000);
