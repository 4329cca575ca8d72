/** Layers that do nothing where a model predicts, preprocessing, and the wrapper that treats steps as samples. */

import { bilinear } from '../resize.js';
import { type LayerRow, requireRank, single, when } from './row.js';

const identity: LayerRow = single((_, x) => x);

/** Dropout stays as a node, so that it drops where the model is trained on. */
const dropout: LayerRow = single((c, x) => {
  const rate = c.config.number('rate', 0.5);
  if (!(rate > 0 && rate < 1)) return x;
  const ratio = c.initializer('rate', { dtype: 'float32', shape: [], data: Float32Array.of(rate) });
  return c.layout.map(x, (value) => c.op('Dropout', [value, ratio]));
});

export const otherLayers = {
  InputLayer: identity,
  Dropout: single((c, x) => (c.config.has('noise_shape') ? x : dropout.emit(c, [x])) as typeof x),
  SpatialDropout1D: identity,
  SpatialDropout2D: identity,
  AlphaDropout: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  ActivityRegularization: identity,

  Rescaling: single((c, x) => {
    const { mul, add } = c.math;
    const [scale, offset] = [c.config.number('scale'), c.config.number('offset', 0)];
    return c.layout.map(x, (value) => {
      const scaled = scale === 1 ? value : mul(value, scale);
      return offset === 0 ? scaled : add(scaled, offset);
    });
  }),

  // TensorFlow.js aligns the corners, unless the aspect ratio is kept; Keras has half-pixel centres.
  Resizing: single(
    (c, x) => {
      requireRank(c, x, 4);
      const size = [c.config.whole('height', 1), c.config.whole('width', 1)] as const;
      const coordinates =
        c.dialect !== 'tfjs'
          ? 'half-pixel'
          : c.config.flag('crop_to_aspect_ratio', false)
            ? 'asymmetric'
            : 'align-corners';
      return c.layout.fromFirst(bilinear(c.math, c.layout.first(x), size, coordinates));
    },
    (config) =>
      when(
        config.has('interpolation') && config.values.interpolation !== 'bilinear',
        `interpolation ${config.values.interpolation}`,
      ),
  ),

  // What is larger is cut out of the middle; what is smaller is made larger.
  CenterCrop: single((c, x) => {
    requireRank(c, x, 4);
    const size = [c.config.whole('height', 1), c.config.whole('width', 1)] as const;
    const from = [c.fixed(x.shape[1]), c.fixed(x.shape[2])] as const;
    const start = from.map((length, i) => Math.floor((length - size[i]!) / 2));
    if (start.some((at) => at < 0)) return c.fail(`an image of at least ${size.join(' x ')}`, from.join(' x '));
    return c.layout.map(x, (value, axisOf) =>
      c.math.slice(
        value,
        [axisOf(1), axisOf(2)],
        start,
        start.map((at, i) => at + size[i]!),
      ),
    );
  }),

  // The steps join the batch for the inner layer.
  TimeDistributed: {
    emit: (c, [x]) => {
      if (!x || x.shape.length < 3)
        return c.fail('a sequence [batch, steps, ...]', x ? `[${x.shape.join(', ')}]` : 'none');
      const [steps, ...rest] = c.inner(x) as [number, ...number[]];
      const value = c.op('Reshape', [c.layout.last(x), c.graph.int64s([-1, ...rest])]);
      const [y] = c.nested(c.config.layer('layer'), [c.layout.fromLast(value)], []);
      const sizes = c.inner(y!);
      return c.layout.fromLast(c.op('Reshape', [c.layout.last(y!), c.graph.int64s([-1, steps, ...sizes])]));
    },
    lacks: (config, inside) => inside(config.layer('layer')),
  },
} satisfies Record<string, LayerRow>;
