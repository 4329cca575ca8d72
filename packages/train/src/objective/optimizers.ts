/**
 * Optimizers by their Keras names; the formulas are Keras 3's (keras/src/optimizers), over graph values or over what another
 * engine computes with. A new one is a row.
 */

interface Common {
  readonly learningRate?: number;
  /** The rate of step t (from 0) is learningRate / (1 + decay t), as in Keras 2; default 0. */
  readonly decay?: number;
  /**
   * In (0, 1): the model is given averages of the weights, of which a step keeps so much (Keras' `use_ema` and
   * `ema_momentum`); they start from the weights of the first step. Default: no averages.
   */
  readonly emaMomentum?: number;
}

export interface OptimizerOptions {
  /** Default learning rate 0.01, no momentum. */
  SGD: { readonly momentum?: number; readonly nesterov?: boolean };
  /** Default learning rate 0.001, rho 0.9, epsilon 1e-7. */
  RMSprop: { readonly rho?: number; readonly epsilon?: number };
  /** Default learning rate 0.001, beta1 0.9, beta2 0.999, epsilon 1e-7. */
  Adam: { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number };
  /** Default learning rate 0.001 (Keras 2's was 1.0), rho 0.95, epsilon 1e-7. */
  Adadelta: { readonly rho?: number; readonly epsilon?: number };
  /** Default learning rate 0.001 (Keras 2's was 0.01), initial accumulator 0.1, epsilon 1e-7. */
  Adagrad: { readonly initialAccumulatorValue?: number; readonly epsilon?: number };
  /** Default learning rate 0.001 (Keras 2's was 0.002), beta1 0.9, beta2 0.999, epsilon 1e-7. */
  Adamax: { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number };
  /** Default learning rate 0.001 (Keras 2's was 0.002), beta1 0.9, beta2 0.999, epsilon 1e-7. */
  Nadam: { readonly beta1?: number; readonly beta2?: number; readonly epsilon?: number };
}

export type OptimizerName = keyof OptimizerOptions;
export type OptimizerSpec = {
  [O in OptimizerName]: { readonly name: O } & Common & OptimizerOptions[O];
}[OptimizerName];
type Settings<O extends OptimizerName> = OptimizerOptions[O];

/** What the formulas are written in: `Maths` makes ONNX nodes of them. */
export interface Arithmetic<V> {
  scalar(value: number): V;
  add(a: V | number, b: V | number): V;
  sub(a: V | number, b: V | number): V;
  mul(a: V | number, b: V | number): V;
  div(a: V | number, b: V | number): V;
  pow(a: V | number, b: V | number): V;
  maximum(a: V, b: V): V;
  abs(x: V): V;
  sqrt(x: V): V;
  square(x: V): V;
}

/** What a step knows besides weights and gradients, as scalars. */
export interface StepScalars<V> {
  readonly rate: V;
  /** The number of this step, from 1, as float32. */
  readonly iteration: V;
}

/** One weight's part of a step. */
interface Update<V> {
  readonly w: V;
  readonly g: V;
  /** The optimizer's memory for this weight, in the order of `slots`. */
  readonly slots: readonly V[];
}

/** Something that an optimizer remembers: a tensor like the weight, or one number. */
export interface Slot {
  readonly name: string;
  readonly scalar?: boolean;
  /** What it starts from; default 0. */
  readonly initial?: number;
}

const EPSILON = 1e-7;

/**
 * A moving mean of squares that is remembered as (mean + epsilon) / (1 - rho): it takes a pass less over the weights, and
 * never sinks to subnormal numbers, on which some processors are a hundred times slower.
 */
const shiftedMean = (name: string, { rho, epsilon = EPSILON }: { rho: number; epsilon?: number }): Slot => ({
  name,
  initial: epsilon / (1 - rho),
});

const named = (...names: readonly string[]): readonly Slot[] => names.map((name) => ({ name }));

interface Optimizer<O extends OptimizerName> {
  readonly learningRate: number;
  /** What it remembers of each weight. */
  slots(settings: Settings<O>): readonly Slot[];
  /** Made once a step; gives the function that updates one weight: [new weight, ...new slots]. */
  step<V>(math: Arithmetic<V>, settings: Settings<O>, scalars: StepScalars<V>): (update: Update<V>) => readonly V[];
}

