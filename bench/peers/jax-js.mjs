/**
 * jax-js on WASM: node jax-js.mjs ORDER, a work order as JSON; see ../clock.mjs. A step is one function under `jit`, from
 * the batch to the new weights. jax-js frees an array with its last use; one that is used again is asked for as `.ref`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { race, readOrder } from '../clock.mjs';
import { batchesOf, noise, rawBatches, scaled } from '../noise.mjs';
import { provideWorkers } from './web-worker.mjs';

const order = readOrder();
if (order.threads > 1) provideWorkers(order.threads);
const require = createRequire(order.require);
const { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy, random, tree, valueAndGrad } = await import(
  pathToFileURL(require.resolve('@jax-js/jax'))
);
await init('wasm');
defaultDevice('wasm');

/** A layer: `weights`, their shapes by name; and what it does with them, its input and a key for dropout. */
const dense = (inputs, outputs) => ({
  weights: { w: [inputs, outputs], b: [outputs] },
  apply: (x, { w, b }) => numpy.dot(x, w).add(b),
});
const conv = (inputs, filters) => ({
  weights: { w: [filters, inputs, 3, 3], b: [filters, 1, 1] },
  apply: (x, { w, b }) => lax.conv(x, w, [1, 1], 'VALID').add(b),
});
const relu = { apply: (x) => nn.relu(x) };
const pool = { apply: (x) => lax.reduceWindow(x, numpy.max, [2, 2], [2, 2]) };
const reshape = (...shape) => ({ apply: (x) => x.reshape([-1, ...shape]) });
const dropout = (rate) => ({
  drops: true,
  apply(x, _, key) {
    if (!key) return x;
    return numpy.where(random.bernoulli(key, 1 - rate, x.shape), x.div(1 - rate), 0);
  },
});
/** By the batch's own statistics. The moving ones are left out: nothing here reads them. */
const normalize = (channels, axes = [0]) => {
  const shape = [channels, ...axes.slice(1).map(() => 1)];
  return {
    weights: { w: shape, b: shape },
    apply(x, { w, b }) {
      const centred = x.ref.sub(numpy.mean(x, axes, { keepdims: true }));
      const variance = numpy.mean(numpy.square(centred.ref), axes, { keepdims: true });
      return centred
        .div(numpy.sqrt(variance.add(1e-3)))
        .mul(w)
        .add(b);
    },
  };
};
/** Over the last axis but one of [batch, steps, inputs]; gives the last state. */
const lstm = (inputs, units) => ({
  weights: { w: [inputs, 4 * units], u: [units, 4 * units], b: [4 * units] },
  apply(x, { w, u, b }) {
    const [batch, steps] = x.shape;
    const flat = x.transpose([1, 0, 2]).reshape([steps * batch, inputs]);
    const all = numpy
      .dot(flat, w)
      .add(b)
      .reshape([steps, batch, 4 * units]);
    let h;
    let c;
    for (let t = 0; t < steps; t++) {
      const now = all.ref.slice(t);
      const gates = h ? now.add(numpy.dot(h, u.ref)) : now;
      const gate = (n) => gates.ref.slice([], [n * units, (n + 1) * units]);
      const fresh = nn.sigmoid(gate(0)).mul(numpy.tanh(gate(2)));
      c = c ? c.mul(nn.sigmoid(gate(1))).add(fresh) : fresh;
      h = nn.sigmoid(gate(3)).mul(numpy.tanh(c.ref));
      gates.dispose();
    }
    for (const array of [all, u, c]) array.dispose();
    return h;
  },
});

const systems = {
  mlp: [reshape(784), dense(784, 64), relu, dropout(0.1), dense(64, 64), relu, dropout(0.1), dense(64, 10)],
  cnn: [
    ...[reshape(1, 28, 28), conv(1, 32), relu, conv(32, 64), relu, pool, dropout(0.25), reshape(9216)],
    ...[dense(9216, 128), relu, dropout(0.5), dense(128, 10)],
  ],
  'cnn-bn': [
    ...[reshape(1, 28, 28), conv(1, 32), normalize(32, [0, 2, 3]), relu, conv(32, 32), normalize(32, [0, 2, 3]), relu],
    ...[pool, reshape(4608), dense(4608, 128), normalize(128), relu, dropout(0.2), dense(128, 10)],
  ],
  hrnn: [reshape(28, 1), lstm(1, 32), reshape(28, 32), lstm(32, 32), dense(32, 10)],
  string: [
    ...[reshape(1, 28, 140), normalize(1, [0, 2, 3]), conv(1, 28), relu, pool, conv(28, 28), relu, pool, dropout(0.2)],
    ...[conv(28, 56), relu, conv(56, 56), relu, dropout(0.2), reshape(1624)],
    ...[dense(1624, 784), relu, dropout(0.4), dense(784, 55)],
  ],
};

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

const { classes, image } = order;
const layers = systems[order.system];
const optimizer = optimizers[order.system];
const data = noise(order);

/** The weights of each layer, drawn from uniform(-bound, bound) by the number of inputs of a unit. */
function initialise() {
  return layers.map(({ weights = {} }) => {
    const [first, ...rest] = weights.w ?? [1];
    const bound = 1 / Math.sqrt(rest.length > 1 ? rest.reduce((a, b) => a * b) : first);
    const draw = (shape, at) => random.uniform(random.key(at), shape, { minval: -bound, maxval: bound });
    return Object.fromEntries(Object.entries(weights).map(([name, shape], at) => [name, draw(shape, at)]));
  });
}

/** [batch * slots, classes]; with a key, as in training. */
function forward(weights, x, key) {
  const drops = layers.filter((layer) => layer.drops).length;
  const keys = key && drops > 0 ? random.split(key, drops) : key;
  let drop = 0;
  const keyOf = (layer) => (key && layer.drops ? keys.ref.slice(drop++) : undefined);
  const y = layers.reduce((value, layer, i) => layer.apply(value, weights[i], keyOf(layer)), x);
  keys?.dispose();
  return y.reshape([-1, classes]);
}

const toArray = (pixels, batch) => numpy.array(scaled(pixels)).reshape([batch, ...image]);

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

function inference(batch) {
  const next = rawBatches(order, data, batch);
  const weights = initialise();
  const predict = jit((w, x) => nn.softmax(forward(w, x)));
  return { step: () => predict(tree.ref(weights), toArray(next(), batch)).data(), close: () => tree.dispose(weights) };
}

const manifest = join(dirname(order.require), 'node_modules', '@jax-js', 'jax', 'package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
await race(order, order.task === 'training' ? training : inference, { 'jax-js': version });
