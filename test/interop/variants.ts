/** Architectures changed so far that a training of theirs can be compared with somebody else's. */

import type { Architecture, Layer } from '@denary/train';

/** The masks are our own. */
export const withoutDropout = (architecture: Architecture): Architecture => ({
  ...architecture,
  layers: architecture.layers.map((layer) => (layer.type === 'Dropout' ? { ...layer, rate: 0 } : layer)),
});

/**
 * The gradient of a ReLU jumps at 0, so that a pre-activation within rounding of 0 changes a batch's gradients by
 * percents, and Adam and Adadelta (rate 1) make full steps of the rounding error of a gradient that is zero, as that of
 * a bias before batch normalization is. After 20 steps PyTorch in float32 was up to 1.4e-1 from float64, by
 * `pathError` of one weight (`cnn`), and Keras 1.8e-1 (`cnn-bn`). So an architecture as it is can be held to loose
 * bounds only; tight ones are for this variant, with ELU for ReLU and no such biases (PyTorch 3.0e-3, Keras 1.6e-3).
 */
export function smooth(architecture: Architecture): Architecture {
  const layers = architecture.layers.map((layer, i): Layer => {
    const elu = 'activation' in layer && layer.activation === 'relu' ? { ...layer, activation: 'elu' as const } : layer;
    const normalized = architecture.layers[i + 1]?.type === 'BatchNormalization';
    return normalized && (elu.type === 'Conv2D' || elu.type === 'Dense') ? { ...elu, useBias: false } : elu;
  });
  return { ...architecture, layers };
}

/** As it is, but by an optimizer that amplifies no rounding: every weight can be held to 1e-4 then. */
export const gentle = (architecture: Architecture): Architecture => ({
  ...architecture,
  training: { ...architecture.training, optimizer: { name: 'SGD', learningRate: 0.01, momentum: 0.9 } },
});
