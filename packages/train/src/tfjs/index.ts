/** TensorFlow.js in and out, and as an engine of `fit`; its own packages are needed only by the engine. */

export * from './channels-last.js';
export * from './convert.js';
export { convertGraphModel } from './convert-graph.js';
export { type ConvertOptions, convertLayersModel, type LayersModel } from './convert-layers.js';
export * from './engine/index.js';
export { exportLayersModel } from './export-layers.js';
export { type GraphOperator, graphOperators } from './graph/index.js';
export { convertKeras, isKerasFile } from './keras/convert-keras.js';
export { type LayerWeights, namedWeights } from './layer-weights.js';
export type { LayerSpec } from './layers/config.js';
export { type LayerClass, layers } from './layers/index.js';
export { convertLoadedModel, type LoadedModel, readLoadedModel } from './loaded.js';
export { rootOf } from './network.js';
export * from './read-model.js';
export { checkShardPath } from './shard-path.js';
export { decodeWeights, type WeightSpec } from './weights.js';