export const optimizers: { readonly [O in OptimizerName]: Optimizer<O> } = {
  // m = momentum m - rate g; w += m, or with Nesterov w += momentum m - rate g
  SGD: {
    learningRate: 0.01,
    slots: ({ momentum = 0 }) => (momentum ? named('momentum') : []),
    step:
      ({ add, sub, mul }, { momentum = 0, nesterov = false }, { rate }) =>
      ({ w, g, slots: [m] }) => {
        const step = mul(rate, g);
        if (!m) return [sub(w, step)];
        const next = sub(mul(momentum, m), step);
        return [add(w, nesterov ? sub(mul(momentum, next), step) : next), next];
      },
  },

  // v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon), with (v + epsilon) / (1 - rho) as what is remembered
  RMSprop: {
    learningRate: 0.001,
    slots: (settings) => [shiftedMean('velocity', { rho: 0.9, ...settings })],
    step: ({ add, sub, mul, div, sqrt, square }, { rho = 0.9, epsilon = EPSILON }, { rate }) => {
      const scaledRate = div(rate, Math.sqrt(1 - rho));
      return ({ w, g, slots: [v] }) => {
        const velocity = add(add(mul(rho, v!), square(g)), epsilon);
        return [sub(w, div(mul(scaledRate, g), sqrt(velocity))), velocity];
      };
    },
  },

  // m += (1 - b1)(g - m); v += (1 - b2)(g^2 - v); w -= rate sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon)
  Adam: {
    learningRate: 0.001,
    slots: () => named('momentum', 'velocity'),
    step(math, { beta1 = 0.9, beta2 = 0.999, epsilon = EPSILON }, { rate, iteration }) {
      const { scalar, add, sub, mul, div, sqrt, square, pow } = math;
      const lost = (beta: number) => sub(1, pow(scalar(beta), iteration));
      const alpha = div(mul(rate, sqrt(lost(beta2))), lost(beta1));
      return ({ w, g, slots: [m, v] }) => {
        const momentum = add(m!, mul(1 - beta1, sub(g, m!)));
        const velocity = add(v!, mul(1 - beta2, sub(square(g), v!)));
        return [sub(w, div(mul(alpha, momentum), add(sqrt(velocity), epsilon))), momentum, velocity];
      };
    },
  },

  // a = rho a + (1 - rho) g^2; u = g sqrt(d + epsilon) / sqrt(a + epsilon); d = rho d + (1 - rho) u^2; w -= rate u,
  // with (a + epsilon) / (1 - rho) and (d + epsilon) / (1 - rho) as what is remembered
  Adadelta: {
    learningRate: 0.001,
    slots: (settings) =>
      ['accumulated_grad', 'accumulated_delta'].map((name) => shiftedMean(name, { rho: 0.95, ...settings })),
    step:
      ({ add, sub, mul, div, sqrt, square }, { rho = 0.95, epsilon = EPSILON }, { rate }) =>
      ({ w, g, slots: [a, d] }) => {
        const gradients = add(add(mul(rho, a!), square(g)), epsilon);
        const step = mul(g, sqrt(div(d!, gradients)));
        const deltas = add(add(mul(rho, d!), square(step)), epsilon);
        return [sub(w, mul(rate, step)), gradients, deltas];
      },
  },

  // a += g^2; w -= rate g / sqrt(a + epsilon)
  Adagrad: {
    learningRate: 0.001,
    slots: ({ initialAccumulatorValue: initial = 0.1 }) => [{ name: 'accumulator', initial }],
    step:
      ({ add, sub, mul, div, sqrt, square }, { epsilon = EPSILON }, { rate }) =>
      ({ w, g, slots: [a] }) => {
        const accumulator = add(a!, square(g));
        return [sub(w, div(mul(rate, g), sqrt(add(accumulator, epsilon)))), accumulator];
      },
  },

  // m += (1 - b1)(g - m); u = max(b2 u, |g|); w -= rate m / ((1 - b1^t)(u + epsilon))
  Adamax: {
    learningRate: 0.001,
    slots: () => named('m', 'u'),
    step(math, { beta1 = 0.9, beta2 = 0.999, epsilon = EPSILON }, { rate, iteration }) {
      const { scalar, add, sub, mul, div, pow, maximum, abs } = math;
      const alpha = div(rate, sub(1, pow(scalar(beta1), iteration)));
      return ({ w, g, slots: [m, u] }) => {
        const momentum = add(m!, mul(1 - beta1, sub(g, m!)));
        const norm = maximum(mul(beta2, u!), abs(g));
        return [sub(w, div(mul(alpha, momentum), add(norm, epsilon))), momentum, norm];
      };
    },
  },

  // Adam with a momentum m' that looks a step ahead: with u_t = b1 (1 - 0.96^t / 2) and its product p over the steps,
  // m' = u_t+1 m / (1 - p_t+1) + (1 - u_t) g / (1 - p_t); w -= rate m' / (sqrt(v / (1 - b2^t)) + epsilon)
  Nadam: {
    learningRate: 0.001,
    slots: () => [...named('momentum', 'velocity'), { name: 'u_product', scalar: true, initial: 1 }],
    step(math, { beta1 = 0.9, beta2 = 0.999, epsilon = EPSILON }, { rate, iteration }) {
      const { scalar, add, sub, mul, div, sqrt, square, pow } = math;
      const power = (base: number, exponent: Parameters<typeof sqrt>[0]) => pow(scalar(base), exponent);
      const decayed = (t: Parameters<typeof sqrt>[0]) => mul(beta1, sub(1, mul(0.5, power(0.96, t))));
      const [now, next] = [decayed(iteration), decayed(add(iteration, 1))];
      const corrected = sub(1, power(beta2, iteration));
      return ({ w, g, slots: [m, v, u] }) => {
        const product = mul(u!, now);
        const momentum = add(m!, mul(1 - beta1, sub(g, m!)));
        const velocity = add(v!, mul(1 - beta2, sub(square(g), v!)));
        const old = mul(div(next, sub(1, mul(product, next))), momentum);
        const ahead = add(old, mul(div(sub(1, now), sub(1, product)), g));
        const step = div(mul(rate, ahead), add(sqrt(div(velocity, corrected)), epsilon));
        return [sub(w, step), momentum, velocity, product];
      };
    },
  },
};

/** The row of an optimizer, with the type of its settings forgotten. */
export const optimizerOf = (spec: OptimizerSpec): Optimizer<OptimizerName> =>
  optimizers[spec.name] as Optimizer<OptimizerName>;

/** The learning rate that a spec asks for, or its optimizer's default. */
export const learningRateOf = (spec: OptimizerSpec): number => spec.learningRate ?? optimizerOf(spec).learningRate;
