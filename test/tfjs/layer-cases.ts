/** Every layer of the table in the forms that TensorFlow.js has, each as a small model. */

import type { LayerClass } from '@denary/train/tfjs';
import { tf as tfl } from './tfjs.js';

const l = tfl.layers;
type Layer = tfl.layers.Layer;
export type Case = readonly [name: string, build: () => tfl.LayersModel, wholeNumbers?: number];

/** A model of one layer over an input of that shape. */
const alone = (name: string, shape: number[], layer: () => Layer): Case => [
  name,
  () => {
    const input = tfl.input({ shape });
    return tfl.model({ inputs: input, outputs: layer().apply(input) as tfl.SymbolicTensor });
  },
];

/** A model of one layer over several inputs. */
const merge = (name: string, shapes: number[][], layer: () => Layer): Case => [
  name,
  () => {
    const inputs = shapes.map((shape) => tfl.input({ shape }));
    return tfl.model({ inputs, outputs: layer().apply(inputs) as tfl.SymbolicTensor });
  },
];

/** Zeros around the image, then a pool: the zeros count, other than those of the pool's own padding. */
const padded = (padding: 'valid' | 'same', pool: () => Layer): Case => [
  `after zeros, ${padding}`,
  () => {
    const input = tfl.input({ shape: image });
    const around = l.zeroPadding2d({ padding: 1 }).apply(input);
    return tfl.model({ inputs: input, outputs: pool().apply(around) as tfl.SymbolicTensor });
  },
];

const image = [6, 7, 3];
const sequence = [5, 4];
const imageFirst = [3, 6, 7];
const first = { dataFormat: 'channelsFirst' } as const;

const activations = [
  'elu',
  'hardSigmoid',
  'linear',
  'relu',
  'relu6',
  'selu',
  'sigmoid',
  'softmax',
  'softplus',
  'softsign',
  'tanh',
  'swish',
  'mish',
  'gelu',
  'gelu_new',
] as const;
type Activation = 'relu';

const padding = ['valid', 'same'] as const;
const everyWay = (name: string, shape: number[], layer: (padding: 'valid' | 'same') => Layer): Case[] =>
  padding.map((way) => alone(`${name}, ${way}`, shape, () => layer(way)));

const merging = (layer: () => Layer): Case[] => [
  merge('images', [image, image, image], layer),
  merge('vectors', [[4], [4]], layer),
];

const recurrent = (layer: (args: { units: number } & Record<string, unknown>) => Layer): Case[] => [
  alone('the last step', sequence, () => layer({ units: 3 })),
  alone('all steps', sequence, () => layer({ units: 3, returnSequences: true })),
  alone('backwards', sequence, () => layer({ units: 3, goBackwards: true })),
  alone('all steps backwards', sequence, () => layer({ units: 3, goBackwards: true, returnSequences: true })),
  alone('with states', sequence, () => layer({ units: 3, returnState: true })),
  alone('all steps with states', sequence, () => layer({ units: 3, returnState: true, returnSequences: true })),
  alone('without a bias', sequence, () => layer({ units: 3, useBias: false })),
  ...['relu', 'linear', 'elu', 'softsign', 'softplus', 'hardSigmoid', 'sigmoid'].map((activation) =>
    alone(activation, sequence, () => layer({ units: 3, activation })),
  ),
  alone('sigmoid gates', sequence, () => layer({ units: 3, recurrentActivation: 'sigmoid', returnSequences: true })),
];

const bidirectional = (args: object, layer: Layer = l.lstm({ units: 3, ...args }) as Layer) => layer as tfl.RNN;

