import { type Architecture, catalogue } from '@denary/train';
import { it } from 'vitest';
import { distance, mnistBatches, type Outcome, runOf, train, type Run } from './denary.js';
import { python } from './exchange.js';
import { toNumbers } from '@denary/core';
const smooth = (a: Architecture, elu: boolean): Architecture => ({ ...a, layers: a.layers.map((l, i) => {
  let r: any = l;
  if (!elu) return l;
  if (a.layers[i + 1]?.type === 'BatchNormalization') r = { ...r, useBias: false };
  if (elu && r.activation === 'relu') r = { ...r, activation: 'elu' };
  return r;
}) });
function move(o: Outcome, ref: Outcome, run: Run) {
  const by: Record<string, [number, number]> = {};
  for (const n of Object.keys(ref.weights)) {
    const [a, b] = [toNumbers(o.weights[n]!), toNumbers(ref.weights[n]!)];
    const w0 = toNumbers(run.weights[n]!);
    let d = 0, m = 0;
    for (let i = 0; i < a.length; i++) { d += (a[i]! - b[i]!) ** 2; m += (b[i]! - w0[i]!) ** 2; }
    by[n] = [d, m];
  }
  const worst = Object.entries(by).map(([n, [d, m]]) => [n, Math.sqrt(d / m)] as const).sort((x, y) => y[1] - x[1])[0]!;
  const tot = Math.sqrt(Object.values(by).reduce((s, [d]) => s + d, 0) / Object.values(by).reduce((s, [, m]) => s + m, 0));
  return `${tot.toExponential(1)} (${worst[0]} ${worst[1].toExponential(1)})`;
}
it('measure', async () => {
  const batches = await mnistBatches(20);
    const runs = [false, true].flatMap((elu) => catalogue.map((a) => runOf(smooth(a, elu), batches, 1)));
    const ours: Outcome[] = [];
    for (const run of runs) ours.push(await train(run));
    const t = [Date.now()];
    const keras = await python<Outcome[]>('keras_train', { runs, dtype: 'float64' });
    t.push(Date.now());
    const t64 = await python<Outcome[]>('torch_train', { runs, dtype: 'float64' });
    t.push(Date.now());
    console.log(t[1]! - t[0]!, t[2]! - t[1]!);
    const out = runs.map((run, i) => `${run.architecture.name} loss ${[ours, keras].map((x) => (Math.abs(x[i]!.losses.at(-1)! - t64[i]!.losses.at(-1)!) ).toExponential(1))} denary ${move(ours[i]!, t64[i]!, run)} keras ${move(keras[i]!, t64[i]!, run)} gradients keras-t64 ${Object.keys(t64[i]!.gradients[0]!).map((n) => Math.max(...[0, 1].map((p) => distance(keras[i]!.gradients[p]![n]!, t64[i]!.gradients[p]![n]!))).toExponential(1))}`);
    console.log(out.join('\n'));
}, 300000);
