/** The networks that the kernels run: a chain of layers, each with one input and one output, as plain data. */

/** What a convolution or a pool slides over: kernel and strides as [height, width], pads as [top, left, bottom, right]. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pads: readonly [number, number, number, number];
}

export interface Convolution extends Window {
  readonly kind: 'convolution';
  /** float32 [outputs, inputs, kernel height, kernel width] */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu: boolean;
}

export interface Pool extends Window {
  readonly kind: 'pool';
  readonly how: 'largest' | 'mean';
}

export interface Dense {
  readonly kind: 'dense';
  /** float32 [inputs, outputs]; the inputs of an image are counted as ONNX does, channel by channel. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly relu: boolean;
}

export type SpatialLayer = Convolution | Pool;

/** The height, width and channels of what is between two layers. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export interface Network {
  /** The name of the uint8 input [batch, height, width], whose values become `scale` * value + `offset`. */
  readonly input: string;
  readonly shape: Shape;
  readonly scale: number;
  readonly offset: number;
  /** One image after the other goes through these, */
  readonly spatial: readonly SpatialLayer[];
  /** and then all together through these. */
  readonly dense: readonly Dense[];
  readonly output: string;
  /** Of the output without the batch; a softmax goes over the last axis. */
  readonly outputShape: readonly number[];
}

/** The shape after a layer. */
export function shapeAfter(layer: SpatialLayer, { height, width, channels }: Shape): Shape {
  const [top, left, bottom, right] = layer.pads;
  const along = (size: number, axis: 0 | 1) => Math.floor((size - layer.kernel[axis]) / layer.strides[axis]) + 1;
  return {
    height: along(height + top + bottom, 0),
    width: along(width + left + right, 1),
    channels: layer.kind === 'convolution' ? layer.bias.length : channels,
  };
}
