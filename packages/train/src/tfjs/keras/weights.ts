/** Where the weights of a layer are in the two forms of Keras' files. */

import type { LayerWeights } from '../layer-weights.js';
import type { LayerSpec } from '../layers/config.js';
import { isNetwork, layersOf } from '../network.js';
import type { Hdf5 } from './hdf5.js';

/**
 * `.h5`: a group for each layer of the outermost model, and in it all weights below it by their names, in Keras' order:
 * `model_weights/bidirectional/bidirectional/forward_lstm/lstm_cell/kernel:0`.
 */
export function weightsByName({ tensors, order }: Hdf5): LayerWeights {
  const all = order.map((path) => ({
    parts: path.replace(/:\d+$/, '').split('/').slice(1),
    tensor: tensors.get(path),
  }));
  return {
    find([outermost, ...inner], name, index) {
      // Of all below a layer, those whose paths have most of the scopes, the innermost first.
      const own = inner.reduceRight(
        (left, scope) => {
          const within = left.filter(({ parts }) => parts.includes(scope));
          return within.length ? within : left;
        },
        all.filter(({ parts }) => parts[0] === outermost),
      );
      // Keras 3 calls some weights otherwise, in the same order.
      return (own.find(({ parts }) => parts.at(-1) === name) ?? own[index])?.tensor;
    },
  };
}

/** `.keras`: paths of attributes, layers by their classes, weights by numbers: `layers/conv2d_1/vars/0`. */
export const weightsByNumber = ({ tensors }: Hdf5, root: LayerSpec): LayerWeights => ({
  find(scopes, _, index) {
    const paths = pathsOf(root, scopes);
    return paths.map((path) => tensors.get(`${path}/vars/${index}`)).find((tensor) => tensor !== undefined);
  },
});

/** Where the layer of these scopes may keep its weights: recurrent ones do so in their cells. */
function pathsOf(root: LayerSpec, scopes: readonly string[]): string[] {
  let spec = root;
  let path = '';
  for (const scope of scopes) {
    // A wrapper gives its own scope to what is in it.
    if (spec.className === 'TimeDistributed') {
      spec = spec.config.layer('layer');
      path += '/layer';
    }
    if (isNetwork(spec)) {
      const children = childrenOf(spec);
      const at = children.findIndex(({ layer }) => layer.name === scope);
      if (at < 0) return [];
      spec = children[at]!.layer;
      path += `/layers/${children[at]!.key}`;
    } else if (spec.className === 'Bidirectional') {
      path += scope.startsWith('forward') ? '/forward_layer' : '/backward_layer';
      spec = spec.config.layer('layer');
    }
  }
  const own = path.slice(1);
  return [own, `${own}/cell`, `${own}/layer`, `${own}/layer/cell`];
}

/** A model's layers with the names that Keras files them under: their classes, numbered. A Sequential does not count its input. */
function childrenOf(network: LayerSpec): { key: string; layer: LayerSpec }[] {
  const layers = layersOf(network);
  const own = network.className === 'Sequential' && layers[0]?.className === 'InputLayer' ? layers.slice(1) : layers;
  const used = new Map<string, number>();
  return own.map((layer) => {
    const key = snakeCase(layer.className);
    const count = used.get(key) ?? 0;
    used.set(key, count + 1);
    return { key: count === 0 ? key : `${key}_${count}`, layer };
  });
}

/** Keras' own: `MaxPooling2D` as `max_pooling2d`. */
const snakeCase = (name: string): string =>
  name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
