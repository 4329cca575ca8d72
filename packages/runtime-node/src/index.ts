export {
  type ModelStore,
  recover,
  type Strategy,
  strategies,
  type Tuner,
  type TuningOptions,
  type TuningProgress,
} from '@denary/core';
export * from './devices.js';
export * from './diagnosis.js';
export * from './image-file.js';
export {
  type ByteStream,
  type DecodeOptions,
  type ImageLimits,
  type ImageSource,
  MAX_IMAGE_BYTES,
  type RawPixels,
} from './image-source.js';
export { isolatedSessions } from './isolation/open.js';
export { workerMemory } from './isolation/process.js';
export { describeMachine, type Machine, runtimeVersions, thisMachine } from './machine.js';
export { type ModelFile, modelNames, modelsFolder, readModel } from './model-files.js';
export * from './model-store.js';
export * from './reading-picture.js';
export * from './recognizer.js';
export * from './session.js';
export * from './trial.js';
export * from './tuner.js';
