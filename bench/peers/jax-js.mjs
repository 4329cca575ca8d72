/**
 * jax-js on WASM: node jax-js.mjs ORDER, a work order as JSON; see ../clock.mjs. A step is one function under `jit`, from
 * the batch to the new weights. jax-js frees an array with its last use; one that is used again is asked for as `.ref`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { race, readOrder } from '../clock.mjs';
import { batchesOf, noise } from '../noise.mjs';
import { inferenceWith, networkOf } from './jax-js-network.mjs';
import { provideWorkers } from './web-worker.mjs';

const order = readOrder();
if (order.threads > 1) provideWorkers(order.threads);
const require = createRequire(order.require);
const jax = await import(pathToFileURL(require.resolve('@jax-js/jax')));
const { blockUntilReady, defaultDevice, init, jit, nn, numpy, random, tree, valueAndGrad } = jax;
await init('wasm');
defaultDevice('wasm');

/** [new weight, ...its memory] from [weight, gradient, ...memory]; `t` counts the steps from 1. */
const rmsprop = {
  memory: 1,
  update(w, g, t, v) {
    t.dispose();
    v = v.mul(0.9).add(numpy.square(g.ref).mul(0.1));
    return [w.sub(g.mul(1e-3).div(numpy.sqrt(v.ref).add(1e-7))), v];
  },
};
const adam = (rate) => ({
  memory: 2,
  update(w, g, t, m, v) {
    m = m.mul(0.9).add(g.ref.mul(0.1));
    v = v.mul(0.999).add(numpy.square(g).mul(0.001));
    const mean = m.ref.div(
      numpy
        .exp(t.ref.mul(Math.log(0.9)))
        .mul(-1)
        .add(1),
    );
    const variance = v.ref.div(
      numpy
        .exp(t.mul(Math.log(0.999)))
        .mul(-1)
        .add(1),
    );
    return [w.sub(mean.mul(rate).div(numpy.sqrt(variance).add(1e-7))), m, v];
  },
});
const adadelta = {
  memory: 2,
  update(w, g, t, v, d) {
    t.dispose();
    v = v.mul(0.95).add(numpy.square(g.ref).mul(0.05));
    const change = g.mul(numpy.sqrt(d.ref.add(1e-7))).div(numpy.sqrt(v.ref.add(1e-7)));
    return [w.sub(change.ref), v, d.mul(0.95).add(numpy.square(change).mul(0.05))];
  },
};
const optimizers = { mlp: rmsprop, cnn: adadelta, 'cnn-bn': adam(0.01), hrnn: rmsprop, string: adam(1e-3) };

const { classes } = order;
const { initialise, forward, toArray } = networkOf(jax, order);
const optimizer = optimizers[order.system];
const data = noise(order);

function training(batch) {
  const next = batchesOf(order, data, batch);
  const lossOf = (weights, x, y, key) =>
    nn
      .logSoftmax(forward(weights, x, key))
      .mul(nn.oneHot(y, classes))
      .sum()
      .mul(-1 / batch);
  const train = jit((weights, memory, t, x, y, key) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(weights), x, y, key);
    const [values, shape] = tree.flatten(weights);
    const slopes = tree.leaves(gradients);
    const updated = values.map((w, i) => optimizer.update(w, slopes[i], t.ref, ...memory.map((slot) => slot[i])));
    t.dispose();
    const column = (n) => updated.map((row) => row[n]);
    return [loss, tree.unflatten(shape, column(0)), memory.map((_, slot) => column(slot + 1))];
  });
  let weights = initialise();
  const zeros = () => tree.leaves(weights).map((w) => numpy.zeros(w.shape));
  let memory = Array.from({ length: optimizer.memory }, zeros);
  let t = 0;
  async function step() {
    const { images, labels } = next();
    const y = numpy.array(Int32Array.from(labels), { dtype: numpy.int32 });
    let loss;
    t++;
    [loss, weights, memory] = train(weights, memory, numpy.array(t), toArray(images, batch), y, random.key(t));
    await blockUntilReady([weights, memory]);
    return loss.jsAsync();
  }
  const close = () => {
    tree.dispose(weights);
    tree.dispose(memory);
  };
  return { step, close };
}

const manifest = join(dirname(order.require), 'node_modules', '@jax-js', 'jax', 'package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
await race(order, order.task === 'training' ? training : inferenceWith(jax, order, data), { 'jax-js': version });
