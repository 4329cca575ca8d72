/** TensorFlow.js in: layers models, as ONNX. */

export * from './channels-last.js';
export * from './convert.js';
export * from './read-model.js';
export { checkShardPath } from './shard-path.js';
export { decodeWeights, type WeightSpec } from './weights.js';
