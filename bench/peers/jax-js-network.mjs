/** The systems in jax-js' operators, which has no layers, and their inference: in Node and in browsers alike. */
import { rawBatches, scaled } from '../noise.mjs';

/** `initialise` gives weights; `forward` takes them and raw pixels as `toArray` gives them. */
export function networkOf({ lax, nn, numpy, random }, { system, image, classes }) {
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
      ...[
        reshape(1, 28, 28),
        conv(1, 32),
        normalize(32, [0, 2, 3]),
        relu,
        conv(32, 32),
        normalize(32, [0, 2, 3]),
        relu,
      ],
      ...[pool, reshape(4608), dense(4608, 128), normalize(128), relu, dropout(0.2), dense(128, 10)],
    ],
    hrnn: [reshape(28, 1), lstm(1, 32), reshape(28, 32), lstm(32, 32), dense(32, 10)],
    string: [
      ...[
        reshape(1, 28, 140),
        normalize(1, [0, 2, 3]),
        conv(1, 28),
        relu,
        pool,
        conv(28, 28),
        relu,
        pool,
        dropout(0.2),
      ],
      ...[conv(28, 56), relu, conv(56, 56), relu, dropout(0.2), reshape(1624)],
      ...[dense(1624, 784), relu, dropout(0.4), dense(784, 55)],
    ],
  };

  const layers = systems[system];

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
  return { initialise, forward, toArray };
}

/** Prepares steps from raw pixels to probabilities. */
export function inferenceWith(jax, order, data) {
  const { jit, nn, tree } = jax;
  const { initialise, forward, toArray } = networkOf(jax, order);
  return (batch) => {
    const next = rawBatches(order, data, batch);
    const weights = initialise();
    const predict = jit((w, x) => nn.softmax(forward(w, x)));
    return {
      step: () => predict(tree.ref(weights), toArray(next(), batch)).data(),
      close: () => tree.dispose(weights),
    };
  };
}
