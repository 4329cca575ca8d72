/** Layers as plain, serialisable data with Keras' names and defaults. */

export type ActivationName = 'linear' | 'relu' | 'sigmoid' | 'tanh' | 'elu' | 'softmax';

export type InitializerSpec =
  | 'glorot_uniform'
  | 'glorot_normal'
  | 'he_uniform'
  | 'he_normal'
  | 'orthogonal'
  | 'zeros'
  | 'ones'
  | { readonly type: 'constant'; readonly value: number }
  | { readonly type: 'random_uniform'; readonly minval: number; readonly maxval: number }
  | { readonly type: 'random_normal' | 'truncated_normal'; readonly mean?: number; readonly stddev: number };

/** Added to the loss: l1 times the sum of |w|, and l2 times the sum of w^2. */
export interface Regularizer {
  readonly l1?: number;
  readonly l2?: number;
}

interface Named {
  /** As Keras numbers them (`dense`, `dense_1`) where left out. */
  readonly name?: string;
}

interface Weighted extends Named {
  /** Default `linear`. */
  readonly activation?: ActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: InitializerSpec;
  /** Default `zeros`. */
  readonly biasInitializer?: InitializerSpec;
  readonly kernelRegularizer?: Regularizer;
  readonly biasRegularizer?: Regularizer;
}

export interface Dense extends Weighted {
  readonly type: 'Dense';
  readonly units: number;
}

export interface Conv2D extends Weighted {
  readonly type: 'Conv2D';
  readonly filters: number;
  readonly kernelSize: readonly [number, number];
  /** Default [1, 1]. */
  readonly strides?: readonly [number, number];
  /** Default `valid`. */
  readonly padding?: 'valid' | 'same';
}

export interface MaxPooling2D extends Named {
  readonly type: 'MaxPooling2D';
  /** Default [2, 2]. */
  readonly poolSize?: readonly [number, number];
  /** Default: the pool size. */
  readonly strides?: readonly [number, number];
  readonly padding?: 'valid' | 'same';
}

export interface Flatten extends Named {
  readonly type: 'Flatten';
}

export interface Dropout extends Named {
  readonly type: 'Dropout';
  /** The fraction of elements that is dropped, in [0, 1). */
  readonly rate: number;
}

export interface Activation extends Named {
  readonly type: 'Activation';
  readonly activation: ActivationName;
}

export interface BatchNormalization extends Named {
  readonly type: 'BatchNormalization';
  /** How much of the old moving statistics a step keeps; default 0.99. */
  readonly momentum?: number;
  /** Added to the variance; default 1e-3. */
  readonly epsilon?: number;
}

/** Over [batch, steps, features]; gates by sigmoid, cell by tanh. */
export interface LSTM extends Named {
  readonly type: 'LSTM';
  readonly units: number;
  /** Whether every step's output is given on, or the last one's alone; default false. */
  readonly returnSequences?: boolean;
  /** Default true. */
  readonly useBias?: boolean;
  /** Whether the forget gate's bias starts at 1; default true. */
  readonly unitForgetBias?: boolean;
  /** Default `glorot_uniform`. */
  readonly kernelInitializer?: InitializerSpec;
  /** Default `orthogonal`. */
  readonly recurrentInitializer?: InitializerSpec;
}

/** The same layer for every step of [batch, steps, ...]. */
export interface TimeDistributed extends Named {
  readonly type: 'TimeDistributed';
  readonly layer: Layer;
}

/** So many Dense softmax layers over the same vector, one for each digit position: [batch, count, units]. */
export interface Heads extends Named {
  readonly type: 'Heads';
  readonly count: number;
  readonly units: number;
}

export type Layer =
  | Dense
  | Conv2D
  | MaxPooling2D
  | Flatten
  | Dropout
  | Activation
  | BatchNormalization
  | LSTM
  | TimeDistributed
  | Heads;
export type LayerType = Layer['type'];