export const cases: { readonly [C in LayerClass]?: readonly Case[] } = {
  Dense: [
    alone('a vector', [5], () => l.dense({ units: 3 })),
    alone('without a bias', [5], () => l.dense({ units: 3, useBias: false })),
    alone('a sequence', sequence, () => l.dense({ units: 3, activation: 'softmax' })),
    alone('an image', image, () => l.dense({ units: 2, activation: 'relu' })),
    ...activations.map((activation) =>
      alone(activation, [5], () => l.dense({ units: 3, activation: activation as Activation })),
    ),
  ],
  Embedding: [
    ['words', () => tfl.sequential({ layers: [l.embedding({ inputDim: 7, outputDim: 3, inputLength: 5 })] }), 7],
  ],
  Conv1D: [
    ...everyWay('plain', sequence, (padding) => l.conv1d({ filters: 3, kernelSize: 3, padding })),
    ...everyWay('strides', sequence, (padding) => l.conv1d({ filters: 3, kernelSize: 2, strides: 2, padding })),
    ...everyWay('dilation', sequence, (padding) => l.conv1d({ filters: 3, kernelSize: 2, dilationRate: 2, padding })),
  ],
  Conv2D: [
    ...everyWay('plain', image, (padding) => l.conv2d({ filters: 4, kernelSize: 3, padding, activation: 'relu' })),
    ...everyWay('strides', image, (padding) => l.conv2d({ filters: 4, kernelSize: [2, 3], strides: [2, 3], padding })),
    ...everyWay('dilation', image, (padding) => l.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, padding })),
    ...everyWay('even windows', image, (padding) => l.conv2d({ filters: 2, kernelSize: 4, strides: 2, padding })),
    ...everyWay('channels first', imageFirst, (padding) => l.conv2d({ filters: 4, kernelSize: 3, padding, ...first })),
    alone('softmax over channels', image, () => l.conv2d({ filters: 4, kernelSize: 1, activation: 'softmax' })),
    alone('without a bias', image, () => l.conv2d({ filters: 4, kernelSize: 3, useBias: false })),
  ],
  Conv3D: everyWay('plain', [4, 5, 6, 2], (padding) => l.conv3d({ filters: 3, kernelSize: 2, strides: 2, padding })),
  SeparableConv2D: [
    ...everyWay('plain', image, (padding) => l.separableConv2d({ filters: 4, kernelSize: 3, padding })),
    ...everyWay('multiplier', image, (padding) =>
      l.separableConv2d({ filters: 4, kernelSize: 2, depthMultiplier: 2, strides: 2, padding }),
    ),
    ...everyWay('dilation', image, (padding) =>
      l.separableConv2d({ filters: 4, kernelSize: 2, dilationRate: 2, padding }),
    ),
    alone('channels first', imageFirst, () =>
      l.separableConv2d({ filters: 4, kernelSize: 3, useBias: false, ...first }),
    ),
  ],
  DepthwiseConv2D: [
    ...everyWay('plain', image, (padding) =>
      l.depthwiseConv2d({ kernelSize: 3, padding, activation: 'relu6' as 'relu' }),
    ),
    ...everyWay('multiplier', image, (padding) =>
      l.depthwiseConv2d({ kernelSize: [2, 2], depthMultiplier: 2, strides: 2, padding }),
    ),
    alone('dilation, which TensorFlow.js passes over', image, () =>
      l.depthwiseConv2d({ kernelSize: 2, dilationRate: 2 }),
    ),
    alone('channels first', imageFirst, () => l.depthwiseConv2d({ kernelSize: 3, useBias: false, ...first })),
  ],
  Conv2DTranspose: [
    ...everyWay('plain', image, (padding) => l.conv2dTranspose({ filters: 4, kernelSize: 3, padding })),
    ...everyWay('strides', image, (padding) => l.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding })),
    ...everyWay('small windows', image, (padding) =>
      l.conv2dTranspose({ filters: 2, kernelSize: 2, strides: 3, padding }),
    ),
    alone('channels first', imageFirst, () => l.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, ...first })),
  ],
  MaxPooling1D: everyWay('plain', sequence, (padding) => l.maxPooling1d({ poolSize: 2, padding })),
  AveragePooling1D: everyWay('plain', sequence, (padding) => l.averagePooling1d({ poolSize: 3, strides: 2, padding })),
  MaxPooling2D: [
    ...everyWay('plain', image, (padding) => l.maxPooling2d({ poolSize: 2, padding })),
    ...everyWay('overlapping', image, (padding) => l.maxPooling2d({ poolSize: 3, strides: 2, padding })),
    alone('channels first', imageFirst, () => l.maxPooling2d({ poolSize: 2, ...first })),
    ...padding.map((way) => padded(way, () => l.maxPooling2d({ poolSize: 3, strides: 2, padding: way }))),
  ],
  AveragePooling2D: [
    ...everyWay('plain', image, (padding) => l.averagePooling2d({ poolSize: 2, padding })),
    ...everyWay('overlapping', image, (padding) => l.averagePooling2d({ poolSize: [3, 2], strides: [1, 2], padding })),
    alone('channels first', imageFirst, () => l.averagePooling2d({ poolSize: 2, ...first })),
    ...padding.map((way) => padded(way, () => l.averagePooling2d({ poolSize: 3, strides: 2, padding: way }))),
  ],
  MaxPooling3D: everyWay('plain', [4, 5, 6, 2], (padding) => l.maxPooling3d({ poolSize: 2, strides: 2, padding })),
  AveragePooling3D: everyWay('plain', [4, 5, 6, 2], (padding) =>
    l.averagePooling3d({ poolSize: 2, strides: 2, padding }),
  ),
  GlobalMaxPooling1D: [alone('plain', sequence, () => l.globalMaxPooling1d({}))],
  GlobalMaxPooling2D: [
    alone('plain', image, () => l.globalMaxPooling2d({})),
    alone('channels first', imageFirst, () => l.globalMaxPooling2d(first)),
  ],
  GlobalAveragePooling1D: [alone('plain', sequence, () => l.globalAveragePooling1d({}))],
  GlobalAveragePooling2D: [
    alone('plain', image, () => l.globalAveragePooling2d({})),
    alone('channels first', imageFirst, () => l.globalAveragePooling2d(first)),
  ],
  BatchNormalization: [
    alone('a vector', [5], () => l.batchNormalization()),
    alone('a sequence', sequence, () => l.batchNormalization({ epsilon: 0.1 })),
    alone('an image', image, () => l.batchNormalization()),
    alone('neither scale nor centre', image, () => l.batchNormalization({ scale: false, center: false })),
  ],
  LayerNormalization: [
    alone('a vector', [5], () => l.layerNormalization()),
    alone('an image', image, () => l.layerNormalization({ epsilon: 0.1 })),
    alone('several axes', image, () => l.layerNormalization({ axis: [1, 3] })),
    alone('another axis', image, () => l.layerNormalization({ axis: 1 })),
    alone('neither scale nor centre', sequence, () => l.layerNormalization({ scale: false, center: false })),
  ],
  LSTM: recurrent((args) => l.lstm(args)),
  GRU: recurrent((args) => l.gru(args)),
  SimpleRNN: recurrent((args) => l.simpleRNN(args)).slice(0, -1),
  RNN: [
    alone('one cell', sequence, () => l.rnn({ cell: l.gruCell({ units: 3 }), returnSequences: true })),
    alone('a stack', sequence, () =>
      l.rnn({
        cell: l.stackedRNNCells({ cells: [l.lstmCell({ units: 3 }), l.lstmCell({ units: 2 })] }) as tfl.layers.RNNCell,
      }),
    ),
  ],
  Bidirectional: [
    ...(['concat', 'sum', 'mul', 'ave'] as const).flatMap((mergeMode) => [
      alone(mergeMode, sequence, () => l.bidirectional({ layer: bidirectional({}), mergeMode })),
      alone(`${mergeMode}, all steps`, sequence, () =>
        l.bidirectional({ layer: bidirectional({ returnSequences: true }), mergeMode }),
      ),
    ]),
    alone('two outputs', sequence, () =>
      l.bidirectional({ layer: bidirectional({ returnSequences: true }), mergeMode: null as unknown as 'concat' }),
    ),
    alone('with states', sequence, () =>
      l.bidirectional({ layer: bidirectional({ returnState: true, returnSequences: true }), mergeMode: 'concat' }),
    ),
    alone('a GRU', sequence, () =>
      l.bidirectional({ layer: bidirectional({}, l.gru({ units: 3 })), mergeMode: 'concat' }),
    ),
    alone('backwards first', sequence, () =>
      l.bidirectional({ layer: bidirectional({ goBackwards: true, returnSequences: true }), mergeMode: 'concat' }),
    ),
  ],
  TimeDistributed: [
    alone('dense', sequence, () => l.timeDistributed({ layer: l.dense({ units: 3, activation: 'relu' }) })),
    alone('convolution', [4, ...image], () => l.timeDistributed({ layer: l.conv2d({ filters: 2, kernelSize: 3 }) })),
    alone('flatten', [4, ...image], () => l.timeDistributed({ layer: l.flatten() })),
    alone('a recurrent layer', [4, 5, 2], () => l.timeDistributed({ layer: l.lstm({ units: 3 }) })),
    alone('a model', [4, 6], () =>
      l.timeDistributed({
        layer: tfl.sequential({ layers: [l.dense({ units: 3, inputShape: [6] }), l.dense({ units: 2 })] }),
      }),
    ),
  ],
  Flatten: [
    alone('an image', image, () => l.flatten()),
    alone('channels first', imageFirst, () => l.flatten({ dataFormat: 'channelsFirst' })),
    alone('a sequence', sequence, () => l.flatten()),
  ],
  Reshape: [
    alone('a vector to an image', [12], () => l.reshape({ targetShape: [2, 3, 2] })),
    alone('with a rest', image, () => l.reshape({ targetShape: [-1, 3] })),
  ],
  Permute: [
    alone('a sequence', sequence, () => l.permute({ dims: [2, 1] })),
    alone('an image', image, () => l.permute({ dims: [3, 1, 2] })),
  ],
  RepeatVector: [alone('a vector', [4], () => l.repeatVector({ n: 3 }))],
  ZeroPadding2D: [
    alone('even', image, () => l.zeroPadding2d({ padding: 2 })),
    alone('uneven', image, () =>
      l.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
    alone('channels first', imageFirst, () => l.zeroPadding2d({ padding: [1, 2], ...first })),
  ],
  Cropping2D: [
    alone('even', image, () =>
      l.cropping2D({
        cropping: [
          [1, 1],
          [2, 2],
        ],
      }),
    ),
    alone('uneven', image, () =>
      l.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
    ),
    alone('channels first', imageFirst, () =>
      l.cropping2D({
        cropping: [
          [1, 2],
          [0, 3],
        ],
        ...first,
      }),
    ),
  ],
  UpSampling2D: (['nearest', 'bilinear'] as const).flatMap((interpolation) => [
    alone(interpolation, image, () => l.upSampling2d({ size: [2, 3], interpolation })),
    alone(`${interpolation}, channels first`, imageFirst, () =>
      l.upSampling2d({ size: [2, 2], interpolation, ...first }),
    ),
  ]),
  Add: [...merging(() => l.add()), merge('of other ranks', [[4], sequence], () => l.add())],
  Multiply: [...merging(() => l.multiply()), merge('broadcasting', [image, [1, 1, 3]], () => l.multiply())],
  Average: merging(() => l.average()),
  Maximum: merging(() => l.maximum()),
  Minimum: merging(() => l.minimum()),
  Concatenate: [
    ...merging(() => l.concatenate()),
    merge('another axis', [image, [2, 7, 3]], () => l.concatenate({ axis: 1 })),
  ],
  Dot: [
    merge('vectors', [[4], [4]], () => l.dot({ axes: -1 })),
    merge('normalised', [[4], [4]], () => l.dot({ axes: -1, normalize: true })),
    merge(
      'matrices',
      [
        [3, 4],
        [5, 4],
      ],
      () => l.dot({ axes: [2, 2] }),
    ),
    merge(
      'matrices over steps',
      [
        [3, 4],
        [3, 5],
      ],
      () => l.dot({ axes: [1, 1] }),
    ),
    merge('a matrix and a vector', [[3, 4], [4]], () => l.dot({ axes: [2, 1] })),
  ],
  Activation: activations.map((activation) =>
    alone(activation, image, () => l.activation({ activation: activation as Activation })),
  ),
  ELU: [alone('plain', image, () => l.elu())],
  LeakyReLU: [alone('plain', image, () => l.leakyReLU({ alpha: 0.2 }))],
  PReLU: [
    alone('a vector', [4], () => l.prelu()),
    alone('an image', image, () => l.prelu()),
    alone('shared', image, () => l.prelu({ sharedAxes: [1, 2] })),
  ],
  ReLU: [alone('plain', image, () => l.reLU()), alone('cut off', image, () => l.reLU({ maxValue: 1 }))],
  // TensorFlow.js computes it along the last axis only, and takes the second where none is given.
  Softmax: [
    alone('the last axis', image, () => l.softmax({ axis: -1 })),
    alone('the second of two', [4], () => l.softmax()),
  ],
  ThresholdedReLU: [alone('plain', image, () => l.thresholdedReLU({ theta: 0.5 }))],
  InputLayer: [
    [
      'an input that goes out',
      () => {
        const input = tfl.input({ shape: [3] });
        return tfl.model({ inputs: input, outputs: [input, l.dense({ units: 2 }).apply(input) as tfl.SymbolicTensor] });
      },
    ],
  ],
  Dropout: [alone('plain', image, () => l.dropout({ rate: 0.5 })), alone('none', [4], () => l.dropout({ rate: 0 }))],
  SpatialDropout1D: [alone('plain', sequence, () => l.spatialDropout1d({ rate: 0.5 }))],
  AlphaDropout: [alone('plain', image, () => l.alphaDropout({ rate: 0.5 }))],
  GaussianDropout: [alone('plain', image, () => l.gaussianDropout({ rate: 0.5 }))],
  GaussianNoise: [alone('plain', image, () => l.gaussianNoise({ stddev: 0.5 }))],
  Rescaling: [alone('plain', image, () => l.rescaling({ scale: 1 / 127.5, offset: -1 }))],
  CenterCrop: [alone('plain', [7, 8, 3], () => l.centerCrop({ height: 4, width: 5 }))],
};

/** Of Keras, and Resizing, which TensorFlow.js has, but not in a model that runs: compared with Keras' own numbers. */
export const ofKerasAlone: readonly LayerClass[] = [
  'ActivityRegularization',
  'Cropping1D',
  'Resizing',
  'SeparableConv1D',
  'SpatialDropout2D',
  'Subtract',
  'UpSampling1D',
  'ZeroPadding1D',
];
