export * from './errors.js';
export * from './image.js';
export * from './normalise.js';
export * from './onnx/index.js';
export * from './session.js';
export * from './tensor.js';
export * from './training-spec.js';
export * from './trainer.js';
