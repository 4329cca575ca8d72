/** TensorFlow.js in: layers models, as ONNX. */

export * from './channels-last.js';
export * from './convert.js';
export { type ConvertOptions, convertLayersModel, type LayersModel } from './convert-layers.js';
export { type LayerWeights, namedWeights } from './layer-weights.js';
export type { LayerSpec } from './layers/config.js';
export { type LayerClass, layers } from './layers/index.js';
export { rootOf } from './network.js';
export * from './read-model.js';
export { checkShardPath } from './shard-path.js';
export { decodeWeights, type WeightSpec } from './weights.js';
